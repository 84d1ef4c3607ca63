"""What a device's time is worth: its clock may be a day off, its messages late, repeated or out of order.

The smallest delay seen between a device's stamp and our clock is taken for the difference of the clocks; a stamp plus
that difference is the event time. A device that is right within a minute is taken at its word. Stamps that run on from
the ones before keep the difference, however late they come: a broker that was away for an hour makes nobody's clock
wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

TRUSTED_S = 60.0
LATE_S = 900.0
"""A message later than this, again and again for as long, is no late message but a clock that was set."""
_SURE = 5  # fewer may be messages that waited at the broker


@dataclass(frozen=True, slots=True)
class DeviceClock:
    """What is known of one device's clock.

    Attributes:
        offset_s: what to add to its stamps, seconds.
        newest_s: its newest stamp, or None before the first.
        late_since_s: since when, box time, everything has come late; or None.
        steady: messages that left the difference as it was.
    """

    offset_s: float = 0.0
    newest_s: float | None = None
    late_since_s: float | None = None
    steady: int = 0

    @classmethod
    def of(cls, kept: Any) -> DeviceClock:
        """As ``kept`` gave it; a new one for None."""
        return cls() if kept is None else cls(*kept)

    def kept(self) -> list[Any]:
        """For the desk."""
        return [self.offset_s, self.newest_s, self.late_since_s, self.steady]

    @property
    def is_skewed(self) -> bool:
        """Whether its stamps are not taken at their word."""
        return self.offset_s != 0.0

    @property
    def newly_sure(self) -> bool:
        """Whether it has just become certain that the clock is wrong: time to say so, once."""
        return self.is_skewed and self.steady == _SURE

    def read(self, stamp_s: float | None, arrived_s: float) -> tuple[DeviceClock, float]:
        """The clock after a message, and the event time of that message.

        Args:
            stamp_s: what the device says, seconds since 1970, or None.
            arrived_s: when it came, box time.
        """
        if stamp_s is None:
            return self, arrived_s
        delay_s = arrived_s - stamp_s
        lag_s = delay_s - self.offset_s
        if self.newest_s is None:  # nothing to compare with: late or wrong, a quarter of an hour decides
            offset_s = 0.0 if -TRUSTED_S <= delay_s <= LATE_S else delay_s
            return self._with(offset_s, stamp_s, None, arrived_s)
        if lag_s < -TRUSTED_S or (self.is_skewed and lag_s < 0.0):  # it came before it was sent
            return self._with(0.0 if abs(delay_s) <= TRUSTED_S else delay_s, stamp_s, None, arrived_s)
        late_since_s = None
        if lag_s > LATE_S:
            late_since_s = arrived_s if self.late_since_s is None else self.late_since_s
            set_back = stamp_s < self.newest_s - LATE_S
            if set_back and arrived_s - late_since_s >= LATE_S:
                return self._with(0.0 if abs(delay_s) <= TRUSTED_S else delay_s, stamp_s, None, arrived_s)
        newest_s = max(self.newest_s, stamp_s)
        steady = min(self.steady + 1, _SURE + 1)
        return replace(self, newest_s=newest_s, late_since_s=late_since_s, steady=steady), stamp_s + self.offset_s

    def _with(
        self, offset_s: float, stamp_s: float, late_since_s: float | None, arrived_s: float
    ) -> tuple[DeviceClock, float]:
        steady = 0 if abs(offset_s - self.offset_s) > TRUSTED_S else min(self.steady + 1, _SURE + 1)
        return DeviceClock(offset_s, stamp_s, late_since_s, steady), min(stamp_s + offset_s, arrived_s)
