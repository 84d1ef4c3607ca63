"""A folder of segments as recorders leave them: which of them are one recording, and that recording in one file.

Packets are copied, nothing is encoded again. Segments that keep their recorder's stamps have its time, gaps included;
those of our own recordings go by the wall time that they note; those that each begin at zero follow on one another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
from av.error import FFmpegError

from edgecv.capture.file_stamps import FileStamps
from edgecv.capture.mp4_boxes import is_cut
from edgecv.capture.open_container import carries_stamps, largest_video, open_file
from edgecv.capture.packets import copied
from edgecv.capture.recording import RecordedSession, recorded_session
from edgecv.capture.stream_info import declared_duration_s, ends_early, nominal_s, plausible_time
from edgecv.durable_files import DISK_ERRORS
from edgecv.errors import InputError

if TYPE_CHECKING:
    from av.video.stream import VideoStream

    from edgecv.capture.packets import AnyPacket

VIDEO_SUFFIXES = frozenset(
    {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".ts", ".mts", ".m2ts", ".avi", ".flv", ".asf", ".wmv", ".mpg", ".mpeg"}
    | {".h264", ".h265", ".hevc", ".mjpeg", ".dav"}
)
_BASE = Fraction(1, 90_000)
_OVERLAP_S = 5.0
"""Recorders begin a file some seconds before the last one ends."""
_CREATED_S = 5.0
"""Containers' times are in seconds, and some are of a segment's begin, some of its end."""
_DATE_S = 120.0
"""A copy's date is that of the copying, which takes less time than the recording."""
_JOINT_S = 1.0
"""A recorder that goes on loses less between two files; one that was started again counts from some other time."""
_LONGEST_DELAY = 16
"""Pictures that H.264 and H.265 hold back at most for those that are shown before them (H.264, A.3.1)."""
_CONTAINERS: tuple[tuple[str, dict[str, str]], ...] = (("mp4", {"video_track_timescale": "90000"}), ("matroska", {}))


@dataclass(frozen=True, slots=True)
class _Segment:
    """One file, what it must have in common with another to be of one recording, and its own first and last stamp.

    ``written_s`` is when it was made as a container says it, else the file's date; seconds, and by how much it may be
    off.
    """

    path: Path
    kind: tuple[object, ...]
    begin_s: float
    end_s: float
    written_s: tuple[float, float]
    is_ours: bool


def recordings_in(folder: Path) -> list[tuple[Path, ...]]:
    """The recordings in a folder, each as its files in order.

    Raises:
        InputError: the folder cannot be read, or holds no video.
    """
    try:
        paths = sorted((p for p in folder.iterdir() if p.suffix.lower() in VIDEO_SUFFIXES and p.is_file()), key=_order)
    except OSError as error:
        raise InputError(f"{folder}: cannot be read ({error.strerror}); check its permissions") from error
    if not paths:
        raise InputError(f"{folder}: holds no video files; name a folder of segments, or the videos themselves")
    recordings: list[tuple[Path, ...] | list[_Segment]] = []
    for path in paths:
        segment = _looked_at(path)
        before = recordings[-1] if recordings else ()
        if segment is None:
            recordings.append((path,))
        elif isinstance(before, list) and _follows(before[-1], segment):
            before.append(segment)
        else:
            recordings.append([segment])
    return [_in_time(each) if isinstance(each, list) else each for each in recordings]


def join(paths: Sequence[Path], target: Path) -> list[Path]:
    """Write the segments of one recording into one file, on one clock that begins at zero.

    Returns:
        Those that are cut or damaged: they end before the time that they declare.

    Raises:
        InputError: no container can hold them.
        OSError: the disk is full or failed.
    """
    for container, options in _CONTAINERS:
        try:
            return _write(paths, target, container, options)
        except (FFmpegError, ValueError) as error:
            if isinstance(error, OSError) and error.errno in DISK_ERRORS:
                raise
            continue
    raise InputError(f"{paths[0].parent}: its segments cannot be joined; replay them one by one")


def _order(path: Path) -> list[tuple[int, str]]:
    """Numbers by their value: 2 before 10."""
    return [(int(word), "") if word.isdigit() else (-1, word) for word in re.split(r"([0-9]+)", path.name)]


def _follows(before: _Segment, segment: _Segment) -> bool:
    """Whether they are of one recording, and not clips of other days or cameras whose names differ by numbers."""
    if segment.kind != before.kind:
        return False
    if before.is_ours or abs(segment.begin_s - before.begin_s) > 0.5 * (before.end_s - before.begin_s):
        return True  # they have a clock of their own, and do not each begin at zero
    passed_s = segment.written_s[0] - before.written_s[0]
    longest_s = max(before.end_s - before.begin_s, segment.end_s - segment.begin_s)
    tolerance_s = max(before.written_s[1], segment.written_s[1])
    return -tolerance_s <= passed_s <= longest_s + tolerance_s


def _in_time(segments: list[_Segment]) -> tuple[Path, ...]:
    """Files in the order of their names, but for recorders that count from 0 again while their stamps go on."""
    back = [n for n in range(1, len(segments)) if segments[n].begin_s < segments[n - 1].begin_s]
    last = segments[-1]
    overlap_s = min(_OVERLAP_S, 0.5 * (last.end_s - last.begin_s))
    if len(back) == 1 and -overlap_s < segments[0].begin_s - last.end_s < _JOINT_S:
        segments = segments[back[0] :] + segments[: back[0]]
    return tuple(segment.path for segment in segments)


