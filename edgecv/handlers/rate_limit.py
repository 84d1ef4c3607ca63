"""How many alarms and events a device may send: token buckets whose content outlives a restart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

_RECORDS_PER_PUSH = 10
"""Beyond ten times the alarms that may be pushed, even the record is only counted."""
_EVENTS_PER_HOUR = 300


@dataclass(slots=True)
class TokenBucket:
    """Fills with time; a handler that is restarted often gets no more by it.

    Attributes:
        per_hour: tokens that come in an hour, and the most it holds.
        tokens: in it.
        at_s: when that was, seconds.
    """

    per_hour: float
    tokens: float
    at_s: float

    @classmethod
    def from_stored(cls, stored: Any, per_hour: int) -> TokenBucket:
        """As ``to_stored`` gave it; a full one for None.

        Raises:
            ValueError, TypeError: it is of no such form.
        """
        tokens, at_s = (per_hour, 0.0) if stored is None else stored
        return cls(float(per_hour), min(float(tokens), float(per_hour)), float(at_s))

    def to_stored(self) -> list[float]:
        """As JSON."""
        return [self.tokens, self.at_s]

    def take(self, now_s: float) -> bool:
        """Take one token; False where there is none."""
        elapsed_s = min(max(0.0, now_s - self.at_s), 3600.0)
        self.tokens = min(self.per_hour, self.tokens + elapsed_s / 3600.0 * self.per_hour)
        self.at_s = now_s
        if self.tokens < 1.0:
            return False
        self.tokens -= 1.0
        return True


class _State(Protocol):
    def restore(self, key: str, read: Any) -> Any:
        """What is stored under a key."""


@dataclass(slots=True)
class RateLimits:
    """The buckets of one device.

    Attributes:
        pushes: alarms that are pushed.
        records: alarms that are recorded.
        events: device events, and updates of alarms that are pushed.
    """

    pushes: TokenBucket
    records: TokenBucket
    events: TokenBucket

    @classmethod
    def restored(cls, state: _State, alarms_per_hour: int) -> RateLimits:
        """Those of an earlier run, under the keys of ``to_stored``."""

        def bucket(key: str, per_hour: int) -> TokenBucket:
            restored: TokenBucket = state.restore(key, lambda stored: TokenBucket.from_stored(stored, per_hour))
            return restored

        records_per_hour = alarms_per_hour * _RECORDS_PER_PUSH
        return cls(
            bucket(".alarms", alarms_per_hour), bucket(".records", records_per_hour), bucket(".told", _EVENTS_PER_HOUR)
        )

    def to_stored(self) -> Mapping[str, Any]:
        """As JSON, by key."""
        return {
            ".alarms": self.pushes.to_stored(),
            ".records": self.records.to_stored(),
            ".told": self.events.to_stored(),
        }
