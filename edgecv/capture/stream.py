"""One connection to a camera, or to a recorded file played as if it were one: packets in, pictures out."""

from __future__ import annotations

import io
import logging
import os
import time
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import av
from av.codec.context import CodecContext
from av.codec.hwaccel import HWAccel
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext

from edgecv.capture.device import Compressor, open_device
from edgecv.capture.digest import strongest
from edgecv.capture.digest_relay import DigestRelay, challenges_at, login_in
from edgecv.capture.live_stamps import LiveStamps
from edgecv.capture.open_container import carries_stamps, largest_video, open_file, open_stream
from edgecv.capture.open_failure import open_failure, system_error, wrong_address
from edgecv.capture.packets import stamp_of
from edgecv.capture.stream_info import file_stamps
from edgecv.capture.stream_settings import StreamError, StreamSettings
from edgecv.config.stream_address import is_device
from edgecv.messages import camera as messages
from edgecv.messages.message import Message

if TYPE_CHECKING:
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from edgecv.capture.packets import AnyPacket

__all__ = ["OPEN_S", "SILENT_S", "LiveStream", "StreamError", "StreamSettings"]

_log = logging.getLogger("edgecv.worker")
_USUAL_FPS = 25.0
_STEPS_LOGGED = 20
"""Of one connection: a camera whose clock is set all the time must not fill the log."""
OPEN_S = 10.0
"""Longest wait for a camera to answer and to send what its stream is made of."""
SILENT_S = 5.0
"""A camera that sends nothing for so long is gone."""


