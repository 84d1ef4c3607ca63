"""Alarms of devices other than cameras: the record, and the messages that carry it to the upstream.

Every function works within the caller's transaction, see :meth:`edgecv.storage.database.Database.transaction`.
"""

from __future__ import annotations

import sqlite3

from edgecv.incidents.alarm import Alarm, alarm_id
from edgecv.incidents.cloudevents import incident_event, update_event
from edgecv.storage.incident_rows import insert_record
from edgecv.storage.outbox import add_message


def insert_alarm(connection: sqlite3.Connection, alarm: Alarm, *, push: bool) -> bool:
    """Put an alarm in, with its message where it is pushed; False where the alarm is there already."""
    if not insert_record(connection, alarm, "none"):
        return False
    if push:
        add_message(connection, "incident", alarm.id, alarm.device, incident_event(alarm))
    return True


def read_alarm(connection: sqlite3.Connection, record_id: str) -> Alarm | None:
    """An alarm by its id; None where there is none.

    Raises:
        pydantic.ValidationError: the record cannot be read: another version wrote it, or it is a thrown object's.
    """
    row = connection.execute("SELECT record FROM incidents WHERE id = ?", (record_id,)).fetchone()
    return None if row is None else Alarm.model_validate_json(row["record"])


def replace_alarm(connection: sqlite3.Connection, alarm: Alarm, *, update_at: str | None = None) -> None:
    """Replace the record of an alarm, and send an update where the alarm itself was pushed.

    Args:
        connection: the box's, in a transaction.
        alarm: the new record, with the id of the old one.
        update_at: when it changed, RFC 3339; None sends no update.
    """
    connection.execute("UPDATE incidents SET record = ? WHERE id = ?", (alarm.to_json(), alarm.id))
    query = "SELECT 1 FROM messages WHERE kind = 'incident' AND id = ?"
    if update_at is not None and connection.execute(query, (alarm.id,)).fetchone() is not None:
        update_id = alarm_id("update", alarm.to_json())
        add_message(connection, "update", update_id, alarm.device, update_event(alarm, update_id, update_at))
