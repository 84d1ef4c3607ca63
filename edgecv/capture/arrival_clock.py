"""Time of pictures that carry none, from the moments at which they arrive: a camera is even, a network is not."""

from __future__ import annotations

_PHASE = 0.06
"""Share of a picture's delay that is believed: 10 ms of jitter become 2 ms, in which a fall moves by a pixel."""
_PERIOD = 0.0009
"""Share that the interval learns: a quarter of the square of the other, which settles without swinging."""
_SLOWEST = 0.25
"""Of an interval: what comes in one go after a stall is let pass slowly, rather than all at one time."""
_LEAST_S = 1e-3
_PAUSE = 2.5
"""Intervals after which a picture was not sent, rather than delayed."""
_FEWEST = 8
"""Pictures from which the mean interval counts, in place of what the stream says of itself."""


class ArrivalClock:
    """An alpha-beta filter over arrivals; see Bar-Shalom, Li and Kirubarajan, Estimation with Applications, 6.5.

    Args:
        interval_s: time between two pictures as far as anybody says, seconds.
    """

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._begun_s: float | None = None
        self._count = 0
        self._last_arrived_s = 0.0
        self._time_s = 0.0
        self._late_s = 0.0  # arrival after the time that was reached

    def time_of(self, arrived_s: float) -> float:
        """When the next picture was taken, seconds after the first; it always advances.

        Args:
            arrived_s: when it arrived, by a monotonic clock, seconds.
        """
        if self._begun_s is None:
            self._begun_s = self._last_arrived_s = arrived_s
            return 0.0
        waited_s, self._last_arrived_s = arrived_s - self._last_arrived_s, arrived_s
        self._count += 1
        advance_s = self._advance_s(waited_s, arrived_s - self._begun_s)
        self._late_s += waited_s - advance_s
        self._time_s += advance_s
        return self._time_s

    def _advance_s(self, waited_s: float, since_first_s: float) -> float:
        if self._count <= _FEWEST:
            # what a stream says of its rate is invented where its stamps are
            self._interval_s = max(since_first_s / self._count, _LEAST_S)
            return max(waited_s, _LEAST_S)
        late_s = self._late_s + waited_s - self._interval_s
        # a stall, or the first pictures in one go, must not teach it an interval that no camera has
        learned_s = _PERIOD * min(max(late_s, -self._interval_s), self._interval_s)
        if late_s > _PAUSE * self._interval_s:
            self._interval_s *= 1.0 + _PHASE
            return self._interval_s + late_s
        advance_s = max(self._interval_s + _PHASE * late_s, _SLOWEST * self._interval_s)
        self._interval_s = max(self._interval_s + learned_s, _LEAST_S)
        return advance_s
