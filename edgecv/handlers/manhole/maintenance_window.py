"""When a crew works on a cover."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

EVERY = "*"


@dataclass(frozen=True, slots=True)
class Window:
    """From when to when who works on a cover; box time, seconds since 1970."""

    cover: str
    from_s: float
    to_s: float
    by: str

    @property
    def key(self) -> str:
        """What tells it from others."""
        return f"{self.cover}/{self.from_s:.0f}"

    def is_on(self, at_s: float) -> bool:
        """Whether a moment falls into it."""
        return self.from_s <= at_s <= self.to_s

    def names(self, names: Iterable[str], *, by_name: bool = False) -> bool:
        """Whether it is for a cover of these names; ``by_name`` a window for every cover is not."""
        return self.cover in names or (self.cover == EVERY and not by_name)


def window_at(windows: Iterable[Window], at_s: float, *, by_name: bool = False) -> Window | None:
    """The first window that a moment falls into, or None.

    Args:
        windows: those of one cover.
        at_s: the moment, seconds since 1970.
        by_name: only a window for this very cover, none for all.
    """
    return next((w for w in windows if w.is_on(at_s) and not (by_name and w.cover == EVERY)), None)
