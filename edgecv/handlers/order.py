"""Telling new messages from repeated and overtaken ones, by the counter that a device puts into each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

_WINDOW = 64
Place = Literal["new", "late", "duplicate"]


@dataclass(frozen=True, slots=True)
class Order:
    """Counters seen: the highest, and as bits which of those just below it."""

    highest: int | None = None
    seen: int = 0

    @classmethod
    def of(cls, kept: Any) -> Order:
        """As ``kept`` gave it; a new one for None."""
        return cls() if kept is None else cls(*kept)

    def kept(self) -> list[Any]:
        """For the desk; as text where JSON's readers would round."""
        return [self.highest, self.seen]

    def place(self, counter: int, *, newer: bool | None) -> tuple[Order, Place]:
        """Where a message belongs, and what was seen after it.

        Args:
            counter: the message's.
            newer: whether its stamp is newer than all before, which together with a lower counter means that the device
                counts anew; None where it has no stamp, and a counter far below must mean that.
        """
        if self.highest is None or counter > self.highest:
            step = 0 if self.highest is None else counter - self.highest
            seen = ((self.seen << step) | 1) & (2**_WINDOW - 1) if step < _WINDOW else 1
            return Order(counter, seen), "new"
        back = self.highest - counter
        if newer or (newer is None and back >= _WINDOW):
            return Order(counter, 1), "new"
        if back >= _WINDOW:
            return self, "duplicate"
        if self.seen >> back & 1:
            return self, "duplicate"
        return Order(self.highest, self.seen | 1 << back), "late"