def _looked_at(path: Path) -> _Segment | None:
    """None where it cannot be joined with any: a file that cannot be read, or without time stamps."""
    try:
        with open_file(path) as container:
            stream = largest_video(container)
            if stream is None or not carries_stamps(container):
                return None
            session = recorded_session(container.metadata.get("comment"))
            context = stream.codec_context
            name = re.sub(r"[0-9]+", "#", path.name)
            connection = None if session is None else session.session
            size = (context.width, context.height)
            kind = (name, connection, context.name, size, bytes(context.extradata or b""))
            begin_s = float((stream.start_time or 0) * (stream.time_base or 0))
            return _Segment(
                path,
                kind,
                begin_s,
                begin_s + (declared_duration_s(container, stream) or 0.0),
                _written_s(path, container),
                session is not None,
            )
    except (FFmpegError, ValueError, OSError):
        return None


def _written_s(path: Path, container: av.container.InputContainer) -> tuple[float, float]:
    created = plausible_time(container.metadata.get("creation_time"))
    return (path.stat().st_mtime, _DATE_S) if created is None else (created.timestamp(), _CREATED_S)


def _write(paths: Sequence[Path], target: Path, container: str, options: dict[str, str]) -> list[Path]:
    cut: list[Path] = []
    with open_file(paths[0]) as first, av.open(str(target), "w", format=container, options=options) as writer:
        template = largest_video(first)
        assert template is not None, "it was looked at"
        out = writer.add_stream_from_template(template)
        clock = FileStamps(_BASE, nominal_s(first, template, None))
        origin: int | None = None
        for packet in clock.restamped(_packets_of(paths, cut)):
            if origin is None:
                origin = min(stamp for stamp in (packet.dts, packet.pts) if stamp is not None)
            writer.mux(copied(packet, _BASE, origin, out))
    return cut


def _packets_of(paths: Sequence[Path], cut: list[Path]) -> Iterator[AnyPacket]:
    """All packets, their stamps in ticks of ``_BASE`` on the clock of the first segment, as far as that is known.

    ``cut`` gets the segments that end early.
    """
    offset_s, end_s = 0.0, 0.0
    before: tuple[float, float, RecordedSession | None] | None = None
    for path in paths:
        with open_file(path) as container:
            stream = largest_video(container)
            assert stream is not None, "it was looked at"
            session = recorded_session(container.metadata.get("comment"))
            interval_s = nominal_s(container, stream, None)
            begin_s: float | None = None
            for packet, at_s in _stamped(container, stream, interval_s):
                if begin_s is None:
                    begin_s = at_s
                    offset_s = _offset_s(begin_s, session, before, offset_s, end_s)
                packet.pts = None if packet.pts is None else _ticks(packet.pts, stream, offset_s)
                packet.dts = None if packet.dts is None else _ticks(packet.dts, stream, offset_s)
                end_s = max(end_s, at_s + offset_s + interval_s)
                yield packet
            read_s = 0.0 if begin_s is None else end_s - offset_s - begin_s
            if is_cut(path) or ends_early(read_s, declared_duration_s(container, stream), interval_s):
                cut.append(path)
            if begin_s is not None:
                before = (begin_s, end_s - offset_s, session)


def _stamped(
    container: av.container.InputContainer, stream: VideoStream, interval_s: float
) -> Iterator[tuple[AnyPacket, float]]:
    """Packets with a stamp, and it in seconds; a segment that breaks off costs the rest of itself.

    Matroska records no decoding order. Where pictures refer to later ones FFmpeg has learnt it after the first few,
    and these get theirs by counting back, without which no muxer takes them behind another segment.
    """
    base = stream.time_base or Fraction(1, 1000)
    first: list[AnyPacket] | None = []
    for packet in _readable(container, stream):
        if first is None:
            yield packet, _at_s(packet, base)
            continue
        first.append(packet)
        if packet.dts is None and len(first) <= _LONGEST_DELAY:
            continue
        if packet.dts is not None:
            for before, earlier in enumerate(reversed(first[:-1]), start=1):
                earlier.dts = packet.dts - round(before * interval_s / base)
        yield from ((earlier, _at_s(earlier, base)) for earlier in first)
        first = None
    yield from ((earlier, _at_s(earlier, base)) for earlier in first or [])


def _readable(container: av.container.InputContainer, stream: VideoStream) -> Iterator[AnyPacket]:
    try:
        for packet in container.demux(stream):
            if packet.size and (packet.dts is not None or packet.pts is not None):
                yield packet
    except FFmpegError:
        return


def _at_s(packet: AnyPacket, base: Fraction) -> float:
    stamp = packet.dts if packet.dts is not None else packet.pts
    assert stamp is not None, "others were left out"
    return float(stamp * base)


def _ticks(stamp: int, stream: VideoStream, offset_s: float) -> int:
    return round((float(stamp * (stream.time_base or Fraction(1, 1000))) + offset_s) / float(_BASE))


def _offset_s(
    begin_s: float,
    session: RecordedSession | None,
    before: tuple[float, float, RecordedSession | None] | None,
    offset_s: float,
    end_s: float,
) -> float:
    """What to add to a segment's stamps.

    Args:
        begin_s: its first stamp.
        session: what it notes, where it is a recording of ours.
        before: first and last stamp of the segment before, and what that notes.
        offset_s: what was added to those.
        end_s: when that ended, on the one clock.
    """
    if before is None:
        return 0.0
    before_begin_s, before_end_s, before_session = before
    if session is not None and before_session is not None:
        return offset_s + before_begin_s + (session.epoch - before_session.epoch).total_seconds() - begin_s
    goes_on = begin_s - before_begin_s > 0.5 * (before_end_s - before_begin_s)
    if goes_on and begin_s > before_end_s - _OVERLAP_S:
        return offset_s
    return end_s - begin_s
