"""Packets on their way to the decoder, and those kept for evidence.

Both hold what the camera sent, undecoded. The backlog bounds latency, the ring bounds memory.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from fractions import Fraction
from threading import Condition, Lock
from typing import TYPE_CHECKING, TypeAlias

from av.packet import Packet

if TYPE_CHECKING:
    from av.video.stream import VideoStream

AnyPacket: TypeAlias = "Packet[VideoStream]"

LATE_S = 1.5
"""Older than this, and everything before the newest key frame is dropped."""
TOO_LATE_S = 2.0
"""Older than this with no key frame to go on from, and everything is dropped until one comes."""


class Backlog:
    """Packets that were received and not yet decoded, oldest first; one thread puts, another takes.

    Args:
        drops: False for recorded video, of which every picture counts.
        now: a monotonic clock, seconds.
    """

    def __init__(self, *, drops: bool = True, now: Callable[[], float] = time.monotonic) -> None:
        self._waiting: deque[tuple[AnyPacket, float]] = deque()
        self._changed = Condition()
        self._drops = drops
        self._now = now
        self._until_key_frame = False
        self._closed = False
        self.dropped_packets = 0
        self.dropped_groups = 0

    def put(self, packet: AnyPacket) -> None:
        """A packet arrived."""
        with self._changed:
            if self._until_key_frame:
                if not packet.is_keyframe:
                    self.dropped_packets += 1
                    return
                self._until_key_frame = False
            self._waiting.append((packet, self._now()))
            self._changed.notify()

    def close(self) -> None:
        """No more will come; what waits can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    @property
    def over(self) -> bool:
        """Whether it is closed and empty."""
        with self._changed:
            return self._closed and not self._waiting

    def take(self, timeout_s: float) -> AnyPacket | None:
        """The next packet to decode, whole groups of pictures left out where we are late; None after the timeout."""
        with self._changed:
            if not self._waiting and not self._closed:
                self._changed.wait(timeout_s)
            if self._drops:
                self._catch_up()
            return self._waiting.popleft()[0] if self._waiting else None

    def lag_s(self) -> float:
        """How long the oldest packet has waited, seconds."""
        with self._changed:
            return self._now() - self._waiting[0][1] if self._waiting else 0.0

    def wait_for_room(self, packets: int, timeout_s: float) -> None:
        """Recorded video: hold its reader back while so many wait."""
        deadline = self._now() + timeout_s
        while self._now() < deadline:
            with self._changed:
                if len(self._waiting) < packets or self._closed:
                    return
            time.sleep(0.005)

    def _catch_up(self) -> None:
        if not self._waiting:
            return
        lag_s = self._now() - self._waiting[0][1]
        if lag_s <= LATE_S:
            return
        newest = max((n for n, (packet, _) in enumerate(self._waiting) if packet.is_keyframe), default=0)
        if newest > 0:
            self._drop(newest)
        elif lag_s > TOO_LATE_S:
            self._drop(len(self._waiting))
            self._until_key_frame = True

    def _drop(self, count: int) -> None:
        self.dropped_groups += max(1, sum(self._waiting[n][0].is_keyframe for n in range(count)))
        self.dropped_packets += count
        for _ in range(count):
            self._waiting.popleft()


class PacketRing:
    """The last packets of a camera, for evidence: by age and by bytes, whichever is less.

    Args:
        base: seconds a tick of the packets' stamps.
        keep_s: how far back, seconds.
        most_bytes: how much at most.
    """

    def __init__(self, base: Fraction, keep_s: float = 30.0, most_bytes: int = 48 * 2**20) -> None:
        self._keep_ticks = float(keep_s / base)
        self._most_bytes = most_bytes
        self._packets: deque[AnyPacket] = deque()
        self._bytes = 0
        self._lock = Lock()

    def add(self, packet: AnyPacket) -> None:
        """Keep a packet and let the oldest go."""
        with self._lock:
            self._packets.append(packet)
            self._bytes += packet.size
            newest = stamp_of(packet)
            while len(self._packets) > 1 and (self._bytes > self._most_bytes or self._is_old(newest)):
                self._bytes -= self._packets.popleft().size

    def between(self, start_pts: int, end_pts: int) -> list[AnyPacket]:
        """Whole groups of pictures from the key frame at or before the start until decoding is past the end."""
        selected: list[AnyPacket] = []
        with self._lock:
            packets = list(self._packets)
        for packet in packets:
            stamp = stamp_of(packet)
            if stamp is None:
                continue
            if packet.is_keyframe and stamp <= start_pts:
                selected = []
            if not selected and not packet.is_keyframe:
                continue
            # decoding order: a picture shown before the end may come a few packets after one shown past it
            if (packet.dts if packet.dts is not None else stamp) > end_pts:
                break
            selected.append(packet)
        return selected

    @property
    def held_bytes(self) -> int:
        """How much is held."""
        return self._bytes

    def _is_old(self, newest: int | None) -> bool:
        oldest = stamp_of(self._packets[0])
        return newest is not None and oldest is not None and newest - oldest > self._keep_ticks


def stamp_of(packet: AnyPacket) -> int | None:
    """When a packet's picture is shown, in ticks; AVI tells only the decoding order of some codecs."""
    return packet.pts if packet.pts is not None else packet.dts


def copied(packet: AnyPacket, base: Fraction, offset: int, stream: VideoStream) -> AnyPacket:
    """A packet for another container, its stamps ``offset`` ticks of ``base`` earlier; the given one is not changed."""
    copy: AnyPacket = Packet(bytes(packet))  # type: ignore[assignment]
    copy.time_base = base
    copy.pts = None if packet.pts is None else packet.pts - offset
    copy.dts = None if packet.dts is None else packet.dts - offset
    copy.duration = packet.duration or 0
    copy.is_keyframe = packet.is_keyframe
    copy.stream = stream
    return copy
