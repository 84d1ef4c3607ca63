"""A camera's access to the box's database: opened when something is to be stored, closed after an error."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from edgecv.daemon.pending_records import DeviceEvent
from edgecv.errors import EdgecvError
from edgecv.incidents.cloudevents import device_event
from edgecv.incidents.record import Incident
from edgecv.storage.database import DATABASE, Database
from edgecv.storage.incident_store import INCIDENTS, IncidentStore, part_of
from edgecv.storage.outbox import insert_device_event
from edgecv.storage.recovery import recover_records

DATABASE_ERRORS = (sqlite3.Error, EdgecvError, OSError)
"""What a disk or a database that takes nothing raises."""


class RecordDatabase:
    """Stores records and device events of one camera; for one thread.

    Args:
        state: the state directory.
    """

    def __init__(self, state: Path) -> None:
        self._folder = state / INCIDENTS
        self._path = state / DATABASE
        self._opened: tuple[Database, IncidentStore] | None = None

    def recover(self, camera_id: str) -> None:
        """Hand evidence that a crash of this camera's worker interrupted over to the evidence process.

        Raises:
            DATABASE_ERRORS: the database takes nothing.
        """
        _, store = self._open()
        recover_records(store, camera_id)
        store.hand_over_all(camera_id)

    def has(self, incident_id: str) -> bool:
        """Whether an incident is stored; no where the database cannot be read."""
        try:
            return self._open()[1].get(incident_id) is not None
        except DATABASE_ERRORS:
            return False

    def add(self, incident: Incident) -> bool:
        """Store a record together with its message; whether it is new.

        Raises:
            DATABASE_ERRORS: the database takes nothing.
        """
        return self._open()[1].add(incident, evidence=incident.tier == "incident")

    def add_event(self, site: str, device: str, event: DeviceEvent) -> None:
        """Store the message of a device event.

        Raises:
            DATABASE_ERRORS: the database takes nothing.
        """
        message = device_event(site, device, event.kind, event.text, event.details)
        with self._open()[0].transaction() as connection:
            insert_device_event(connection, device, message)

    def hand_over(self, incident_id: str) -> None:
        """Hand evidence that is whole over to the process that draws and seals it.

        Raises:
            DATABASE_ERRORS: the database takes nothing.
        """
        self._open()[1].hand_over(incident_id)

    def part_of(self, incident_id: str) -> Path:
        """The folder of evidence that is not sealed yet."""
        return part_of(self._folder, incident_id)

    def close(self) -> None:
        """Close it; the next use opens it again."""
        if self._opened is not None:
            self._opened[0].close()
        self._opened = None

    def _open(self) -> tuple[Database, IncidentStore]:
        if self._opened is None:
            database = Database(self._path)
            self._opened = database, IncidentStore(database, self._folder)
            self._folder.mkdir(parents=True, exist_ok=True)
        return self._opened
