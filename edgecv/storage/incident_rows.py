"""Incidents as the database holds them: what is known of one besides its record."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass

from edgecv.incidents.alarm import Alarm, Record, read_record
from edgecv.incidents.record import Incident


@dataclass(frozen=True, slots=True)
class StoredIncident:
    """One incident as the database holds it.

    Attributes:
        record: a thrown object's incident, or another device's alarm.
        stored_s: when it was put in, seconds since 1970.
        evidence: pending, sealed, failed, deleted or none.
        bytes: of its evidence.
        hold: why it must not be deleted, or None.
        resolution: how it ended, or None.
    """

    record: Record
    stored_s: float
    evidence: str
    bytes: int
    hold: str | None
    resolution: str | None

    @property
    def incident(self) -> Incident:
        """The record of a thrown object.

        Raises:
            TypeError: it is another device's alarm; ask for ``record``.
        """
        if isinstance(self.record, Alarm):
            raise TypeError(f"{self.record.id} is an alarm of kind {self.record.kind}, not a thrown object")
        return self.record

    @property
    def id(self) -> str:
        """The incident's id."""
        return self.record.id

    @property
    def kind(self) -> str:
        """What has happened: ``thrown_object``, ``manhole_moved``, ..."""
        return self.record.kind

    @property
    def device(self) -> str:
        """The camera's or other device's id."""
        return self.record.device

    @property
    def tier(self) -> str:
        """Incident or candidate."""
        return self.record.tier

    @property
    def started_at(self) -> str:
        """When it began, RFC 3339."""
        return self.record.started_at


@dataclass(frozen=True, slots=True)
class UnsealedIncident:
    """An incident whose evidence is not sealed yet.

    Attributes:
        id: the incident's.
        device: the camera's.
        is_handed_over: whether it is the evidence process's: its worker adds nothing more.
    """

    id: str
    device: str
    is_handed_over: bool


def insert_record(connection: sqlite3.Connection, record: Record, evidence: str) -> bool:
    """Put a record in, within the caller's transaction; False where it was there."""
    cursor = connection.execute(
        "INSERT OR IGNORE INTO incidents (id, kind, device, tier, started_at, stored_s, record, evidence) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            record.id,
            record.kind,
            record.device,
            record.tier,
            record.started_at,
            time.time(),
            record.to_json(),
            evidence,
        ),
    )
    return cursor.rowcount > 0


def count_unsealed(connection: sqlite3.Connection) -> int:
    """How many incidents' evidence is not sealed yet."""
    return int(connection.execute("SELECT count(*) FROM incidents WHERE evidence = 'pending'").fetchone()[0])


def incident_from_row(row: sqlite3.Row) -> StoredIncident:
    """An incident from its row in the database."""
    return StoredIncident(
        read_record(row["kind"], row["record"]),
        row["stored_s"],
        row["evidence"],
        row["bytes"],
        row["hold"],
        row["resolution"],
    )
