"""Evidence that was under way: who still works on it, what a crash left of it, and what belongs to nothing.

A part is open while a camera's worker may add to its clip, and left to the evidence process from then on.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from pathlib import Path

from edgecv.incidents.database import Database
from edgecv.incidents.evidence import record_in
from edgecv.incidents.record import EvidenceRecord
from edgecv.incidents.store import IncidentStore, Stored

_log = logging.getLogger("edgecv.recovery")
_LEFT = ".left"


def leave(part: Path) -> None:
    """The clip is as long as it will be: the evidence process may finish what is there, also where that is nothing.

    Raises:
        OSError: the disk is full or failed.
    """
    part.mkdir(exist_ok=True)
    (part / _LEFT).touch()


def is_left(part: Path) -> bool:
    """Whether nobody adds to a part any more."""
    return (part / _LEFT).exists()


def leave_all(store: IncidentStore, whose: Callable[[Stored], bool] = lambda _: True) -> int:
    """Leave every pending part of workers that run no more to the evidence process; how many.

    Raises:
        OSError: the disk is full or failed.
    """
    found = [stored for stored in store.pending() if whose(stored)]
    for stored in found:
        if not store.folder_of(stored.id).exists():  # else it was sealed, and only the last commit is missing
            leave(store.part_of(stored.id))
    return len(found)


def adopt(store: IncidentStore, device: str | None = None) -> int:
    """Store incidents whose part was begun and whose record a crash kept from the database; how many.

    Args:
        store: gets them.
        device: only this camera's; all of them where no worker runs.

    Raises:
        sqlite3.Error: the disk is full or failed.
    """
    adopted = 0
    for part in sorted(store.folder.glob(".*.part"), key=lambda part: part.stat().st_mtime):
        incident_id = part.name.removeprefix(".").removesuffix(".part")
        if store.get(incident_id) is not None:
            continue
        try:
            record = record_in(part)
        except (OSError, ValueError):
            continue
        if record.id != incident_id or device not in {None, record.device}:
            continue
        if store.add(record.model_copy(update={"evidence": EvidenceRecord()})):
            adopted += 1
            _log.warning("incident %s: was cut off before it was stored; it is now", incident_id)
    return adopted


def remove_orphans(store: IncidentStore, database: Database) -> int:
    """Remove parts of evidence that no record knows or needs; how many. Only while no worker runs."""
    if not store.folder.is_dir():
        return 0
    removed = 0
    for part in store.folder.glob(".*.part"):
        stored = store.get(part.name.removeprefix(".").removesuffix(".part"))
        if stored is not None and (stored.evidence == "pending" or _is_all_there_is(store, stored)):
            continue
        shutil.rmtree(part, ignore_errors=True)
        removed += 1
    database.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return removed


def _is_all_there_is(store: IncidentStore, stored: Stored) -> bool:
    """Whether sealed evidence is missing where it should be: then nothing that may be it is removed."""
    return stored.evidence == "sealed" and not store.folder_of(stored.id).exists()
