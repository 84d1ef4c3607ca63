"""What was stored before a time service set the clock: by how much its times are wrong.

A box without a clock battery starts in 1970 or at its last shutdown, and records incidents before a time service sets
its clock. Evidence that seems to be decades old would be deleted as soon as the clock is right.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from edgecv.time_service import is_synchronised

MIN_STEP_S = 3600.0
"""A shorter step makes evidence stay or go an hour off, in days."""


@dataclass(frozen=True, slots=True)
class ClockStep:
    """Times from ``began_s`` to ``ended_s`` (seconds since 1970) were ``by_s`` seconds later in truth, or earlier."""

    began_s: float
    ended_s: float
    by_s: float


class ClockSteps:
    """Detects that a time service has set the clock; for one thread.

    Args:
        synchronised: whether a time service keeps the wall clock; a clock that somebody sets by hand is not followed.
        realtime: the wall clock, seconds since 1970.
        monotonic: seconds, never set.
    """

    def __init__(
        self,
        synchronised: Callable[[], bool] = is_synchronised,
        realtime: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._synchronised = synchronised
        self._realtime = realtime
        self._monotonic = monotonic
        self._began_s, self._began_monotonic_s = realtime(), monotonic()

    def next(self) -> ClockStep | None:
        """The step since the last one that is done; None where there is none. Times from before it are wrong by it."""
        ended_s = self._began_s + self._monotonic() - self._began_monotonic_s
        by_s = self._realtime() - ended_s
        if abs(by_s) < MIN_STEP_S or not self._synchronised():
            return None
        return ClockStep(self._began_s, ended_s, by_s)

    def confirm(self, step: ClockStep) -> None:
        """The stored times from before a step were corrected: :meth:`next` does not return it again."""
        self._began_s += step.by_s
