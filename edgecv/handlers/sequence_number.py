"""Telling new messages from repeated and overtaken ones, by the counter that a device puts into each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from edgecv.handlers.stored_fields import stored_fields

_WINDOW = 64
_FIELDS = ("highest", "seen", "before")


class Placement(StrEnum):
    """Where a message belongs among those of its sender."""

    NEW = "new"
    LATE = "late"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class SequenceWindow:
    """Counters seen.

    Attributes:
        highest: the highest.
        seen: as bits, which of those just below it.
        before: the highest before the device counted anew: what comes again from then is told by it.
    """

    highest: int | None = None
    seen: int = 0
    before: int = -1

    @classmethod
    def from_stored(cls, stored: Any) -> SequenceWindow:
        """As ``to_stored`` gave it, or as a list of all fields, the form until 0.2; a new one for None.

        Raises:
            ValueError, TypeError, KeyError: it is of no such form.
        """
        fields = stored_fields(stored, _FIELDS)
        if fields is None:
            return cls()
        highest = fields["highest"]
        return cls(None if highest is None else int(highest), int(fields["seen"]), int(fields["before"]))

    def to_stored(self) -> dict[str, Any]:
        """As JSON."""
        return {name: getattr(self, name) for name in _FIELDS}

    def restarted(self) -> SequenceWindow:
        """The device says that it counts anew."""
        return SequenceWindow(before=max(self.before, -1 if self.highest is None else self.highest))

    def place(self, counter: int, *, newer: bool | None) -> tuple[SequenceWindow, Placement]:
        """Where a message belongs, and what was seen after it.

        Args:
            counter: the message's.
            newer: whether its stamp is newer than all before, which together with a lower counter means that the device
                counts anew; None where it has no stamp, and a counter far below must mean that.
        """
        if self.highest is None or counter > self.highest:
            if newer is False and counter <= self.before:
                return self, Placement.DUPLICATE
            step = 0 if self.highest is None else counter - self.highest
            seen = ((self.seen << step) | 1) & (2**_WINDOW - 1) if step < _WINDOW else 1
            return replace(self, highest=counter, seen=seen), Placement.NEW
        back = self.highest - counter
        if newer or (newer is None and back >= _WINDOW):
            return replace(self.restarted(), highest=counter, seen=1), Placement.NEW
        if back >= _WINDOW:
            return self, Placement.DUPLICATE
        if self.seen >> back & 1:
            return self, Placement.DUPLICATE
        return replace(self, seen=self.seen | 1 << back), Placement.LATE
