"""Which files in a folder are one recording: segments as recorders leave them, of one camera or of several.

Cameras are told apart by names, by times, and by what they show; what is in doubt is kept apart, and said.
"""

from __future__ import annotations

import filecmp
from dataclasses import dataclass
from pathlib import Path

import av
from av.error import FFmpegError

from edgecv.capture.open_container import carries_stamps, largest_video, open_file
from edgecv.capture.recording import recorded_session
from edgecv.capture.same_view import shows_same_view
from edgecv.capture.segment_names import begin_by_name_s, name_in_order, name_of_recording, name_without_time
from edgecv.capture.stream_info import declared_duration_s, plausible_time
from edgecv.errors import InputError
from edgecv.untrusted import file_text

VIDEO_SUFFIXES = frozenset(
    {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".ts", ".mts", ".m2ts", ".avi", ".flv", ".asf", ".wmv", ".mpg", ".mpeg"}
    | {".h264", ".h265", ".hevc", ".mjpeg", ".dav"}
)
OVERLAP_S = 5.0
"""Recorders begin a file some seconds before the last one ends."""
_CREATED_S = 5.0
"""Containers' times are in seconds, and some are of a segment's begin, some of its end."""
_DATE_S = 120.0
"""A copy's date is that of the copying, which takes less time than the recording."""
_JOINT_S = 1.0
"""A recorder that goes on loses less between two files; one that was started again counts from some other time."""
_NAMED_S = 2.0
"""Names tell whole seconds; who takes clips by hand stops for longer, and may look elsewhere then."""
_DATED_S = 10.0
"""Shorter segments are as long as dates are wrong, and are judged by their names alone."""
_MOST_CAMERAS = 64
"""Recordings of like names that a file may go on with: a recorder of so many channels."""
_DEVICE = ("make", "model", "com.apple.quicktime.make", "com.apple.quicktime.model", "location")
"""What recorders write of the camera into a file."""


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
    named_s: float | None
    name: str

    @property
    def length_s(self) -> float:
        """How long it is by its own declaration."""
        return self.end_s - self.begin_s


def recordings_in(folder: Path, notes: list[str] | None = None) -> list[tuple[Path, ...]]:
    """The recordings in a folder, each as its files in order.

    Args:
        folder: where they are.
        notes: gets what to know of files that are left out or kept apart.

    Raises:
        InputError: the folder cannot be read, or holds no video.
    """
    try:
        paths = [path for path in folder.iterdir() if path.suffix.lower() in VIDEO_SUFFIXES and path.is_file()]
        paths.sort(key=lambda path: name_in_order(path.name))
    except OSError as error:
        raise InputError(f"{folder}: cannot be read ({error.strerror}); check its permissions") from error
    if not paths:
        raise InputError(f"{folder}: holds no video files; name a folder of segments, or the videos themselves")
    recordings: list[tuple[Path, ...] | list[_Segment]] = []
    rows: dict[tuple[object, ...], list[list[_Segment]]] = {}
    files: dict[tuple[object, ...], list[Path]] = {}
    notes = [] if notes is None else notes
    for path in paths:
        segment = _looked_at(path)
        if segment is None:
            recordings.append((path,))
            continue
        alike = files.setdefault((segment.kind[1:], segment.begin_s, segment.end_s, path.stat().st_size), [])
        original = next((one for one in alike if filecmp.cmp(one, path, shallow=False)), None)
        if original is not None:
            notes.append(f"{file_text(path)}: is the same as {file_text(original)} and is left out")
            continue
        alike.append(path)
        like = rows.setdefault(segment.kind, [])
        row = _row_of(segment, like, notes)
        if row is None:
            row = []
            recordings.append(row)
        else:
            like.remove(row)
        row.append(segment)
        like.insert(0, row)  # which went on last
        del like[_MOST_CAMERAS:]
    return [_in_time(each) if isinstance(each, list) else each for each in recordings]


def _row_of(segment: _Segment, rows: list[list[_Segment]], notes: list[str]) -> list[_Segment] | None:
    """The recording that a file goes on with, first of those of its own name; None where it begins one."""
    reasons: list[str] = []
    for row in sorted(rows, key=lambda row: row[-1].name != segment.name):
        if _follows(row[-1], segment, reasons):
            return row
    notes += reasons[:1]
    return None


def _follows(before: _Segment, segment: _Segment, notes: list[str]) -> bool:
    """Whether they are of one recording, and not clips of other days or cameras whose names differ by numbers."""
    if before.is_ours:
        return True
    by_name_s = None
    if before.named_s is not None and segment.named_s is not None:
        by_name_s = segment.named_s - before.named_s
        if by_name_s < before.length_s - OVERLAP_S:
            notes.append(_apart(before, segment, "was recorded at the same time as"))
            return False
    has_clock = abs(segment.begin_s - before.begin_s) > 0.5 * before.length_s  # they do not each begin at zero
    passed_s = segment.written_s[0] - before.written_s[0] if by_name_s is None else by_name_s
    tolerance_s = max(before.written_s[1], segment.written_s[1]) if by_name_s is None else _CREATED_S
    follows = has_clock or -tolerance_s <= passed_s <= max(before.length_s, segment.length_s) + tolerance_s
    goes_on = by_name_s is not None and abs(by_name_s - before.length_s) <= _NAMED_S
    is_sure = (goes_on and before.name == segment.name) or (
        has_clock and -OVERLAP_S < segment.begin_s - before.end_s < max(_JOINT_S, 0.1 * before.length_s)
    )
    is_short = by_name_s is None and min(before.length_s, segment.length_s) < _DATED_S
    if not follows or is_sure or is_short:
        return follows
    if shows_same_view(before.path, segment.path):
        return True
    notes.append(_apart(before, segment, "shows another view than"))
    return False


def _apart(before: _Segment, segment: _Segment, why: str) -> str:
    names = file_text(segment.path), file_text(before.path)
    return f"{names[0]}: {why} {names[1]}, so it is read as another camera's or another recording"


def _in_time(segments: list[_Segment]) -> tuple[Path, ...]:
    """Files in the order of their names, but for recorders that count from 0 again while their stamps go on."""
    back = [n for n in range(1, len(segments)) if segments[n].begin_s < segments[n - 1].begin_s]
    last = segments[-1]
    overlap_s = min(OVERLAP_S, 0.5 * (last.end_s - last.begin_s))
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
            name = name_of_recording(path.stem) + path.suffix
            connection = None if session is None else session.session
            size = (context.width, context.height)
            device = tuple(container.metadata.get(key) for key in _DEVICE)
            kind = (name, connection, context.name, size, bytes(context.extradata or b""), device, stream.time_base)
            begin_s = float((stream.start_time or 0) * (stream.time_base or 0))
            return _Segment(
                path,
                kind,
                begin_s,
                begin_s + (declared_duration_s(container, stream) or 0.0),
                _written_s(path, container),
                session is not None,
                begin_by_name_s(path.stem),
                name_without_time(path.stem),
            )
    except (FFmpegError, ValueError, OSError):
        return None


def _written_s(path: Path, container: av.container.InputContainer) -> tuple[float, float]:
    created = plausible_time(container.metadata.get("creation_time"))
    return (path.stat().st_mtime, _DATE_S) if created is None else (created.timestamp(), _CREATED_S)
