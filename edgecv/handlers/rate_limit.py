"""How much a device may say: a bucket of tokens that fills with time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class TokenBucket:
    """A token bucket; its content outlives a restart, so that a handler that dies often gets no more by it.

    Attributes:
        per_hour: tokens that come in an hour, and the most it holds.
        left: tokens in it.
        at_s: when that was, seconds.
    """

    per_hour: float
    left: float
    at_s: float

    def take(self, now_s: float) -> bool:
        """Take one token; False where none is left."""
        elapsed_s = min(max(0.0, now_s - self.at_s), 3600.0)
        self.left = min(self.per_hour, self.left + elapsed_s / 3600.0 * self.per_hour)
        self.at_s = now_s
        if self.left < 1.0:
            return False
        self.left -= 1.0
        return True
