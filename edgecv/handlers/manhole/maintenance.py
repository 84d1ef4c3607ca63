"""Windows in which a crew works on a cover: from the box file, or begun and ended by a command."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from edgecv.handlers.desk import Desk
from edgecv.handlers.handler import MalformedError
from edgecv.handlers.manhole.settings import Planned
from edgecv.handlers.values import a_name, a_time_s

EVERY = "*"
_LONGEST_S = 7 * 86400.0
_KEPT_S = 2 * 86400.0


@dataclass(frozen=True, slots=True)
class Window:
    """From when to when who works on a cover; box time, seconds since 1970."""

    cover: str
    from_s: float
    to_s: float
    by: str

    def holds(self, names: Iterable[str], at_s: float) -> bool:
        """Whether a cover of these names was to be worked on then."""
        return self.from_s <= at_s <= self.to_s and (self.cover == EVERY or self.cover in names)


class Maintenance:
    """All windows of a device.

    Args:
        desk: keeps those begun by command.
        planned: those of the box file.
    """

    def __init__(self, desk: Desk, planned: Iterable[Planned]) -> None:
        self._desk = desk
        self._planned = [
            Window(
                one.cover,
                datetime.fromisoformat(one.begins).timestamp(),
                datetime.fromisoformat(one.ends).timestamp(),
                one.by,
            )
            for one in planned
        ]
        self._ordered = {key: Window(*kept) for key, kept in desk.items("maintenance/")}

    def window(self, names: Iterable[str], at_s: float) -> Window | None:
        """The window a moment falls into, or None."""
        names = tuple(names)
        windows = (*self._planned, *self._ordered.values())
        return next((window for window in windows if window.holds(names, at_s)), None)

    def command(self, order: Any) -> None:
        """``{"command": "maintenance", "cover": ..., "from": ..., "to": ..., "by": ...}``, or ``maintenance_end``.

        Raises:
            MalformedError: it is no such command.
        """
        desk = self._desk
        if not isinstance(order, dict):
            raise MalformedError("is no command")
        cover = a_name(order.get("cover"), "the cover of a command")
        if order.get("command") == "maintenance_end":
            for key, window in self._ordered.items():
                if window.cover == cover and window.to_s > desk.now_s:
                    self._keep(key, Window(cover, min(window.from_s, desk.now_s), desk.now_s, window.by))
            desk.tell("maintenance_ended", f"maintenance of {cover} has ended", cover=cover)
            return
        if order.get("command") != "maintenance":
            raise MalformedError("is an unknown command")
        from_s = a_time_s(order.get("from"), "the start of a command") or desk.now_s
        to_s = a_time_s(order.get("to"), "the end of a command")
        if to_s is None or not from_s < to_s <= from_s + _LONGEST_S:
            raise MalformedError("a maintenance window must end within a week of its start")
        by = a_name(order.get("by"), "the crew of a command")
        key = f"maintenance/{cover}/{from_s:.0f}"
        if key not in self._ordered:
            desk.tell("maintenance_planned", f"{by} works on {cover}", cover=cover, by=by)
        self._keep(key, Window(cover, from_s, to_s, by))

    def _keep(self, key: str, window: Window) -> None:
        self._ordered[key] = window
        self._desk.put(key, [window.cover, window.from_s, window.to_s, window.by])

    def tick(self) -> None:
        """Forget what is long over."""
        for key, window in list(self._ordered.items()):
            if window.to_s < self._desk.now_s - _KEPT_S:
                del self._ordered[key]
                self._desk.put(key, None)
