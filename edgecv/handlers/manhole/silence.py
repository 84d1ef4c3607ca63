"""Whether a cover's sensor says less than it is used to."""

from __future__ import annotations

from dataclasses import dataclass

from edgecv.handlers.manhole.settings import ManholeSettings

_MISSED_REPORTS = 2.5
"""Intervals: a radio loses one report in ten or twenty, two in a row one in some hundred."""


@dataclass(frozen=True, slots=True)
class Silence:
    """What a cover's sensor does not say.

    Attributes:
        for_s: how long the box has listened to it in vain, seconds.
        interval_s: how often it speaks, seconds; 0 for unknown.
    """

    for_s: float
    interval_s: float = 0.0

    def stolen_after_s(self, settings: ManholeSettings) -> float:
        """From where on an open cover is gone, seconds.

        A sensor that speaks every hour is no more silent after a quarter of one than ever: two reports must be missed.
        """
        missed_s = min(_MISSED_REPORTS * self.interval_s, settings.silent_after_s)
        return max(settings.stolen_after_s, missed_s)
