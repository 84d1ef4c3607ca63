"""After a crash: records that are on the disk and not in the database, and folders that no record needs."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

from edgecv.evidence.bundle_files import record_in
from edgecv.incidents.record import EvidenceRecord, Incident
from edgecv.storage.database import Database
from edgecv.storage.incident_rows import StoredIncident
from edgecv.storage.incident_store import IncidentStore

_log = logging.getLogger("edgecv.recovery")


def recover_records(store: IncidentStore, device: str | None = None) -> int:
    """Store incidents whose folder was begun before a crash and whose record is not in the database; how many.

    Args:
        store: gets them.
        device: only this camera's; all of them where no worker runs.

    Raises:
        sqlite3.Error: the disk is full or failed.
    """
    unrecorded = [record for part in store.folder.glob(".*.part") if (record := _unstored(store, part)) is not None]
    recovered = 0
    for record in sorted(unrecorded, key=lambda record: (record.started_at, record.media.start_s)):
        if device in {None, record.device} and store.add(record.model_copy(update={"evidence": EvidenceRecord()})):
            recovered += 1
            _log.warning("incident %s: a crash kept its record from the database; it is stored now", record.id)
    return recovered


def _unstored(store: IncidentStore, part: Path) -> Incident | None:
    """The record in a part that the database does not know."""
    incident_id = part.name.removeprefix(".").removesuffix(".part")
    if store.get(incident_id) is not None:
        return None
    try:
        record = record_in(part)
    except (OSError, ValueError):
        return None
    return record if record.id == incident_id else None


def remove_orphans(store: IncidentStore, database: Database) -> int:
    """Remove parts of evidence that no record knows or needs; how many. Only while no worker runs."""
    if not store.folder.is_dir():
        return 0
    removed = 0
    for part in store.folder.glob(".*.part"):
        stored = store.get(part.name.removeprefix(".").removesuffix(".part"))
        if stored is not None and (stored.evidence == "pending" or _is_only_copy(store, stored)):
            continue
        shutil.rmtree(part, ignore_errors=True)
        removed += 1
    database.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return removed


def _is_only_copy(store: IncidentStore, stored: StoredIncident) -> bool:
    """Whether sealed evidence is missing where it should be: then nothing that may be it is removed."""
    return stored.evidence == "sealed" and not store.folder_of(stored.id).exists()
