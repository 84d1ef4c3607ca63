"""Recorded video as a source of frames: any container and codec that FFmpeg reads, luma only, upright."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import av
import av.logging
import numpy as np
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from edgecv.capture.frame import Frame
from edgecv.capture.key_frames import packets_from_key_frame
from edgecv.capture.lazy_bgr_frame import LazyBgrFrame
from edgecv.capture.luma import levels_of, luma_of
from edgecv.capture.media_clock import MediaClock
from edgecv.capture.mp4_boxes import is_cut
from edgecv.capture.open_container import largest_video, open_file
from edgecv.capture.picture_size import check_size
from edgecv.capture.stream_info import describe, ends_early, file_stamps, nominal_s
from edgecv.errors import InputError

if TYPE_CHECKING:
    from edgecv.capture.packets import AnyPacket

av.logging.set_level(av.logging.PANIC)  # FFmpeg's own lines would bury ours; we count and report errors ourselves

_MAX_ERRORS_IN_A_ROW = 200
GOES_BACK_S = 1.0
"""A stamp that is earlier by more belongs to another recording in the same file; less is jitter or reordering."""


class VideoFile:
    """One recorded video; a context manager and an iterator of :class:`Frame`.

    Frames that cannot be decoded are skipped and counted. When reading is over, :attr:`ended_early` says in words
    where and why it stopped before the declared end. Where pictures change their size, reading is over too;
    :meth:`next_part` goes on with those that follow, in the same media time.

    Attributes:
        info: what it says of itself; of the present part.
        decode_errors: packets that could not be decoded.
        frames_read: so far.
        last_t_s: media time of the last frame.

    Raises:
        InputError: on opening, in one line that names the file and what to do; on iterating, when nothing decodes.
    """

    def __init__(self, path: Path, fps: float | None = None) -> None:
        self._container = _open(path)
        stream = _video_stream(self._container, path)
        stream.codec_context.thread_count = 1  # one thread a camera: more costs CPU and latency, see the design notes
        self._stream = stream
        self._errors_in_a_row = 0
        self.decode_errors = 0
        self.frames_read = 0
        self.last_t_s = 0.0
        self.ended_early: str | None = None
        self._stamps = file_stamps(self._container, stream, fps)
        self._decoding = self._decoded()
        first = next(self._decoding, None)
        if first is None:
            self._container.close()
            raise InputError(f"{path}: no frame can be decoded; the file is damaged or holds no pictures")
        self._first = first
        self._following: VideoFrame | None = first
        self.info = describe(path, self._container, stream, first, fps)
        self._interval_s = nominal_s(self._container, stream, fps)
        self._clock = MediaClock(first.pts, stream.time_base or Fraction(1, 1000), self._interval_s)

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

    @property
    def levels(self) -> tuple[int, int]:
        """Luma of black and of white, as far as the first picture tells."""
        return levels_of(self._first)

    @property
    def stamps_repaired(self) -> bool:
        """Whether a time stamp so far was not taken as it is: then a time is found by reading from the begin only."""
        return self._stamps.repaired

    @property
    def gaps_s(self) -> list[tuple[float, float]]:
        """When pauses so far began, and how long they are, seconds."""
        return self._stamps.gaps_s

    @property
    def is_resized(self) -> bool:
        """Whether reading stopped before pictures of another size."""
        return self._following is not None and self.frames_read > 0

    def __iter__(self) -> Iterator[Frame]:
        if self._following is None:
            return
        first, self._following = self._following, None
        size = (first.width, first.height)
        for picture in chain([first], self._decoding):
            if (picture.width, picture.height) != size:
                self.ended_early = (
                    f"the picture changes from {size[0]}x{size[1]} to {picture.width}x{picture.height} at "
                    f"{self.last_t_s:.2f} s; only the part before was read"
                )
                self._following = picture
                return
            self.last_t_s = self._clock.time_of(picture.pts)
            yield Frame(self.frames_read, self.last_t_s, luma_of(picture, self.info.rotation_deg))
            self.frames_read += 1
        self._note_early_end(self._interval_s)

    def next_part(self) -> bool:
        """Go on with pictures of another size, after those before are over; False where there are no more."""
        if self._following is None:
            return False
        self.ended_early = None
        turned = self.info.rotation_deg in (90, 270)
        width, height = self._following.width, self._following.height
        self.info = replace(self.info, width=height if turned else width, height=width if turned else height)
        return True

    def _decoded(self) -> Iterator[VideoFrame]:
        """Decode packet by packet, so that a damaged one costs itself and not the rest."""
        for packet in self._stamps.restamped(self._demuxed()):
            try:
                frames = packet.decode()
            except FFmpegError:
                self._count_error()
                continue
            for frame in frames:
                self._errors_in_a_row = 0
                yield frame

    def _demuxed(self) -> Iterator[AnyPacket]:
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
            yield packet

    def _count_error(self) -> None:
        self._errors_in_a_row += 1
        self.decode_errors += 1

    def _note_early_end(self, nominal_s: float) -> None:
        declared, read = self.info.duration_s, max(self.last_t_s, self._stamps.span_s) + nominal_s
        if ends_early(read, declared, nominal_s):
            self.ended_early = f"the file is cut or damaged: {read:.2f} s of {declared:.2f} s could be read"
        elif is_cut(self.info.path):
            self.ended_early = f"the file is cut within a fragment: it was read to {read:.2f} s"


def pictures_between(path: Path, start_s: float, end_s: float) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """Yield ``(t_s, picture)`` for the upright BGR frames ``(h, w, 3) uint8`` of a part of a video, in order.

    Times are media time from the first frame. Reading starts at the key frame before ``start_s``.
    """
    for t_s, shot in lazy_frames_between(path, start_s, end_s):
        yield t_s, shot.whole()


def lazy_frames_between(
    path: Path, start_s: float, end_s: float, *, from_begin: bool = False, fps: float | None = None
) -> Iterator[tuple[float, LazyBgrFrame]]:
    """The same frames with nothing turned into colours yet.

    Args:
        path: the video.
        start_s: media time.
        end_s: media time.
        from_begin: read all before as well, where :attr:`VideoFile.stamps_repaired`.
        fps: pictures a second of a video without time stamps, where somebody knows.
    """
    with VideoFile(path, fps) as video:
        rotation = video.info.rotation_deg
        origin = video.first_pts
    container = _open(path)
    try:
        stream = _video_stream(container, path)
        stream.codec_context.thread_count = 1
        base = stream.time_base or Fraction(1, 1000)
        reached_s = 0.0
        if from_begin:
            packets: Iterator[AnyPacket] = file_stamps(container, stream, fps).restamped(container.demux(stream))
        else:
            packets = packets_from_key_frame(container, stream, origin + round(start_s / base), origin)
        for packet in packets:
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
    stream = largest_video(container)
    if stream is None:
        is_unknown = any("ATTACHED_PIC" not in str(s.disposition).upper() for s in container.streams.video)
        container.close()
        if is_unknown:
            raise InputError(f"{path}: its codec is not known to this FFmpeg")
        raise InputError(f"{path}: has no video stream, only sound or data")
    size = (stream.codec_context.width, stream.codec_context.height)
    if size > (0, 0):
        try:
            check_size(size, str(path))
        except InputError:
            container.close()
            raise
    return stream
