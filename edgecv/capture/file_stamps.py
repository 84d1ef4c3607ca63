"""One clock for recorded video, whose stamps may be joined, stepped, wrong or repeated, with no arrivals to compare.

The same file gives the same times each time it is read from its beginning.
"""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgecv.capture.packets import AnyPacket

_LOOK_AHEAD = 8
"""Packets within which the stamps are back in line, where only some of them were wrong."""
_PAUSE_S = 1.0
_PAUSE_INTERVALS = 8.0
"""A stamp farther ahead than both is a pause in the recording, or wrong: what follows tells."""
_LONGEST_PAUSE_S = 3600.0
"""A few pictures alone before or behind a longer one are no recording: their stamps are wrong."""
_CROWDED = 0.125
"""Of the usual interval: stamps so near to each other after a jump were squeezed behind a wrong one by a muxer."""
_OVERLAP_S = 5.0
"""Recorders begin a file some seconds before the last one ends; what goes back farther is another recording."""
_TAIL = 256
"""Bytes of a packet's end that tell it from others; its begin may have got a header in another container."""
_SMOOTHING = 0.05
"""Share of an interval that the usual one learns."""
_REORDERED_S = 1.0
"""Stamps without a decoding order go back by as much where pictures refer to later ones."""


class FileStamps:
    """Restamps the packets of one video.

    Args:
        base: seconds a tick of the stamps.
        nominal_s: usual time between two pictures as far as the file says, seconds.
        absent: whether the format carries no stamps, so that pictures are counted.
        reordered: whether pictures are shown in another order than they come.

    Attributes:
        repaired: whether any stamp was changed, so that a time is reached only by reading from the beginning.
        repeated_packets: those that were left out, for the recording had them already.
        gaps_s: when each pause began, from the first stamp, and how long it is; seconds. Stamps alone do not tell it
            from a clock that was set forward.
    """

    def __init__(self, base: Fraction, nominal_s: float, *, absent: bool = False, reordered: bool = False) -> None:
        self.repaired = absent
        self.repeated_packets = 0
        self.gaps_s: list[tuple[float, float]] = []
        self._accepted = 0
        self._tick_s = float(base)
        self._interval_s = nominal_s
        self._absent, self._reordered = absent, reordered
        self._offset = 0
        self._first_raw: int | None = None
        self._highest_raw = 0
        self._last_raw: int | None = None
        self._last = 0
        self._last_has_order = False  # whether it was a stamp of decoding, not of showing
        self._crowded = False
        self._recent: deque[tuple[int, int]] = deque()
        self._ahead: deque[AnyPacket] = deque()

    @property
    def span_s(self) -> float:
        """From the first stamp to the highest as they were recorded, which is what a container declares; seconds."""
        return self._highest_raw * self._tick_s

    def restamped(self, packets: Iterable[AnyPacket]) -> Iterator[AnyPacket]:
        """The packets, changed in place, without those that a recording has twice; read a few ahead."""
        if self._absent:
            yield from self._counted(packets)
            return
        for packet in packets:
            self._ahead.append(packet)
            if len(self._ahead) > _LOOK_AHEAD:
                yield from self._next()
        while self._ahead:
            yield from self._next()

    def _counted(self, packets: Iterable[AnyPacket]) -> Iterator[AnyPacket]:
        """Stamps by counting; none where pictures are shown in another order, which only the decoder knows."""
        for count, packet in enumerate(packets):
            if packet.size:
                stamp = None if self._reordered else round(count * self._interval_s / self._tick_s)
                packet.pts = packet.dts = stamp
            yield packet

    def _next(self) -> Iterator[AnyPacket]:
        packet = self._ahead.popleft()
        raw = _decoding_stamp(packet)
        if packet.size == 0 or raw is None:
            yield packet
            return
        self._first_raw = raw if self._first_raw is None else self._first_raw
        self._highest_raw = max(self._highest_raw, raw - self._first_raw)
        has_order = packet.dts is not None
        ahead = 1 if self._last_raw is None else raw - self._last_raw
        if self._last_raw is None or (0 < ahead <= self._longest() and not self._crowded):
            self._accept(packet, raw, raw + self._offset)
        elif ahead <= 0 and self._is_repeated(packet, raw):
            self.repeated_packets += 1
            self.repaired = True
            return
        elif not (has_order and self._last_has_order) and -_REORDERED_S < ahead * self._tick_s <= 0.0:
            self._shift(packet, self._offset)  # shown before others that came before it
            if has_order:
                self._last_raw, self._last = raw, raw + self._offset
        else:
            self._put_in_line(packet, raw, ahead)
        self._last_has_order = has_order
        yield packet

    def _put_in_line(self, packet: AnyPacket, raw: int, ahead: int) -> None:
        """Stamp a packet that does not follow the one before as usual."""
        assert self._last_raw is not None
        usual = max(1, round(self._interval_s / self._tick_s))
        following = [stamp for p in self._ahead if (stamp := _decoding_stamp(p)) is not None]
        in_line = next((n for n, stamp in enumerate(following) if 0 < stamp - self._last_raw <= self._longest()), None)
        if in_line is not None and self._is_outlier(raw, ahead, following[:in_line]):
            share = (following[in_line] + self._offset - self._last) // (in_line + 2)
            new = self._last + max(1, share)
            self._shift(packet, new - raw)
            self._last = new  # and what is in line afterwards stays there
            return
        crowded = 0 <= ahead < _CROWDED * usual
        if ahead > self._longest():
            self._crowded = bool(following) and 0 <= following[0] - raw < _CROWDED * usual
        elif not crowded:
            self._crowded = False
        is_alone = min(self._accepted, len(following)) < _LOOK_AHEAD - 1 and ahead * self._tick_s > _LONGEST_PAUSE_S
        is_pause = ahead > 0 and not self._crowded and not is_alone
        if is_pause and ahead > self._longest():
            at_s = (self._last - (self._first_raw or 0)) * self._tick_s
            self.gaps_s.append((at_s, ahead * self._tick_s))
        self._accept(packet, raw, raw + self._offset if is_pause else self._last + usual)

    def _is_outlier(self, raw: int, ahead: int, until_in_line: list[int]) -> bool:
        # a stamp that came twice, or one far ahead; a clock that was set back goes on from there
        if ahead > 0:
            return ahead > self._longest()
        return all(stamp == raw for stamp in until_in_line)

    def _accept(self, packet: AnyPacket, raw: int, new: int) -> None:
        self._offset = new - raw
        self._accepted += 1
        if self._last_raw is not None:
            new = max(new, self._last + 1)  # where no room was left between neighbours
        self._shift(packet, new - raw)
        if self._last_raw is not None and 0.0 < (advance_s := (new - self._last) * self._tick_s) <= _PAUSE_S:
            self._interval_s += _SMOOTHING * (advance_s - self._interval_s)
        self._recent.append((raw, _tail_of(packet)))
        while abs(raw - self._recent[0][0]) * self._tick_s > _OVERLAP_S:
            self._recent.popleft()
        self._last_raw, self._last = raw, new

    def _shift(self, packet: AnyPacket, offset: int) -> None:
        if offset == 0:
            return
        self.repaired = True
        if packet.pts is not None:
            packet.pts += offset
        if packet.dts is not None:
            packet.dts += offset

    def _is_repeated(self, packet: AnyPacket, raw: int) -> bool:
        return (raw, _tail_of(packet)) in self._recent

    def _longest(self) -> int:
        return round(max(_PAUSE_S, _PAUSE_INTERVALS * self._interval_s) / self._tick_s)


def _decoding_stamp(packet: AnyPacket) -> int | None:
    return packet.dts if packet.dts is not None else packet.pts


def _tail_of(packet: AnyPacket) -> int:
    return zlib.crc32(memoryview(packet)[-_TAIL:])
