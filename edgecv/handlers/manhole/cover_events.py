"""What a cover's transition asks for: alarms, their updates, counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edgecv.handlers.manhole.maintenance_window import Window
from edgecv.handlers.manhole.position import Position
from edgecv.handlers.timestamps import stamp
from edgecv.incidents.alarm import alarm_id


@dataclass(frozen=True, slots=True)
class CoverIdentity:
    """Which cover.

    Attributes:
        site: the box file's site.
        device: the device's id in the box file.
        id: the cover's, such as its DevEUI.
        name: what alarms call it.
        position: where it lies, where the box file says so.
    """

    site: str
    device: str
    id: str
    name: str
    position: Position | None = None

    def alarm_id(self, kind: str, started_s: float, content: str | None = None) -> str:
        """The id that ``HandlerContext.alarm`` gives to an alarm of this cover."""
        return alarm_id(kind, self.site, self.device, self.name, stamp(started_s) if content is None else content)


@dataclass(frozen=True, slots=True)
class RaiseAlarm:
    """An alarm; in a window of maintenance it is recorded and not pushed.

    Attributes:
        alarm: its id.
        kind: one of ``edgecv.handlers.manhole.events``.
        started_s: when it began, seconds since 1970.
        text: in one sentence.
        details: what the kind's model says.
        window: the window it falls into, or None.
        ended_s: when it ended, where it has.
        content: what tells it from others, where that is not its start.
    """

    alarm: str
    kind: str
    started_s: float
    text: str
    details: Mapping[str, Any]
    window: Window | None = None
    ended_s: float | None = None
    content: str | None = None


@dataclass(frozen=True, slots=True)
class UpdateAlarm:
    """An alarm goes on or has ended; see ``HandlerContext.update``."""

    alarm: str
    text: str | None = None
    ended_s: float | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CountInput:
    """An input that changes nothing is counted under a name."""

    name: str


CoverEvent = RaiseAlarm | UpdateAlarm | CountInput
