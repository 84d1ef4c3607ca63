"""How many minutes of each hour a camera could not have seen a fall, and why."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

_HOUR_S = 3600.0
_MOST_REPORTS = 48  # hours kept for a caller who does not ask


@dataclass(frozen=True, slots=True)
class HourReport:
    """One hour of one camera.

    Attributes:
        from_s: when the hour began, on the clock of the notes.
        minutes: of each cause, longest first. Causes overlap: rain at night counts for both.
        blind_minutes: with at least one cause, each moment once.
        noted_minutes: all that was noted; what is missing from sixty, nobody watched.
    """

    from_s: float
    minutes: dict[str, float]
    blind_minutes: float
    noted_minutes: float


@dataclass(slots=True)
class _Hour:
    number: int
    noted_s: float = 0.0
    blind_s: float = 0.0
    causes_s: dict[str, float] = field(default_factory=dict)

    def add(self, dt_s: float, causes: frozenset[str]) -> None:
        self.noted_s += dt_s
        self.blind_s += dt_s if causes else 0.0
        for cause in causes:
            self.causes_s[cause] = self.causes_s.get(cause, 0.0) + dt_s

    def report(self) -> HourReport:
        longest = sorted(self.causes_s.items(), key=lambda item: (-item[1], item[0]))
        return HourReport(
            self.number * _HOUR_S,
            {cause: round(seconds / 60.0, 2) for cause, seconds in longest},
            round(self.blind_s / 60.0, 2),
            round(self.noted_s / 60.0, 2),
        )


class BlindTime:
    """Adds up blind seconds a cause and gives them hour by hour.

    An hour begins where the notes' clock is a multiple of 3600 s: give wall time for the hours of the day. A clock that
    steps back begins a second report of the same hour; nothing noted is lost or counted twice.
    """

    def __init__(self) -> None:
        self._hour: _Hour | None = None
        self._over: deque[HourReport] = deque(maxlen=_MOST_REPORTS)

    def note(self, t_s: float, dt_s: float, causes: Iterable[str]) -> None:
        """Note the time that ends at ``t_s`` and lasted ``dt_s``; no cause means that the camera could see.

        Time of no length or less, from a clock that stepped back, is left out; more than an hour counts as one.
        """
        active_causes = frozenset(causes)
        rest_s = min(dt_s, _HOUR_S)
        begin_s = t_s - rest_s
        while rest_s > 0.0:
            number = int(begin_s // _HOUR_S)
            part_s = min(rest_s, (number + 1) * _HOUR_S - begin_s)
            if part_s <= 2.0 * math.ulp(begin_s):  # rounding at the very end of an hour
                number, part_s = number + 1, rest_s
            self._enter(number).add(part_s, active_causes)
            begin_s, rest_s = begin_s + part_s, rest_s - part_s

    def hour_report(self, now_s: float | None = None) -> HourReport | None:
        """Return the oldest hour that is over and was not returned yet, or None; ask again until it is None.

        Args:
            now_s: the present, which may end an hour in which nothing more is noted.
        """
        if now_s is not None and self._hour is not None and int(now_s // _HOUR_S) > self._hour.number:
            self._over.append(self._hour.report())
            self._hour = None
        return self._over.popleft() if self._over else None

    def so_far(self) -> HourReport | None:
        """The hour under way, for metrics; None before the first note."""
        return None if self._hour is None else self._hour.report()

    def _enter(self, number: int) -> _Hour:
        if self._hour is not None and self._hour.number != number:
            self._over.append(self._hour.report())
            self._hour = None
        if self._hour is None:
            self._hour = _Hour(number)
        return self._hour
