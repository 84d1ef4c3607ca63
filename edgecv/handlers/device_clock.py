"""A device's clock against the box's: its clock may be a day off, its messages late, repeated or out of order.

The smallest delay seen between a device's stamp and our clock is taken for the difference of the clocks; a stamp plus
that difference is the event time. A device that is right within a minute is taken at its word. Messages that waited at
a broker come faster than they were written, and keep the difference however late they are; when everything comes late
at its own pace for five minutes, it is the clock that is behind.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from edgecv.handlers.stored_fields import stored_fields

TRUSTED_S = 60.0
LONGEST_DELAY_S = 366 * 86400.0
"""``session_hours`` may be a year: an event so long ago is none."""
LATE_S = 900.0
"""A first message later than this has a wrong stamp; less may be its way to us."""
_BEHIND_S = 300.0
_OWN_PACE = 2.0
_FIELDS = ("offset_s", "newest_s", "late", "steady")
_CERTAIN = 5  # fewer may be messages that waited at the broker


@dataclass(frozen=True, slots=True)
class DeviceClock:
    """One device's clock.

    Attributes:
        offset_s: what to add to its stamps, seconds.
        newest_s: its newest stamp, or None before the first.
        late: while everything comes late, box time and stamp of the first such message and the least lateness.
        steady: messages that left the difference as it was.
    """

    offset_s: float = 0.0
    newest_s: float | None = None
    late: tuple[float, float, float] | None = None
    steady: int = 0

    @classmethod
    def from_stored(cls, stored: Any) -> DeviceClock:
        """As ``to_stored`` gave it, or as a list of all fields, the form until 0.2; a new one for None.

        Raises:
            ValueError, TypeError, KeyError: it is of no such form.
        """
        fields = stored_fields(stored, _FIELDS)
        if fields is None:
            return cls()
        newest_s, late = fields["newest_s"], fields["late"]
        if late is not None:
            first_s, first_stamp_s, least_s = map(float, late)
            late = (first_s, first_stamp_s, least_s)
        return cls(
            float(fields["offset_s"]), None if newest_s is None else float(newest_s), late, int(fields["steady"])
        )

    def to_stored(self) -> dict[str, Any]:
        """As JSON."""
        return {name: getattr(self, name) for name in _FIELDS}

    @property
    def is_skewed(self) -> bool:
        """Whether its stamps are not taken at their word."""
        return self.offset_s != 0.0

    @property
    def is_newly_certain(self) -> bool:
        """Whether it has just become certain that the clock is wrong: time to say so, once."""
        return self.is_skewed and self.steady == _CERTAIN

    def read(self, stamp_s: float | None, arrived_s: float) -> tuple[DeviceClock, float]:
        """The clock after a message, and the event time of that message.

        Args:
            stamp_s: what the device says, seconds since 1970, or None.
            arrived_s: when it came, box time.
        """
        if stamp_s is None:
            return self, arrived_s
        clock, event_s = self._corrected(stamp_s, arrived_s)
        # further back than any broker keeps messages it is a clock that jumped
        return (clock, event_s) if arrived_s - event_s <= LONGEST_DELAY_S else (clock, arrived_s)

    def _corrected(self, stamp_s: float, arrived_s: float) -> tuple[DeviceClock, float]:
        delay_s = arrived_s - stamp_s
        lag_s = delay_s - self.offset_s
        if self.newest_s is None:
            return self._set(0.0 if -TRUSTED_S <= delay_s <= LATE_S else delay_s, stamp_s, arrived_s)
        if lag_s < -TRUSTED_S or (self.is_skewed and lag_s < 0.0):  # it came before it was sent
            return self._set(delay_s, stamp_s, arrived_s)
        late = None
        if lag_s > TRUSTED_S:
            first_s, first_stamp_s, least_s = self.late or (arrived_s, stamp_s, lag_s)
            late = (first_s, first_stamp_s, min(least_s, lag_s))
            took_s = arrived_s - first_s
            if took_s >= _BEHIND_S and stamp_s - first_stamp_s <= _OWN_PACE * took_s:
                return self._set(self.offset_s + late[2], stamp_s, arrived_s)
        newest_s, steady = max(self.newest_s, stamp_s), min(self.steady + 1, _CERTAIN + 1)
        return replace(self, newest_s=newest_s, late=late, steady=steady), stamp_s + self.offset_s

    def _set(self, offset_s: float, stamp_s: float, arrived_s: float) -> tuple[DeviceClock, float]:
        offset_s = 0.0 if abs(offset_s) <= TRUSTED_S else offset_s
        steady = 0 if abs(offset_s - self.offset_s) > TRUSTED_S else min(self.steady + 1, _CERTAIN + 1)
        return DeviceClock(offset_s, stamp_s, None, steady), min(stamp_s + offset_s, arrived_s)
