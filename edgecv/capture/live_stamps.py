"""One clock for what a camera sends: its time stamps are held against the moments at which its packets arrive.

A camera that sets its clock moves its stamps, and one stamp may come twice. Everything behind this module (decoder,
ring, recording, clip, wall time) must see one clock that advances: what is repaired is repaired in the packet, once.
"""

from __future__ import annotations

from collections import deque
from fractions import Fraction
from typing import TYPE_CHECKING

from edgecv.capture.arrival_clock import ArrivalClock

if TYPE_CHECKING:
    from edgecv.capture.packets import AnyPacket

_AHEAD_S = 0.25
"""Stamps cannot run ahead of arrivals: by more than this, and it is the clock that was set. Less is jitter."""
_PAUSE_INTERVALS = 3.0
"""A picture that comes so many intervals after the one before was waited for, not only delayed."""
_REORDERED_S = 1.0
"""Stamps without a decoding order go back by as much where pictures refer to later ones."""
_SMOOTHING = 0.05
"""Share of an interval that the usual one learns."""
_WINDOW_S = 3.0
_WINDOWS = 3
_OFF_RATE = 0.08
"""Crystals differ by 0.0001, and a full network is over in seconds or loses packets."""
_STEADY = 0.05
_LONGEST_BACKLOG_S = 10.0
"""Stamps that lag behind arrivals by more are slow, not late: no camera holds back so much."""
_DRIFT = 1e-4
"""Seconds a second by which the quickest arrival is forgotten: a camera's crystal is not the box's."""


