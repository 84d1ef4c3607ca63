"""The clip: the original packets around an incident, copied without decoding or encoding anything."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
from av.error import FFmpegError

from edgecv.capture import VideoFile
from edgecv.capture.file import GOES_BACK_S
from edgecv.capture.key_frames import packets_from_key_frame
from edgecv.capture.open_container import largest_video, open_file
from edgecv.capture.packets import copied, stamp_of
from edgecv.capture.stream_info import file_stamps
from edgecv.durable_files import DISK_ERRORS
from edgecv.errors import InputError

if TYPE_CHECKING:
    from av.video.stream import VideoStream

    from edgecv.capture.packets import AnyPacket

_MOST_BYTES = (
    512 * 2**20
)  # in memory; twenty seconds of the fastest camera are 100 MB, a day without a key frame is all
_MOST_REFUSED = 8
"""Packets a container may refuse, each of which costs itself alone; more, and it cannot hold the codec."""
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


def cut_clip(
    source: Path,
    destination: Path,
    start_s: float,
    end_s: float,
    *,
    from_begin: bool = False,
    fps: float | None = None,
) -> Clip:
    """Copy the video packets from the key frame at or before ``start_s`` to ``end_s`` (media time, seconds).

    Sound is left out: voices are not evidence of a fall. The same source gives the same bytes.

    Args:
        source: the recording.
        destination: where the clip goes; its suffix becomes ``.mkv`` or ``.avi`` where MP4 cannot hold the codec.
        start_s: wished start; the clip starts at the key frame before it.
        end_s: wished end.
        from_begin: read all before as well, where :attr:`edgecv.capture.VideoFile.stamps_repaired`.
        fps: pictures a second of a video without time stamps, where somebody knows.

    Raises:
        InputError: nothing could be read there, or more than memory should hold.
    """
    with VideoFile(source, fps) as video:
        first_pts = video.first_pts
    with open_file(source) as reader:
        stream = largest_video(reader)
        assert stream is not None, "it was opened before"
        base = stream.time_base or Fraction(1, 1000)
        start, end = first_pts + round(max(0.0, start_s) / base), first_pts + round(end_s / base)
        if from_begin:
            sent: Iterator[AnyPacket] = file_stamps(reader, stream, fps).restamped(reader.demux(stream))
        else:
            sent = packets_from_key_frame(reader, stream, start, first_pts)
        packets = _packets_between(sent, source, base, first_pts, start, end)
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
    packets = _decodable(packets)
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
    sent: Iterator[AnyPacket], source: Path, base: Fraction, first_pts: int, start: int, end: int
) -> list[AnyPacket]:
    """Whole groups of pictures: from the last key frame at or before the start until decoding is past the end."""
    packets: list[AnyPacket] = []
    held, reached, goes_back = 0, first_pts, GOES_BACK_S / float(base)
    try:
        for packet in sent:
            stamp = stamp_of(packet)
            if packet.size == 0 or stamp is None:
                continue
            if packet.is_keyframe and stamp <= start and stamp >= reached - goes_back:
                packets, held = [], 0
            if not packets and not packet.is_keyframe:
                continue
            # decoding order: a picture shown before the end may come a few packets after one shown past it
            if packet.dts is not None and (packet.dts > end or packet.dts < reached - goes_back):
                break
            reached = reached if packet.dts is None else packet.dts
            packets.append(packet)
            held += packet.size
            if held > _MOST_BYTES:
                raise InputError(
                    f"{source}: more than {_MOST_BYTES >> 20} MB lie between the key frame before "
                    "and the end of the clip; record with a key frame every few seconds"
                )
    except FFmpegError:
        pass  # the recording ends here; what was read before is kept
    return packets


def _decodable(packets: Sequence[AnyPacket]) -> list[AnyPacket]:
    """Without the pictures of an open group that are shown before its key frame: what they refer to is not here."""
    first = packets[0].pts
    if first is None:
        return list(packets)
    following = next((n for n, p in enumerate(packets) if n and (p.pts is None or p.pts >= first)), len(packets))
    return [packets[0], *packets[following:]]


def _decoding_stamps(packets: Sequence[AnyPacket]) -> list[int | None]:
    """Every packet's ``dts``; Matroska tells none of the first packets after a seek, and no container goes without."""
    stamps = [packet.dts for packet in packets]
    first_known = next((n for n, stamp in enumerate(stamps) if stamp is not None), None)
    if not first_known:
        return stamps
    first = stamps[first_known]
    assert first is not None
    step = max(1, packets[first_known].duration or 1)
    return [first - (first_known - n) * step for n in range(first_known)] + stamps[first_known:]


def _mux(path: Path, container: str, stream: VideoStream, packets: Sequence[AnyPacket], base: Fraction) -> bool:
    """Write packets; False where the container cannot hold them."""
    decoding = _decoding_stamps(packets)
    offset = min(dts if dts is not None else p.pts or 0 for p, dts in zip(packets, decoding, strict=True))
    refused = 0
    options = {"fflags": "+bitexact", "movflags": "+faststart"} if container == "mp4" else {"fflags": "+bitexact"}
    try:
        with av.open(str(path), "w", format=container, options=options) as writer:
            out = writer.add_stream_from_template(stream)
            out.metadata.clear()
            for packet, dts in zip(packets, decoding, strict=True):
                copy = copied(packet, base, offset, out)
                copy.dts = None if dts is None else dts - offset
                try:
                    writer.mux(copy)
                except (FFmpegError, ValueError) as error:
                    if is_disk_error(error) or refused == _MOST_REFUSED:
                        raise
                    refused += 1
    except (FFmpegError, ValueError) as error:
        if is_disk_error(error):
            path.unlink(missing_ok=True)
            raise
        return False
    return refused < len(packets)


def is_disk_error(error: Exception) -> bool:
    """Whether it is the disk's: FFmpeg's errors may be both."""
    return isinstance(error, OSError) and error.errno in DISK_ERRORS


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
