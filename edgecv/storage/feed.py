"""What is new in a box's database, for a console on the box that follows it: records and messages behind a position.

The rows carry JSON as it stands in the database: who reads it checks it.
"""

from __future__ import annotations

from dataclasses import dataclass

from edgecv.storage.database import Database


@dataclass(frozen=True, slots=True)
class RecordRow:
    """A record of an incident or an alarm.

    Attributes:
        position: its place in the order in which records were put in.
        id: the incident's.
        device: id of the camera or other device.
        tier: incident or candidate.
        started_at: RFC 3339.
        record: the contract's JSON.
    """

    position: int
    id: str
    device: str
    tier: str
    started_at: str
    record: str


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message of the outbox.

    Attributes:
        position: its place in the order of messages.
        kind: incident, evidence, update or device.
        device: id of the camera or other device.
        event: the CloudEvent, JSON.
    """

    position: int
    kind: str
    device: str
    event: str


@dataclass(frozen=True, slots=True)
class StateRow:
    """The newest state of a device.

    Attributes:
        device: its id, or ``box``.
        state: JSON.
        changed_s: when it changed, seconds since 1970.
    """

    device: str
    state: str
    changed_s: float


class Feed:
    """Reads a box's database.

    Args:
        database: an open connection, the caller's thread's own; read only is enough.
    """

    def __init__(self, database: Database) -> None:
        self._connection = database.connection

    def records(self, after: int, limit: int) -> list[RecordRow]:
        """Records behind a position, the first first."""
        rows = self._connection.execute(
            "SELECT rowid, id, device, tier, started_at, record FROM incidents WHERE rowid > ? ORDER BY rowid LIMIT ?",
            (after, limit),
        )
        return [RecordRow(*row) for row in rows]

    def messages(self, after: int, limit: int) -> list[MessageRow]:
        """Messages behind a position, the first first."""
        rows = self._connection.execute(
            "SELECT seq, kind, device, event FROM messages WHERE seq > ? ORDER BY seq LIMIT ?", (after, limit)
        )
        return [MessageRow(*row) for row in rows]

    def states(self) -> list[StateRow]:
        """The newest state of every device."""
        return [StateRow(*row) for row in self._connection.execute("SELECT device, state, changed_s FROM states")]

    def record(self, incident_id: str) -> str | None:
        """The record of an incident or an alarm as it is now, JSON; None where there is none."""
        row = self._connection.execute("SELECT record FROM incidents WHERE id = ?", (incident_id,)).fetchone()
        return None if row is None else str(row["record"])

    def recent_records(self, device: str, since_s: float, limit: int) -> list[RecordRow]:
        """A device's records that were put in since a time (seconds since 1970), the newest first."""
        rows = self._connection.execute(
            "SELECT rowid, id, device, tier, started_at, record FROM incidents WHERE stored_s >= ? AND device = ? "
            "ORDER BY stored_s DESC LIMIT ?",
            (since_s, device, limit),
        )
        return [RecordRow(*row) for row in rows]
