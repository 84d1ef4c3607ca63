"""What is told of a camera's sight, and for how long something must hold before it is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

ChangeKind = Literal["scene_change", "covered", "defocused", "frozen", "night_without_infrared", "turned"]


@dataclass(frozen=True, slots=True)
class Change:
    """Something begins or ends to be wrong with a camera's sight.

    Attributes:
        kind: what.
        state: whether it begins or ends.
        since_s: media time from which the new state was seen; it is told later, once it has held.
        text: one line for people.
        measures: the numbers behind it.
    """

    kind: ChangeKind
    state: Literal["begins", "ends"]
    since_s: float
    text: str
    measures: dict[str, float] = field(default_factory=dict)


class Debounce:
    """Lets a state through once it has held.

    Args:
        begins_s: how long it must be seen without a break before it begins.
        ends_s: how long it must not be seen before it ends.
    """

    def __init__(self, begins_s: float, ends_s: float) -> None:
        self._needed_s = (begins_s, ends_s)
        self._contrary_since_s: float | None = None
        self.active = False

    def feed(self, t_s: float, observed: bool | None) -> float | None:
        """Take what was seen (None: cannot be told, nothing changes); return since when, where the state changes."""
        if observed is None:
            return None
        if observed == self.active:
            self._contrary_since_s = None
            return None
        if self._contrary_since_s is None:
            self._contrary_since_s = t_s
        since_s = self._contrary_since_s
        if t_s - since_s < self._needed_s[self.active]:
            return None
        self.active, self._contrary_since_s = observed, None
        return since_s

    def restart(self) -> None:
        """The clock jumped: what was about to change is looked at anew."""
        self._contrary_since_s = None
