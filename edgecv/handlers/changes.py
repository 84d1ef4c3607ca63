"""What one input, or a batch of them, changes: checked when it is complete, written as a whole."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from edgecv.handlers.payload_limits import check_details, check_state, encode
from edgecv.incidents.alarm import Alarm
from edgecv.incidents.record import coded
from edgecv.storage.alarm_rows import insert_alarm, read_alarm, replace_alarm
from edgecv.storage.device_state import count_unreadable, write_device_state
from edgecv.storage.outbox import insert_device_event
from edgecv.untrusted import UntrustedError


@dataclass(frozen=True, slots=True)
class AlarmUpdate:
    """An alarm goes on or has ended.

    Attributes:
        alarm: its id.
        text: its sentence, or None as before.
        ended_at: when it ended, RFC 3339, or None as before.
        details: the details that change.
        push: whether the upstream is sent the change.
        at: when it changed, RFC 3339.
    """

    alarm: str
    text: str | None
    ended_at: str | None
    details: Mapping[str, Any]
    push: bool
    at: str


@dataclass(slots=True)
class Changes:
    """What is written together.

    Attributes:
        state: the handler's stored state by key; None removes a key.
        alarms: alarms raised, and whether they are pushed.
        updates: of alarms.
        events: device events.
        unreadable: by reason, how many inputs could not be read, and the first of them.
        origin: the input that caused them, for whoever has to look for it.
    """

    state: dict[str, Any] = field(default_factory=dict)
    alarms: list[tuple[Alarm, bool]] = field(default_factory=list)
    updates: list[AlarmUpdate] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    unreadable: dict[str, tuple[int, str | None]] = field(default_factory=dict)
    origin: str | None = None

    def __bool__(self) -> bool:
        return bool(self.state or self.alarms or self.updates or self.events or self.unreadable)

    def check(self) -> None:
        """Whether the database will take them: asked of each input, so that none spoils the commit of others.

        Raises:
            UntrustedError: it will not.
        """
        for key, value in self.state.items():
            check_state(key, value)
        for update in self.updates:
            check_details({"text": update.text, "details": update.details})
        for event in self.events:
            check_details(event)

    def merge(self, later: Changes) -> None:
        """Add the changes of a later input; inputs that could not be read are counted for both."""
        self.state.update(later.state)
        self.alarms += later.alarms
        self.updates += later.updates
        self.events += later.events
        for reason, (count, example) in later.unreadable.items():
            count_before, example_before = self.unreadable.get(reason, (0, None))
            self.unreadable[reason] = (count_before + count, example if example_before is None else example_before)

    def write(self, connection: sqlite3.Connection, device: str, wall_s: float) -> None:
        """Write them within the caller's transaction.

        Args:
            connection: the box's database.
            device: whose they are.
            wall_s: seconds since 1970.
        """
        values = {key: None if value is None else encode(value) for key, value in self.state.items()}
        write_device_state(connection, device, values)
        for alarm, push in self.alarms:
            insert_alarm(connection, alarm, push=push)
        for update in self.updates:
            _apply(connection, update)
        for event in self.events:
            insert_device_event(connection, device, event)
        for reason, (count, example) in self.unreadable.items():
            count_unreadable(connection, device, reason, count, example, wall_s)


def _apply(connection: sqlite3.Connection, update: AlarmUpdate) -> None:
    try:
        before = read_alarm(connection, update.alarm)
        if before is None:
            return  # the rate limit dropped the alarm
        details = {**before.details, **update.details}
        check_details(details)
    except (ValidationError, UntrustedError):
        return  # of an older version, or grown beyond its bounds: it stays as it is
    alarm = before.model_copy(
        update={
            "text": update.text or before.text,
            "text_code": coded(update.text) if update.text else before.text_code,
            "ended_at": update.ended_at or before.ended_at,
            "details": details,
        }
    )
    if alarm != before:
        replace_alarm(connection, alarm, update_at=update.at if update.push else None)
