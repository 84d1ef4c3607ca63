"""How long to wait before trying again: ever longer, never quite the same."""

from __future__ import annotations

import random

_MAX_DOUBLINGS = 32
"""More would only overflow a float: 2**32 half seconds are 68 years."""


class Backoff:
    """Exponential back-off with full jitter: boxes that lost the same camera server do not come back in step.

    The wait is uniform between nothing and a ceiling that doubles (M. Brooker, "Exponential Backoff And Jitter", AWS
    Architecture Blog, 2015).

    Args:
        first_s: the first ceiling, seconds.
        longest_s: the highest ceiling, seconds.
    """

    def __init__(self, first_s: float, longest_s: float) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._failures = 0

    def next_s(self, *, slow: bool = False) -> float:
        """Seconds to wait after one more failure; ``slow`` waits the longest at once."""
        ceiling_s = min(self._longest_s, self._first_s * 2**self._failures)
        self._failures = min(self._failures + 1, _MAX_DOUBLINGS)
        return self._longest_s if slow else random.uniform(0.0, ceiling_s)

    def reset(self) -> None:
        """It went well for a while: begin anew."""
        self._failures = 0
