"""Media time: seconds since the first picture of a video, from its presentation time stamps."""

from __future__ import annotations

from fractions import Fraction


class MediaClock:
    """From time stamps to media time; recorded and live video share it, so that both see the same motion.

    A stamp that is missing or does not advance is repaired with the nominal interval; all else is taken as it is.

    Args:
        first_pts: stamp of the first picture, or None where it has none.
        base: seconds a tick.
        nominal_s: usual time between two pictures, seconds.
    """

    def __init__(self, first_pts: int | None, base: Fraction, nominal_s: float) -> None:
        self._first_pts = first_pts
        self._ticks, self._per = base.numerator, base.denominator
        self._nominal_s = nominal_s
        self._t_s: float | None = None

    def time_of(self, pts: int | None) -> float:
        """Media time of the next picture, seconds; the first is at 0 and time always advances."""
        if self._t_s is None:
            self._t_s = 0.0
            return 0.0
        # a quotient of whole numbers is rounded once, as the float of a fraction is, and twenty times as fast
        stamp = None if pts is None or self._first_pts is None else (pts - self._first_pts) * self._ticks / self._per
        self._t_s = stamp if stamp is not None and stamp > self._t_s + 1e-6 else self._t_s + self._nominal_s
        return self._t_s
