"""Recorded video as a source of frames: any container and codec that FFmpeg reads, luma only, upright."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from functools import cache
from itertools import chain
from pathlib import Path
from types import TracebackType

import av
import av.logging
import numpy as np
from av.error import FFmpegError
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from edgecv.capture.frame import Frame
from edgecv.capture.key_frames import packets_from_key_frame
from edgecv.capture.lazy_bgr_frame import LazyBgrFrame
from edgecv.capture.media_clock import MediaClock
from edgecv.capture.open_container import open_file
from edgecv.capture.picture_size import check_size
from edgecv.capture.recording import RecordedSession, recorded_session
from edgecv.errors import InputError

av.logging.set_level(av.logging.PANIC)  # FFmpeg's own lines would bury ours; we count and report errors ourselves

_PLANAR_LUMA = ("yuv4", "yuvj4", "nv12", "nv21", "gray")  # 8-bit formats whose first plane is the luma
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)  # containers without a clock say 1904 or 1970
_MAX_ERRORS_IN_A_ROW = 200
GOES_BACK_S = 1.0
"""A stamp that is earlier by more belongs to another recording in the same file; less is jitter or reordering."""


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """What a video says of itself.

    Attributes:
        path: the file.
        codec: FFmpeg's name of the codec.
        width: of the upright picture, pixels.
        height: of the upright picture, pixels.
        rotation_deg: display rotation that is applied, counter-clockwise: 0, 90, 180 or 270.
        average_fps: nominal frame rate, or None.
        duration_s: as declared, or None.
        creation_time: as declared, or None where missing or implausible.
        session: the live connection it is a recording of, where the daemon made it.
    """

    path: Path
    codec: str
    width: int
    height: int
    rotation_deg: int
    average_fps: float | None
    duration_s: float | None
    creation_time: datetime | None
    session: RecordedSession | None = None


class VideoFile:
    """One recorded video; a context manager and an iterator of :class:`Frame`.

    Frames that cannot be decoded are skipped and counted. When reading is over, :attr:`ended_early` says in words
    where and why it stopped before the declared end. Where the file's time stamps go back, as in recordings put
    together by hand, :attr:`stamps_restart_s` is the media time of that: nothing after it can be found by its time.

    Raises:
        InputError: on opening, in one line that names the file and what to do; on iterating, when nothing decodes.
    """

    def __init__(self, path: Path) -> None:
        self._container = _open(path)
        stream = _video_stream(self._container, path)
        stream.codec_context.thread_count = 1  # one thread a camera: more costs CPU and latency, see the design notes
        self._stream = stream
        self._errors_in_a_row = 0
        self.decode_errors = 0
        self.frames_read = 0
        self.last_t_s = 0.0
        self.ended_early: str | None = None
        self.stamps_restart_s: float | None = None
        self._decoding = self._decoded()
        first = next(self._decoding, None)
        if first is None:
            self._container.close()
            raise InputError(f"{path}: no frame can be decoded; the file is damaged or holds no pictures")
        self._first = first
        self.info = _describe(path, self._container, stream, first)

    def __enter__(self) -> VideoFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    @property
    def first_pts(self) -> int:
        """Presentation time stamp of the first frame, in the stream's time base: where media time is zero."""
        return self._first.pts or 0

    def __iter__(self) -> Iterator[Frame]:
        base = self._stream.time_base or Fraction(1, 1000)
        nominal_s = 1.0 / (self.info.average_fps or 25.0)
        clock = MediaClock(self._first.pts, base, nominal_s)
        t_s = 0.0
        size = (self._first.width, self._first.height)
        for picture in chain([self._first], self._decoding):
            if (picture.width, picture.height) != size:
                self.ended_early = (
                    f"the picture changes from {size[0]}x{size[1]} to {picture.width}x{picture.height} at {t_s:.2f} s; "
                    "only the part before was read"
                )
                return
            if self.stamps_restart_s is None and self._goes_back(picture, t_s, base):
                self.stamps_restart_s = t_s
            t_s = clock.time_of(picture.pts)
            yield Frame(self.frames_read, t_s, luma_of(picture, self.info.rotation_deg))
            self.frames_read += 1
            self.last_t_s = t_s
        self._note_early_end(nominal_s)

    def _goes_back(self, picture: VideoFrame, t_s: float, base: Fraction) -> bool:
        if picture.pts is None or self._first.pts is None:
            return False
        return (picture.pts - self._first.pts) * base < t_s - GOES_BACK_S

    def _decoded(self) -> Iterator[VideoFrame]:
        """Decode packet by packet, so that a damaged one costs itself and not the rest."""
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except FFmpegError:
                self._count_error()
                if self._errors_in_a_row >= _MAX_ERRORS_IN_A_ROW:
                    return
                continue
            try:
                frames = packet.decode()
            except FFmpegError:
                self._count_error()
                continue
            for frame in frames:
                self._errors_in_a_row = 0
                yield frame

    def _count_error(self) -> None:
        self._errors_in_a_row += 1
        self.decode_errors += 1

    def _note_early_end(self, nominal_s: float) -> None:
        declared = self.info.duration_s
        read = self.last_t_s + nominal_s
        if declared is not None and declared - read > max(1.0, 0.02 * declared, 3.0 * nominal_s):
            self.ended_early = f"the file is cut or damaged: {read:.2f} s of {declared:.2f} s could be read"


