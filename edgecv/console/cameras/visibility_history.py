"""How well devices saw, from what they said of themselves: blind minutes each hour, the daily test, events."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from edgecv.console.storage.schema import Device, DeviceEvent
from edgecv.incidents.record_limits import LARGEST

_HOURS = 24
"""The page shows a day, which holds a whole turn of light and traffic."""
_MOST_HOURS, _MOST_CAUSES = 48, 10
"""A camera that restarts tells parts of an hour; more than this is no camera."""
_EVENTS_SHOWN = 20
_CAUSE_CHARS = 100
"""What fits on the page; a cause comes from a box and is not trusted to be short."""
_TEST_DAYS = 7
"""A sensitivity test of a week ago is still shown; an older one says little of the camera today."""


@dataclass(frozen=True, slots=True)
class BlindHour:
    """One hour: when it began, how many minutes were watched over, how many of them blind, and why."""

    from_s: float
    noted: float
    blind: float
    causes: tuple[tuple[str, float], ...]


@dataclass(slots=True)
class Visibility:
    """How well a device saw in the last day.

    Attributes:
        hours: that it reported, oldest first.
        seen: share of falls drawn into copies of the live picture that were seen at its last test; None without one.
        tested_s: when that was.
    """

    hours: list[BlindHour] = field(default_factory=list)
    seen: float | None = None
    tested_s: float | None = None

    @property
    def blind(self) -> float | None:
        """Blind minutes of all hours; None where none was reported."""
        return sum(hour.blind for hour in self.hours) if self.hours else None


def sights(session: Session, site: str | None = None, device: str | None = None) -> dict[tuple[str, str], Visibility]:
    """How well devices saw, by site and name."""
    now = time.time()
    query = (
        select(DeviceEvent.site, DeviceEvent.device, DeviceEvent.kind, DeviceEvent.at_s, DeviceEvent.data)
        .where(DeviceEvent.kind.in_(("blind_minutes", "sensitivity")), DeviceEvent.at_s > now - _TEST_DAYS * 86400)
        .order_by(DeviceEvent.at_s)
    )
    if site is not None:
        query = query.where(DeviceEvent.site == site, DeviceEvent.device == device)
    sights_by_camera: dict[tuple[str, str], Visibility] = {}
    for place, name, kind, at_s, content in session.execute(query):
        data = content if isinstance(content, dict) else {}
        sight = sights_by_camera.setdefault((place, name), Visibility())
        if kind == "blind_minutes":
            hour = _hour(data, at_s)
            if hour.from_s > now - (_HOURS + 1) * 3600:
                sight.hours.append(hour)
        elif _number(data.get("drawn")) > 0:
            share = _number(data.get("seen")) / _number(data.get("drawn"))
            sight.seen, sight.tested_s = min(1.0, max(0.0, share)), at_s
    for sight in sights_by_camera.values():
        del sight.hours[:-_MOST_HOURS]
    return sights_by_camera


def last_events(session: Session, site: str, device: str) -> Sequence[DeviceEvent]:
    """What it said last, newest first; blind minutes stand in a table of their own."""
    query = select(DeviceEvent).where(DeviceEvent.site == site, DeviceEvent.device == device)
    query = query.where(DeviceEvent.kind != "blind_minutes")
    return session.scalars(query.order_by(DeviceEvent.at_s.desc()).limit(_EVENTS_SHOWN)).all()


def find_device(session: Session, site: str, device: str) -> Device | None:
    """A device with its newest state, if it told one."""
    if "\x00" in site + device:  # PostgreSQL refuses a NUL in what is looked for
        return None
    return session.scalar(select(Device).where(Device.site == site, Device.name == device))


def _hour(data: dict[str, Any], at_s: float) -> BlindHour:
    minutes = data.get("minutes")
    listed = list(minutes.items())[:_MOST_CAUSES] if isinstance(minutes, dict) else []
    causes = tuple((cause[:_CAUSE_CHARS], _minutes(n)) for cause, n in listed)
    begin_s = _number(data.get("from_s")) or at_s - 3600.0
    return BlindHour(begin_s, _minutes(data.get("noted_minutes")), _minutes(data.get("blind_minutes")), causes)


def _minutes(value: object) -> float:
    """Of one hour."""
    return min(60.0, max(0.0, _number(value)))


def _number(value: object) -> float:
    """A number that a float holds; 0 for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST:
        return 0.0
    return float(value)
