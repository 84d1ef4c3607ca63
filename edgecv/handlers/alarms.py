"""Alarms of one device, their updates, and its events, within its rate limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from edgecv._version import __version__
from edgecv.handlers.changes import AlarmUpdate, Changes
from edgecv.handlers.handler_metrics import HandlerMetrics
from edgecv.handlers.payload_limits import MAX_SENTENCE_CHARS, BoundedAlarm
from edgecv.handlers.rate_limit import RateLimits
from edgecv.handlers.timestamps import stamp
from edgecv.handlers.unit_of_work import UnitOfWork
from edgecv.incidents.alarm import alarm_id
from edgecv.incidents.cloudevents import device_event
from edgecv.incidents.record import Software, coded
from edgecv.messages import handlers as messages
from edgecv.untrusted import UntrustedError, check_text

_HELD_BACK_EVERY_S = 600.0
"""Between two events that say how many alarms were held back."""


@dataclass(frozen=True, slots=True)
class DeviceIdentity:
    """Whose alarms they are.

    Attributes:
        site: the box file's site.
        device: the device's id in the box file.
        events: the details of each kind of alarm it may raise.
        alarms_per_hour: how many may be pushed.
        box_file: file names in it are relative to its folder.
        state: the box's state directory.
        config_sha256: of the box file.
    """

    site: str
    device: str
    events: Mapping[str, type[BaseModel]]
    alarms_per_hour: int
    box_file: Path
    state: Path
    config_sha256: str | None = field(default=None, compare=False)  # any comment changes it


class AlarmWriter:
    """Puts alarms, updates and events into the unit of work.

    Args:
        identity: whose they are.
        work: the unit of work.
        metrics: where what is held back is counted.
    """

    def __init__(self, identity: DeviceIdentity, work: UnitOfWork, metrics: HandlerMetrics) -> None:
        self.identity = identity
        self.limits = RateLimits.restored(work, identity.alarms_per_hour)
        self._work = work
        self._metrics = metrics
        self._held_back = 0
        self._reported_s = float("-inf")

    def raise_alarm(
        self,
        kind: str,
        subject: str,
        started_s: float,
        text: str,
        details: Mapping[str, Any],
        *,
        now_s: float,
        planned: bool,
        ended_s: float | None,
        content: str | None,
    ) -> str:
        """See ``HandlerContext.alarm``."""
        identity = self.identity
        started_at = stamp(started_s)
        content = started_at if content is None else content
        raised_id = alarm_id(kind, identity.site, identity.device, subject, content)
        if not self.limits.records.take(now_s):  # first of all: a flood must cost little
            self._metrics.count("alarms_dropped")
            self._held_back += 1
            return raised_id
        checked = identity.events[kind].model_validate(details)
        try:
            alarm = BoundedAlarm(
                id=raised_id,
                kind=kind,
                tier="candidate" if planned else "incident",
                site=identity.site,
                device=identity.device,
                subject=subject,
                started_at=started_at,
                ended_at=None if ended_s is None else stamp(ended_s),
                text=text,
                text_code=coded(text),
                details=checked.model_dump(mode="json"),
                software=Software(version=__version__, config_sha256=identity.config_sha256),
            )
        except ValidationError as error:
            fields = ", ".join(dict.fromkeys(str(one["loc"][0]) for one in error.errors(include_input=False)))
            raise UntrustedError(f"an alarm's {fields} would be beyond bounds") from None
        push = not planned and self.limits.pushes.take(now_s)
        if not planned and not push:
            self._metrics.count("alarms_held_back")
            self._held_back += 1
        self._metrics.count("candidates" if planned else "incidents")
        self._work.current.alarms.append((alarm, push))
        return raised_id

    def update(
        self, alarm: str, text: str | None, *, now_s: float, ended_s: float | None, details: Mapping[str, Any]
    ) -> None:
        """See ``HandlerContext.update``."""
        if text is not None:
            check_text(text, MAX_SENTENCE_CHARS, "a sentence")
        push = self.limits.events.take(now_s)
        if not push:
            self._metrics.count("updates_held_back")
        ended_at = None if ended_s is None else stamp(ended_s)
        self._work.current.updates.append(AlarmUpdate(alarm, text, ended_at, details, push, stamp(now_s)))

    def send_event(self, kind: str, text: str, details: Mapping[str, Any], *, now_s: float) -> None:
        """See ``HandlerContext.send_event``."""
        check_text(text, MAX_SENTENCE_CHARS, "a sentence")
        if self.limits.events.take(now_s):
            self._work.current.events.append(self._event(kind, text, details))
        else:
            self._metrics.count("events_held_back")

    def has_report(self, now_s: float) -> bool:
        """Whether it is time to report alarms that were held back."""
        return self._held_back > 0 and now_s - self._reported_s >= _HELD_BACK_EVERY_S

    def report_held_back(self, now_s: float) -> None:
        """One event for all alarms that were too many, now and then."""
        if not self.has_report(now_s):
            return
        count, self._held_back, self._reported_s = self._held_back, 0, now_s
        text = messages.HELD_BACK(count=count, most=self.identity.alarms_per_hour)
        self._work.add(Changes(events=[self._event("alarms_held_back", text, {"count": count})]))

    def _event(self, kind: str, text: str, details: Mapping[str, Any]) -> dict[str, Any]:
        return device_event(self.identity.site, self.identity.device, kind, text, dict(details))
