"""Where decoding can begin: the key frame at or before a time, also in containers without an index."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import chain
from typing import TYPE_CHECKING

from av.error import FFmpegError

from edgecv.capture.packets import stamp_of

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

    from edgecv.capture.packets import AnyPacket

_FIRST_STEP_S = 10.0  # the distance of x264's key frames at 25 frames a second
_STEP_FACTOR = 3.0  # all steps together read at most half as much again as the longest


def packets_from_key_frame(
    container: InputContainer, stream: VideoStream, start: int, earliest: int
) -> Iterator[AnyPacket]:
    """Demux from a key frame at or before a stamp; from the first packet where there is no such key frame.

    A seek in MPEG-TS, and in Matroska without cues, ends at any packet of that time, not at a key frame. So what a seek
    reached is looked at, and the seek repeated further back as long as the next key frame comes too late.

    Args:
        container: just opened, nothing read yet.
        stream: its video stream.
        start: the stamp, ticks of the stream.
        earliest: stamp of the first picture; what begins there needs no seek.
    """
    if start <= earliest:
        yield from container.demux(stream)
        return
    back, step = 0, _FIRST_STEP_S / float(stream.time_base or Fraction(1, 1000))
    while start - back > earliest:
        try:
            container.seek(start - back, stream=stream, backward=True)
            packets = container.demux(stream)
            first = next((packet for packet in packets if packet.is_keyframe or _is_after(packet, start)), None)
        except FFmpegError:
            first = None
        if first is not None and first.is_keyframe and not _is_after(first, start):
            yield from chain((first,), packets)
            return
        back, step = back + round(step), step * _STEP_FACTOR
    _rewind(container, stream, earliest)
    yield from container.demux(stream)


def _is_after(packet: AnyPacket, start: int) -> bool:
    stamp = stamp_of(packet)
    return stamp is None or stamp > start


def _rewind(container: InputContainer, stream: VideoStream, earliest: int) -> None:
    """Back to the first packet, by position where a container has no earlier time to seek to."""
    try:
        container.seek(0, stream=stream, unsupported_byte_offset=True)
    except FFmpegError:
        container.seek(earliest, stream=stream, backward=True)
