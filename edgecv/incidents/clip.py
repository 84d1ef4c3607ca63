"""The clip: the original packets around an incident, copied without decoding or encoding anything."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
from av.error import FFmpegError

from edgecv.capture import VideoFile
from edgecv.capture.open_container import open_file
from edgecv.capture.packets import copied, stamp_of
from edgecv.errors import InputError
from edgecv.incidents.files import DISK_ERRORS

if TYPE_CHECKING:
    from av.video.stream import VideoStream

    from edgecv.capture.packets import AnyPacket

_CONTAINERS = ((".mp4", "mp4"), (".mkv", "matroska"), (".avi", "avi"))


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip that was cut.

    Attributes:
        path: ``.mp4``; ``.mkv`` or ``.avi`` where MP4 cannot hold the codec.
        start_s: media time of its first frame (a key frame).
        end_s: media time of its last frame.
    """

    path: Path
    start_s: float
    end_s: float


def cut_clip(source: Path, destination: Path, start_s: float, end_s: float) -> Clip:
    """Copy the video packets from the key frame at or before ``start_s`` to ``end_s`` (media time, seconds).

    Sound is left out: voices are not evidence of a fall. The same source gives the same bytes.

    Args:
        source: the recording.
        destination: where the clip goes; its suffix becomes ``.mkv`` or ``.avi`` where MP4 cannot hold the codec.
        start_s: wished start; the clip starts at the key frame before it.
        end_s: wished end.

    Raises:
        InputError: nothing could be read there.
    """
    with VideoFile(source) as video:
        first_pts = video.first_pts
    with open_file(source) as reader:
        stream = reader.streams.video[0]
        base = stream.time_base or Fraction(1, 1000)
        packets = _packets_between(reader, first_pts, base, max(0.0, start_s), end_s)
        if not packets:
            raise InputError(f"{source}: no pictures between {start_s:.2f} and {end_s:.2f} s to cut a clip from")
        return write_clip(destination, stream, packets, base, first_pts)


def write_clip(
    destination: Path,
    stream: VideoStream,
    packets: Sequence[AnyPacket],
    base: Fraction,
    first_pts: int,
    describe: Callable[[Clip], None] = lambda _clip: None,
    *,
    flush: bool = True,
) -> Clip:
    """Write packets, from a key frame on, to a clip.

    Args:
        destination: where it goes; its suffix becomes ``.mkv`` or ``.avi`` where MP4 cannot hold the codec.
        stream: what they are packets of.
        packets: in decoding order; not changed.
        base: seconds a tick of their stamps.
        first_pts: the stamp of media time 0.
        describe: called when the whole clip lies aside, before it takes its place: no clip lies there undescribed.
        flush: False leaves it to the caller to put the file on the disk.

    Raises:
        InputError: no container can hold them.
        OSError: the disk is full or failed.
    """
    stamps = [stamp for p in packets if (stamp := stamp_of(p)) is not None]
    for suffix, container in _CONTAINERS:
        target = destination.with_suffix(suffix)
        aside = target.with_name(f".{target.name}.part")
        if _mux(aside, container, stream, packets, base):
            if flush:
                _flush(aside)
            clip = Clip(target, float((min(stamps) - first_pts) * base), float((max(stamps) - first_pts) * base))
            describe(clip)
            aside.replace(target)
            return clip
        aside.unlink(missing_ok=True)
    raise InputError(f"{destination}: neither MP4, Matroska nor AVI can hold its packets; no clip was cut")


def _packets_between(
    reader: av.container.InputContainer, first_pts: int, base: Fraction, start_s: float, end_s: float
) -> list[AnyPacket]:
    """Whole groups of pictures: from the last key frame at or before the start until decoding is past the end."""
    stream = reader.streams.video[0]
    start, end = first_pts + start_s / base, first_pts + end_s / base
    if start_s > 0:
        try:
            reader.seek(int(start), stream=stream, backward=True)
        except FFmpegError:
            reader.seek(0)
    kept: list[AnyPacket] = []
    try:
        for packet in reader.demux(stream):
            stamp = stamp_of(packet)
            if packet.size == 0 or stamp is None:
                continue
            if packet.is_keyframe and stamp <= start:
                kept = []
            if not kept and not packet.is_keyframe:
                continue
            # decoding order: a picture shown before the end may come a few packets after one shown past it
            if packet.dts is not None and packet.dts > end:
                break
            kept.append(packet)
    except FFmpegError:
        pass  # the recording ends here; what was read before is kept
    return kept


def _mux(path: Path, container: str, stream: VideoStream, packets: Sequence[AnyPacket], base: Fraction) -> bool:
    """Write packets; False where the container cannot hold them."""
    offset = min(p.dts if p.dts is not None else p.pts or 0 for p in packets)
    options = {"fflags": "+bitexact", "movflags": "+faststart"} if container == "mp4" else {"fflags": "+bitexact"}
    try:
        with av.open(str(path), "w", format=container, options=options) as writer:
            out = writer.add_stream_from_template(stream)
            out.metadata.clear()
            for packet in packets:
                writer.mux(copied(packet, base, offset, out))
    except (FFmpegError, ValueError) as error:
        if isinstance(error, OSError) and error.errno in DISK_ERRORS:
            path.unlink(missing_ok=True)
            raise
        return False
    return True


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
