"""What one input, or a batch of them, has brought about: checked when it is complete, written as a whole."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from edgecv.handlers.payload_limits import check_details, check_memory, encode
from edgecv.incidents.alarm import Alarm, alarm_id
from edgecv.incidents.cloudevents import incident_event, update_event
from edgecv.storage.database import DatabaseError
from edgecv.storage.incident_rows import insert_record
from edgecv.storage.outbox import add_message
from edgecv.untrusted import UntrustedError

_PUT = (
    "INSERT INTO device_state (device, key, value) VALUES (?, ?, ?) "
    "ON CONFLICT (device, key) DO UPDATE SET value = excluded.value"
)
_UNREADABLE = (
    "INSERT INTO unreadable VALUES (?, ?, ?, ?, ?) ON CONFLICT (device, reason) "
    "DO UPDATE SET count = count + excluded.count, seen_s = excluded.seen_s"
)


@dataclass(frozen=True, slots=True)
class Update:
    """An alarm went on or is over."""

    alarm: str
    text: str | None
    ended_at: str | None
    details: Mapping[str, Any]
    push: bool
    at: str


@dataclass(slots=True)
class Layer:
    """What is to be written together.

    Attributes:
        values: the handler's memory by key; None forgets.
        raised: alarms, and whether they are pushed.
        updates: of alarms.
        told: device events.
        unreadable: by reason, how many inputs and the first of them.
        origin: the input it came of, for whoever has to look for it.
    """

    values: dict[str, Any] = field(default_factory=dict)
    raised: list[tuple[Alarm, bool]] = field(default_factory=list)
    updates: list[Update] = field(default_factory=list)
    told: list[dict[str, Any]] = field(default_factory=list)
    unreadable: dict[str, tuple[int, str | None]] = field(default_factory=dict)
    origin: str | None = None

    def __bool__(self) -> bool:
        return bool(self.values or self.raised or self.updates or self.told or self.unreadable)

    def check(self) -> None:
        """Whether the database will take it: asked of each input, so that none spoils the commit of others.

        Raises:
            UntrustedError: it will not.
        """
        for key, value in self.values.items():
            check_memory(key, value)
        for update in self.updates:
            check_details({"text": update.text, "details": update.details})
        for event in self.told:
            check_details(event)

    def join(self, later: Layer) -> None:
        """Add what a later input brought about; what could not be read is counted for both."""
        self.values.update(later.values)
        self.raised += later.raised
        self.updates += later.updates
        self.told += later.told
        for reason, (count, example) in later.unreadable.items():
            before, first = self.unreadable.get(reason, (0, None))
            self.unreadable[reason] = (before + count, example if first is None else first)

    def write(self, connection: sqlite3.Connection, device: str, wall_s: float) -> None:
        """Put it into the database, within the caller's transaction."""
        kept = [(device, key, encode(value)) for key, value in self.values.items() if value is not None]
        connection.executemany(_PUT, kept)
        gone = [(device, key) for key, value in self.values.items() if value is None]
        if gone:
            connection.executemany("DELETE FROM device_state WHERE device = ? AND key = ?", gone)
        for alarm, push in self.raised:
            if insert_record(connection, alarm, "none") and push:
                add_message(connection, "incident", alarm.id, alarm.device, incident_event(alarm))
        for update in self.updates:
            _apply(connection, update)
        for event in self.told:
            add_message(connection, "device", event["id"], device, event)
        for reason, (count, example) in self.unreadable.items():
            connection.execute(_UNREADABLE, (device, reason, count, example, wall_s))


def blames_disk(error: BaseException) -> bool:
    """Whether a write failed because of the disk or the file, and not of what was to be written."""
    if isinstance(error, sqlite3.DataError | sqlite3.IntegrityError | sqlite3.ProgrammingError):
        return False
    return isinstance(error, sqlite3.DatabaseError | DatabaseError | OSError)


def _apply(connection: sqlite3.Connection, update: Update) -> None:
    row = connection.execute("SELECT record FROM incidents WHERE id = ?", (update.alarm,)).fetchone()
    if row is None:
        return  # it was one alarm too many
    try:
        before = Alarm.model_validate_json(row[0])
        details = {**before.details, **update.details}
        check_details(details)
    except (ValidationError, UntrustedError):
        return  # of an older version, or grown beyond its bounds: it stays as it is
    alarm = before.model_copy(
        update={
            "text": update.text or before.text,
            "ended_at": update.ended_at or before.ended_at,
            "details": details,
        }
    )
    if alarm == before:
        return
    connection.execute("UPDATE incidents SET record = ? WHERE id = ?", (alarm.to_json(), alarm.id))
    known = connection.execute("SELECT 1 FROM messages WHERE kind = 'incident' AND id = ?", (alarm.id,)).fetchone()
    if update.push and known is not None:
        update_id = alarm_id("update", alarm.to_json())
        add_message(connection, "update", update_id, alarm.device, update_event(alarm, update_id, update.at))