class LiveStream:
    """An open stream; a context manager. One thread may read packets while another decodes them.

    Attributes:
        codec: FFmpeg's name; h264 as well where pictures come uncompressed, for they are compressed here.
        base: seconds a tick.
        average_fps: as the stream says, or None.
        hardware: what decodes, or None for software.
        warning: why the wished hardware is not used, or None.
        stamps: puts the packets of a live camera on one clock.

    Raises:
        StreamError: it cannot be opened; one line without any password.
    """

    def __init__(self, settings: StreamSettings) -> None:
        self.settings = settings
        self.decode_errors = 0
        self.warning: str | None = None
        self.hardware: str | None = None
        self._relay: DigestRelay | None = None
        self._container = self._open()
        video = largest_video(self._container)
        if video is None:
            self._container.close()
            raise StreamError(messages.NO_VIDEO(source=settings.shown), "damaged")
        self._stream: VideoStream = video
        self.base = self._stream.time_base or Fraction(1, 90000)
        rate = self._stream.average_rate or self._stream.base_rate
        is_stamped = settings.is_file or carries_stamps(self._container)
        # where nothing is stamped, the rate is FFmpeg's invention as well
        self.average_fps = float(rate) if rate and 0.1 < rate < 1000 and is_stamped else None
        interval_s = 1.0 / (self.average_fps or _USUAL_FPS)
        self.stamps = LiveStamps(self.base, interval_s, stamped=is_stamped)
        self._compressor: Compressor | None = None
        sent = self._stream
        if sent.codec_context.name == "rawvideo":
            self._compressor = self._make_compressor()
            sent = self._compressor.stream
        self._context: VideoCodecContext = sent.codec_context
        self.codec = "h264" if self._compressor is not None else self._context.name
        # a copy of what the stream is, which outlives the connection: clips are written after it broke off as well
        self._template_holder = av.open(io.BytesIO(), "w", format="matroska")
        self.template: VideoStream = self._template_holder.add_stream_from_template(sent)
        self._decoder = self._make_decoder()
        self._decoder.thread_count = 1

    def __enter__(self) -> LiveStream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def compressing_s(self) -> float:
        """Processor time that compressing took so far; 0 where the camera does that itself."""
        return 0.0 if self._compressor is None else self._compressor.spent_s

    def close(self) -> None:
        """Close the connection; only when no other thread reads or decodes."""
        self._container.close()
        if self._relay is not None:
            self._relay.close()

    def _open(self) -> av.container.InputContainer:
        settings = self.settings
        fault = wrong_address(settings.address, settings.shown)
        if fault is not None:
            raise StreamError(fault, "unreachable")
        address = settings.address_with_login()
        try:
            if settings.is_file and not Path(settings.address).exists():
                raise FileNotFoundError(2, os.strerror(2))
            if is_device(settings.address):
                return open_device(settings.address, settings.size_px, settings.fps, (OPEN_S, SILENT_S))
            if settings.is_file:
                return open_file(Path(settings.address))
            return open_stream(address, _options(address, settings.transport), (OPEN_S, SILENT_S))
        except (FFmpegError, ValueError, OSError) as error:
            login = login_in(address)
            text, kind = open_failure(address, settings.shown, login is not None, error)
            if kind == "login" and login is not None:
                return self._open_relayed(address, login, text, error)
            raise StreamError(text, kind) from error

    def _open_relayed(
        self, address: str, login: tuple[str, str], refused: Message, error: Exception
    ) -> av.container.InputContainer:
        """Open a camera whose challenge FFmpeg cannot answer.

        Args:
            address: with the login.
            login: user and password.
            refused: what to say where FFmpeg answered the challenge, and wrongly.
            error: FFmpeg's.
        """
        shown, asked = self.settings.shown, challenges_at(address)
        names = [challenge.algorithm for challenge in asked if challenge.scheme == "digest"]
        challenge = strongest(asked)
        if challenge is None and names:
            raise StreamError(messages.UNKNOWN_DIGEST(source=shown, algorithm=names[0]), "login") from error
        if challenge is None or set(names) == {"MD5"}:
            raise StreamError(refused, "login") from error
        relay = DigestRelay(address, *login, challenge)
        try:
            container = open_stream(relay.address, _options(address, "tcp"), (OPEN_S, SILENT_S))
        except (FFmpegError, ValueError, OSError) as second:
            relay.close()
            raise StreamError(*open_failure(address, shown, True, second)) from second
        self._relay = relay
        return container

    def packets(self) -> Iterator[AnyPacket]:
        """Packets from the first key frame on, until the end.

        Raises:
            StreamError: the connection broke off or nothing came for ``SILENT_S``.
        """
        begun = self.settings.is_file
        try:
            for packet in self._compressed(self._on_one_clock()):
                begun = begun or packet.is_keyframe
                if begun:
                    yield packet
        except TimeoutError as error:
            raise StreamError(messages.SILENT(source=self.settings.shown, time=SILENT_S), "silent") from error
        except av.error.ExitError as error:  # what FFmpeg says when our time limit cut it short
            raise StreamError(messages.SILENT(source=self.settings.shown, time=SILENT_S), "silent") from error
        except (FFmpegError, OSError) as error:
            raise StreamError(
                messages.BROKE_OFF(source=self.settings.shown, why=system_error(error)), "ended"
            ) from error

    def _make_compressor(self) -> Compressor:
        try:
            return Compressor(self._stream, self.base, self.average_fps or _USUAL_FPS)
        except (FFmpegError, ValueError) as error:
            context: VideoCodecContext = self._stream.codec_context
            size = f"{context.width}x{context.height}"
            self._container.close()
            text = messages.NOT_COMPRESSED(source=self.settings.shown, size=size, why=system_error(error))
            raise StreamError(text, "damaged") from error

    def _on_one_clock(self) -> Iterator[AnyPacket]:
        received = (packet for packet in self._container.demux(self._stream) if packet.size)
        if self.settings.is_file:
            yield from file_stamps(self._container, self._stream).restamped(received)
            return
        unstamped: AnyPacket | None = None
        for packet in received:
            now_s = time.monotonic()
            if stamp_of(packet) is None and not self.stamps.by_arrival:
                # RTP's first packet comes without a stamp; the next one tells what it was
                unstamped = packet if packet.is_keyframe else None
                continue
            if unstamped is not None:
                unstamped.pts = unstamped.dts = (stamp_of(packet) or 0) - self._interval()
                self._restamp(unstamped, now_s)
                yield unstamped
                unstamped = None
            self._restamp(packet, now_s)
            yield packet

    def _restamp(self, packet: AnyPacket, now_s: float) -> None:
        stepped_s = self.stamps.restamp(packet, now_s)
        if stepped_s and self.stamps.step_count <= _STEPS_LOGGED:
            _log.warning("%s", messages.CLOCK_JUMPED(source=self.settings.shown, time=stepped_s))

    def _compressed(self, packets: Iterator[AnyPacket]) -> Iterator[AnyPacket]:
        compressor = self._compressor
        if compressor is None:
            return packets
        return (packet for raw in packets for packet in compressor.packets(raw))

    def decode(self, packet: AnyPacket | None) -> list[VideoFrame]:
        """Pictures that became ready with a packet, or with the end (None); damaged ones are counted and left out."""
        try:
            return list(self._decoder.decode(packet))
        except (FFmpegError, ValueError):
            self.decode_errors += 1
            return []

    def pictures_of(self, packets: Iterable[AnyPacket]) -> Iterator[VideoFrame]:
        """Decode packets, from a key frame on, once more and apart from the stream; also after it was closed."""
        decoder = self._software_decoder()
        for packet in (*packets, None):
            try:
                yield from decoder.decode(packet)
            except (FFmpegError, ValueError):
                continue

    def _software_decoder(self) -> VideoCodecContext:
        decoder = av.CodecContext.create(self.codec, "r")
        assert isinstance(decoder, VideoCodecContext)
        self._describe_to(decoder)
        decoder.thread_count = 1
        return decoder

    def _describe_to(self, decoder: VideoCodecContext | CodecContext) -> None:
        """What a decoder must know of the stream beforehand."""
        context = self._context
        decoder.extradata = context.extradata
        decoder.width, decoder.height = context.width, context.height  # type: ignore[union-attr]
        if context.pix_fmt is not None:
            decoder.pix_fmt = context.pix_fmt  # type: ignore[union-attr]

    def _interval(self) -> int:
        """Ticks from one picture to the next."""
        return round(1.0 / ((self.average_fps or _USUAL_FPS) * self.base))

    def _make_decoder(self) -> VideoCodecContext:
        requested = self.settings.decoding
        software_decoder = self._context if self._compressor is None else self._software_decoder()
        if requested == "software":
            return software_decoder
        try:
            if requested == "v4l2m2m":
                decoder = av.CodecContext.create(f"{self.codec}_v4l2m2m", "r")
            else:
                hardware = HWAccel(device_type=requested, allow_software_fallback=False)
                decoder = av.CodecContext.create(self.codec, "r", hwaccel=hardware)
            self._describe_to(decoder)
            decoder.open()
        except (FFmpegError, ValueError, RuntimeError, NotImplementedError) as error:
            self.warning = messages.DECODED_IN_SOFTWARE(hardware=requested, codec=self.codec, why=system_error(error))
            return software_decoder
        assert isinstance(decoder, VideoCodecContext)
        self.hardware = requested
        return decoder


def _options(address: str, transport: str) -> dict[str, str]:
    if not address.startswith(("rtsp://", "rtsps://")):
        return {}
    # sound is not asked for: it would be sent only to be thrown away
    options = {"rtsp_transport": transport, "allowed_media_types": "video", "analyzeduration": "1000000"}
    return options | ({"buffer_size": str(4 * 2**20), "max_delay": "300000"} if transport == "udp" else {})