@cache
def _begins_with_luma(format_name: str) -> bool:
    return format_name.startswith(_PLANAR_LUMA) and VideoFormat(format_name).components[0].bits == 8


def luma_of(picture: VideoFrame, rotation_deg: int) -> NDArray[np.uint8]:
    """Return the upright luma ``(h, w) uint8``: a view of the decoder's memory where the format allows, else a copy."""
    if _begins_with_luma(picture.format.name):
        plane = picture.planes[0]
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        luma = rows[: picture.height, : picture.width]
    else:
        luma = np.asarray(picture.to_ndarray(format="gray"), np.uint8)
    return np.ascontiguousarray(np.rot90(luma, rotation_deg // 90)) if rotation_deg else luma


def pictures_between(path: Path, start_s: float, end_s: float) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """Yield ``(t_s, picture)`` for the upright BGR frames ``(h, w, 3) uint8`` of a part of a video, in order.

    Times are media time from the first frame. Reading starts at the key frame before ``start_s``.
    """
    for t_s, shot in lazy_frames_between(path, start_s, end_s):
        yield t_s, shot.whole()


def lazy_frames_between(path: Path, start_s: float, end_s: float) -> Iterator[tuple[float, LazyBgrFrame]]:
    """The same frames with nothing turned into colours yet."""
    with VideoFile(path) as video:
        rotation = video.info.rotation_deg
        origin = video.first_pts
    container = _open(path)
    try:
        stream = _video_stream(container, path)
        stream.codec_context.thread_count = 1
        base = stream.time_base or Fraction(1, 1000)
        reached_s = 0.0
        for packet in packets_from_key_frame(container, stream, origin + int(start_s / base), origin):
            try:
                frames = packet.decode()
            except FFmpegError:
                continue
            for frame in frames:
                if frame.pts is None:
                    continue
                t_s = float((frame.pts - origin) * base)
                if t_s > end_s + 1e-6 or t_s < reached_s - GOES_BACK_S:
                    return
                reached_s = t_s
                if t_s >= start_s - 1e-6:
                    yield t_s, LazyBgrFrame(frame, rotation)
    except FFmpegError:
        return
    finally:
        container.close()


def _open(path: Path) -> av.container.InputContainer:
    if not path.exists():
        raise InputError(f"{path}: there is no such file")
    if path.is_dir():
        raise InputError(f"{path}: is a directory; name the video files in it")
    if not path.is_file():  # a pipe is waited for without end
        raise InputError(f"{path}: is no regular file; write the video to one first")
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error
    try:
        return open_file(path)
    except (FFmpegError, ValueError) as error:
        hint = "not a video, or cut before its index; record to Matroska or fragmented MP4 to survive power cuts"
        if getattr(error, "errno", None) == errno.EINVAL:
            hint = "a format that is never opened: playlists and lists of files; name the video itself"
        raise InputError(f"{path}: cannot be opened as video: {hint}") from error


def _video_stream(container: av.container.InputContainer, path: Path) -> VideoStream:
    # a cover picture in an audio file is a video stream to FFmpeg, but not to us
    streams = [s for s in container.streams.video if "ATTACHED_PIC" not in str(s.disposition).upper()]
    if not streams:
        container.close()
        raise InputError(f"{path}: has no video stream, only sound or data")
    if streams[0].codec_context is None:
        container.close()
        raise InputError(f"{path}: its codec is not known to this FFmpeg")
    size = (streams[0].codec_context.width, streams[0].codec_context.height)
    if size > (0, 0):
        try:
            check_size(size, str(path))
        except InputError:
            container.close()
            raise
    return streams[0]


def _describe(path: Path, container: av.container.InputContainer, stream: VideoStream, first: VideoFrame) -> StreamInfo:
    rotation = int(getattr(first, "rotation", 0) or 0) % 360
    rotation = rotation if rotation % 90 == 0 else 0
    width, height = first.width, first.height
    if rotation in (90, 270):
        width, height = height, width
    duration = None
    if stream.duration is not None and stream.time_base is not None:
        duration = float(stream.duration * stream.time_base)
    elif container.duration is not None:
        duration = container.duration / 1e6
    rate = stream.average_rate or stream.base_rate
    created = container.metadata.get("creation_time") or stream.metadata.get("creation_time")
    return StreamInfo(
        path=path,
        codec=stream.codec_context.name,
        width=width,
        height=height,
        rotation_deg=rotation,
        average_fps=float(rate) if rate else None,
        duration_s=duration if duration and duration > 0 else None,
        creation_time=_plausible(created),
        session=recorded_session(container.metadata.get("comment")),
    )


def _plausible(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC) if moment > _EARLIEST else None