class LiveStamps:
    """Restamps the packets of one connection, in the order in which they arrive.

    Args:
        base: seconds a tick of the stamps.
        nominal_s: time between two pictures as far as the stream says, seconds.
        stamped: False where the stream's format carries no time, so that FFmpeg invents it: arrivals count then.

    Attributes:
        steps_s: how far the camera's clock was set, each time it was, newest last; seconds.
        step_count: how often that was.
        rate: seconds of stamps in a second of arrivals where the two were found to differ; None where they agree.
        by_arrival: whether times are those of arrival.
    """

    def __init__(self, base: Fraction, nominal_s: float, *, stamped: bool = True) -> None:
        self.steps_s: deque[float] = deque(maxlen=8)
        self.step_count = 0
        self.rate: float | None = None
        self.by_arrival = not stamped
        self._tick_s = float(base)
        self._interval_s = nominal_s
        self._intervals = 0
        self._arrivals = ArrivalClock(nominal_s)
        self._counted_from = 0
        self._offset = 0  # ticks that are added to the camera's stamps
        self._offset_before: int | None = None  # until a stamp fits the present one: it may have been one wrong stamp
        self._last: int | None = None  # as it left
        self._last_has_order = False
        self._last_arrived_s = 0.0
        self._least_delay_s = float("inf")
        self._rates: deque[float] = deque(maxlen=_WINDOWS)
        self._window: tuple[float, float] | None = None  # arrival and stamp at its begin, seconds
        self._lag_s = 0.0  # by which stamps fell behind arrivals in the windows so far

    def restamp(self, packet: AnyPacket, arrived_s: float) -> float:
        """Put a packet on the one clock.

        Args:
            packet: changed in place; one without any stamp gets one.
            arrived_s: when it arrived, by a monotonic clock, seconds.

        Returns:
            By how much the camera's clock is found to have been set with this packet, seconds; mostly 0.
        """
        raw = packet.dts if packet.dts is not None else packet.pts
        if self._last is None:
            self._begin(packet, raw, arrived_s)
            return 0.0
        stepped_s = 0.0
        if self.by_arrival or raw is None:
            new = max(self._last + 1, self._next_by_arrival(arrived_s))
        elif self._is_reordered(packet, raw):
            packet.pts = (packet.pts or 0) + self._offset  # shown before others that came before it
            if packet.dts is not None:
                packet.dts = self._last = raw + self._offset
            self._last_has_order = packet.dts is not None
            return 0.0
        else:
            new, stepped_s = self._on_one_clock(raw, arrived_s)
        self._last_has_order = packet.dts is not None or raw is None
        # what is shown later than it is decoded stays so; MJPEG and the like know no such order
        later = 0 if packet.pts is None or packet.dts is None else packet.pts - packet.dts
        packet.pts = new + round(later / (self.rate or 1.0))
        packet.dts = None if packet.dts is None and not self.by_arrival else new
        self._note(new, arrived_s)
        return stepped_s

    def _begin(self, packet: AnyPacket, raw: int | None, arrived_s: float) -> None:
        if raw is None or self.by_arrival:
            raw = packet.pts = packet.dts = 0
        self._count_arrivals_from(raw, arrived_s, self._interval_s)
        self._last_has_order = packet.dts is not None
        self._last, self._last_arrived_s = raw, arrived_s
        self._least_delay_s = arrived_s - raw * self._tick_s
        self._window = (arrived_s, raw * self._tick_s)

    def _is_reordered(self, packet: AnyPacket, raw: int) -> bool:
        """Where either stamp is not of the decoding order, which FFmpeg learns from the first pictures."""
        if packet.dts is not None and self._last_has_order:
            return False
        return -_REORDERED_S < self._advance_s(raw, self._offset) <= 0.0

    def _next_by_arrival(self, arrived_s: float) -> int:
        assert self._last is not None
        if not self.by_arrival:
            return self._last + round(self._interval_s / self._tick_s)
        return self._counted_from + round(self._arrivals.time_of(arrived_s) / self._tick_s)

    def _advance_s(self, raw: int, offset: int) -> float:
        assert self._last is not None
        return (raw + offset - self._last) * self._tick_s

    def _on_one_clock(self, raw: int, arrived_s: float) -> tuple[int, float]:
        """The stamp that a packet leaves with, and how far the clock was set."""
        assert self._last is not None
        waited_s = arrived_s - self._last_arrived_s
        expected_s = waited_s if waited_s > _PAUSE_INTERVALS * self._interval_s else self._interval_s
        before = self._offset_before
        if before is not None and self._is_possible(self._advance_s(raw, before), raw, before, arrived_s):
            by_now_s, by_before_s = self._advance_s(raw, self._offset), self._advance_s(raw, before)
            if by_now_s <= 0.0 or abs(by_before_s - expected_s) < abs(by_now_s - expected_s):
                self._offset, self._offset_before = before, None
                return raw + before, 0.0
        if self._is_possible(self._advance_s(raw, self._offset), raw, self._offset, arrived_s):
            self._offset_before = None
            return raw + self._offset, 0.0
        new = self._last + max(1, round(expected_s / self._tick_s))
        stepped_s = (raw + self._offset - new) * self._tick_s
        self._offset_before = self._offset if before is None else before
        self._offset = new - raw
        self.steps_s.append(stepped_s)
        self.step_count += 1
        return new, stepped_s

    def _is_possible(self, advance_s: float, raw: int, offset: int, arrived_s: float) -> bool:
        """Whether time advances, and no faster than packets arrive."""
        if advance_s <= 0.0:
            return False
        if advance_s <= max(_AHEAD_S, _PAUSE_INTERVALS * self._interval_s):
            return True
        is_early = arrived_s - (raw + offset) * self._tick_s < self._least_delay_s - _AHEAD_S
        return not (is_early and advance_s > arrived_s - self._last_arrived_s + _AHEAD_S)

    def _note(self, new: int, arrived_s: float) -> None:
        assert self._last is not None
        advance_s, waited_s = (new - self._last) * self._tick_s, arrived_s - self._last_arrived_s
        if advance_s <= _PAUSE_INTERVALS * self._interval_s or advance_s < _AHEAD_S:
            self._intervals += 1  # the first few count as much: what a stream says of its rate may be anything
            self._interval_s += max(_SMOOTHING, 1.0 / self._intervals) * (advance_s - self._interval_s)
        self._least_delay_s = min(arrived_s - new * self._tick_s, self._least_delay_s + _DRIFT * waited_s)
        self._last, self._last_arrived_s = new, arrived_s
        if not self.by_arrival:
            self._compare_rates(new * self._tick_s, arrived_s)

    def _compare_rates(self, stamp_s: float, arrived_s: float) -> None:
        """Go by arrival where the stamps run at another rate than time: somebody counted pictures and invented them."""
        assert self._window is not None
        spent_s = arrived_s - self._window[0]
        if spent_s < _WINDOW_S:
            return
        passed_s = stamp_s - self._window[1]
        self._window = (arrived_s, stamp_s)
        self._rates.append(passed_s / spent_s)
        self._lag_s = max(0.0, self._lag_s + spent_s - passed_s)
        slowest, fastest = min(self._rates), max(self._rates)
        if len(self._rates) < _WINDOWS or fastest - slowest > _STEADY * fastest:
            return
        is_slow = fastest < 1.0 - _OFF_RATE and self._lag_s > _LONGEST_BACKLOG_S
        if slowest > 1.0 + _OFF_RATE or is_slow:
            self.rate = sum(self._rates) / len(self._rates)
            self.by_arrival = True
            self._count_arrivals_from(self._last or 0, arrived_s, self._interval_s / self.rate)

    def _count_arrivals_from(self, stamp: int, arrived_s: float, interval_s: float) -> None:
        self._arrivals, self._counted_from = ArrivalClock(interval_s), stamp
        self._arrivals.time_of(arrived_s)
