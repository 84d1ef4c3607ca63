"""A few seconds of a camera's stream: what it is made of, and two of its pictures."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgecv.capture.luma import luma_of
from edgecv.capture.packets import stamp_of
from edgecv.capture.stream import LiveStream, StreamError, StreamSettings
from edgecv.messages import camera as messages

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

    from edgecv.capture.packets import AnyPacket


@dataclass(frozen=True, slots=True, eq=False)
class StreamProbe:
    """What a few seconds of a camera showed.

    Attributes:
        codec: FFmpeg's name.
        size_px: ``(width, height)`` of the upright picture.
        fps: pictures a second that came.
        nominal_fps: pictures a second that the stream says it has, or None.
        seconds: media time that was looked at.
        keyframe_s: longest time between key frames; None where there was only one.
        b_frames: whether pictures are sent in another order than they are stamps.
        bytes_per_s: bit rate, bytes a second.
        decode_s: processor seconds that a picture takes to be decoded, and compressed before where that is done here.
        damaged: packets that could not be decoded.
        notice: why the hardware that was asked for does not decode, or None.
        lumas: two pictures in a row ``(h, w) uint8`` from the end of the look.
        compressing_s: what compressing has of ``decode_s``; 0 where the camera does that itself.
        by_arrival: whether ``fps`` was measured by arrivals, for the stream carries no time stamps or wrong ones.
        stamp_rate: seconds that its time stamps pass in a second, where that is another rate than time's.
    """

    codec: str
    size_px: tuple[int, int]
    fps: float
    nominal_fps: float | None
    seconds: float
    keyframe_s: float | None
    b_frames: bool
    bytes_per_s: float
    decode_s: float
    damaged: int
    notice: str | None
    lumas: tuple[NDArray[np.uint8], NDArray[np.uint8]]
    compressing_s: float = 0.0
    by_arrival: bool = False
    stamp_rate: float | None = None


_SETTLED_S = 1.0
"""A server may send the pictures since the last key frame in one go."""
_LEAST_COMPARED_S = 2.0
_OFF_RATE = 0.1
"""A network that jitters by a fifth of a second does not make as much of two seconds."""


@dataclass(slots=True)
class _PacketStatistics:
    """What was noted while the packets went by."""

    base: Fraction
    stamps: list[int] = field(default_factory=list)
    keys: list[int] = field(default_factory=list)
    byte_count: int = 0
    decode_s: float = 0.0
    pictures: int = 0
    last: list[NDArray[np.uint8]] = field(default_factory=list)
    arrivals: list[tuple[float, int]] = field(default_factory=list)

    def note(self, packet: AnyPacket) -> None:
        stamp = stamp_of(packet)
        self.byte_count += packet.size
        if stamp is not None:
            self.stamps.append(stamp)
            self.arrivals.append((time.monotonic(), stamp))
            if packet.is_keyframe:
                self.keys.append(stamp)

    def keep(self, pictures: Sequence[VideoFrame]) -> None:
        self.pictures += len(pictures)
        for picture in pictures[-2:]:
            # the rotation a camera declares is a few bytes of every frame; FFmpeg leaves it out where there is none
            rotation = int(getattr(picture, "rotation", 0) or 0) % 360
            self.last.append(luma_of(picture, rotation if rotation % 90 == 0 else 0).copy())
        del self.last[:-2]

    def compared(self) -> tuple[float, float] | None:
        """Seconds of stamps in a second of arrivals, and pictures a second by arrival; None where too few came."""
        settled = [one for one in self.arrivals if one[0] >= self.arrivals[0][0] + _SETTLED_S]
        if len(settled) < 2 or (spent_s := settled[-1][0] - settled[0][0]) < _LEAST_COMPARED_S:
            return None
        return float((settled[-1][1] - settled[0][1]) * self.base) / spent_s, (len(settled) - 1) / spent_s

    @property
    def span_s(self) -> float:
        return float((max(self.stamps) - min(self.stamps)) * self.base) if self.stamps else 0.0


def probe_stream(settings: StreamSettings, seconds: float) -> StreamProbe:
    """Open a camera and watch it for so many seconds.

    Raises:
        StreamError: it cannot be opened, breaks off or shows nothing; one line without any password.
    """
    with LiveStream(settings) as stream:
        statistics = _PacketStatistics(stream.base)
        ends = time.monotonic() + seconds
        for packet in stream.packets():
            statistics.note(packet)
            began = time.thread_time()
            pictures = stream.decode(packet)
            statistics.decode_s += time.thread_time() - began
            statistics.keep(pictures)
            # recorded video comes as fast as it is read
            if statistics.span_s >= seconds if settings.is_file else time.monotonic() >= ends:
                break
        statistics.keep(stream.decode(None))
        if len(statistics.last) < 2:
            raise StreamError(messages.NO_PICTURE(source=settings.shown), "damaged")
        return _probe_of(stream, statistics)


def _probe_of(stream: LiveStream, statistics: _PacketStatistics) -> StreamProbe:
    height, width = statistics.last[-1].shape
    stamps = sorted(set(statistics.stamps))
    gaps = [float((after - before) * statistics.base) for before, after in pairwise(statistics.keys)]
    span_s = max(statistics.span_s, 1e-3)
    compressing_s = stream.compressing_s / max(statistics.pictures, 1)
    fps = (len(stamps) - 1) / span_s if len(stamps) > 1 else 0.0
    by_arrival, stamp_rate = stream.stamps.by_arrival and not stream.settings.is_file, None
    compared = None if stream.settings.is_file or by_arrival else statistics.compared()
    if compared is not None and abs(compared[0] - 1.0) > _OFF_RATE:
        (stamp_rate, fps), by_arrival = compared, True
    return StreamProbe(
        codec=stream.codec,
        size_px=(width, height),
        fps=fps,
        nominal_fps=stream.average_fps,
        seconds=statistics.span_s,
        keyframe_s=max(gaps) if gaps else None,
        b_frames=any(after < before for before, after in pairwise(statistics.stamps)),
        bytes_per_s=statistics.byte_count / span_s,
        decode_s=statistics.decode_s / max(statistics.pictures, 1) + compressing_s,
        damaged=stream.decode_errors,
        notice=stream.warning,
        lumas=(statistics.last[-2], statistics.last[-1]),
        compressing_s=compressing_s,
        by_arrival=by_arrival,
        stamp_rate=stamp_rate,
    )
