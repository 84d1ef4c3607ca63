"""Telling new messages from repeated and overtaken ones, by the counter that a device puts into each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

_WINDOW = 64
Place = Literal["new", "late", "duplicate"]


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
    def of(cls, kept: Any) -> SequenceWindow:
        """As ``kept`` gave it; a new one for None.

        Raises:
            ValueError, TypeError: it is of no such form.
        """
        if kept is None:
            return cls()
        highest, seen, before = kept
        return cls(None if highest is None else int(highest), int(seen), int(before))

    def kept(self) -> list[Any]:
        """For the context."""
        return [self.highest, self.seen, self.before]

    def restarted(self) -> SequenceWindow:
        """The device says that it counts anew."""
        return SequenceWindow(before=max(self.before, -1 if self.highest is None else self.highest))

    def place(self, counter: int, *, newer: bool | None) -> tuple[SequenceWindow, Place]:
        """Where a message belongs, and what was seen after it.

        Args:
            counter: the message's.
            newer: whether its stamp is newer than all before, which together with a lower counter means that the device
                counts anew; None where it has no stamp, and a counter far below must mean that.
        """
        if self.highest is None or counter > self.highest:
            if newer is False and counter <= self.before:
                return self, "duplicate"
            step = 0 if self.highest is None else counter - self.highest
            seen = ((self.seen << step) | 1) & (2**_WINDOW - 1) if step < _WINDOW else 1
            return replace(self, highest=counter, seen=seen), "new"
        back = self.highest - counter
        if newer or (newer is None and back >= _WINDOW):
            return replace(self.restarted(), highest=counter, seen=1), "new"
        if back >= _WINDOW:
            return self, "duplicate"
        if self.seen >> back & 1:
            return self, "duplicate"
        return replace(self, seen=self.seen | 1 << back), "late"
