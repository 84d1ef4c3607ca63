"""The segments of one recording, as recorders leave them, in one file.

Packets are copied, nothing is encoded again. Segments that keep their recorder's stamps have its time, gaps included;
those of our own recordings go by the wall time that they note; those that each begin at zero follow on one another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
from av.error import FFmpegError

from edgecv.capture.file_stamps import FileStamps
from edgecv.capture.mp4_boxes import is_cut
from edgecv.capture.open_container import largest_video, open_file
from edgecv.capture.packets import copied
from edgecv.capture.recording import RecordedSession, recorded_session
from edgecv.capture.recordings_in_folder import OVERLAP_S, recordings_in
from edgecv.capture.stream_info import declared_duration_s, ends_early, nominal_s
from edgecv.durable_files import DISK_ERRORS
from edgecv.errors import InputError

if TYPE_CHECKING:
    from av.video.stream import VideoStream

    from edgecv.capture.packets import AnyPacket

__all__ = ["join", "recordings_in"]

_BASE = Fraction(1, 90_000)
_LONGEST_DELAY = 16
"""Pictures that H.264 and H.265 hold back at most for those that are shown before them (H.264, A.3.1)."""
_CONTAINERS: tuple[tuple[str, dict[str, str]], ...] = (("mp4", {"video_track_timescale": "90000"}), ("matroska", {}))


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
    if goes_on and begin_s > before_end_s - OVERLAP_S:
        return offset_s
    return end_s - begin_s
