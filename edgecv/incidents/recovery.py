"""After a crash: evidence that was under way is finished with what there is, and what belongs to nothing is removed."""

from __future__ import annotations

import logging
import shutil
import sqlite3
import time
from collections.abc import Iterable
from pathlib import Path

from edgecv.errors import EdgecvError
from edgecv.incidents.database import Database
from edgecv.incidents.evidence import mend_record, write_bare_record
from edgecv.incidents.keys import BoxKey
from edgecv.incidents.sealing import RECORD
from edgecv.incidents.store import IncidentStore, Stored

_log = logging.getLogger("edgecv.recovery")


def finish_all(store: IncidentStore, key: BoxKey, pending: Iterable[Stored], within_s: float = float("inf")) -> int:
    """Finish the evidence of several incidents; one that fails is told of and does not keep the others waiting.

    Args:
        store: holds them.
        key: the box's.
        pending: whose evidence is not sealed.
        within_s: how long it may take, seconds.

    Returns:
        How many are still not sealed.
    """
    until_s = time.monotonic() + within_s
    left = 0
    for stored in pending:
        try:
            if time.monotonic() < until_s:
                finish_pending(store, key, stored.id)
                continue
        except (OSError, sqlite3.Error, EdgecvError) as error:
            _log.error("evidence of %s is not sealed yet: %s", stored.id, error)
        left += 1
    return left


def finish_pending(store: IncidentStore, key: BoxKey, incident_id: str) -> None:
    """Seal an incident's evidence as a crash, or a disk that was full, left it; note where there is none.

    Raises:
        OSError: the disk is full or failed; it stays pending.
        EvidenceError: what lies there cannot be evidence; it stays pending.
    """
    become = store.publish(incident_id, key, is_fit=_mended)
    if become == "failed":
        _log.warning("incident %s: its evidence was lost before it was written; its record is kept", incident_id)
    else:
        _log.info("incident %s: its evidence is sealed as far as it came", incident_id)


def _mended(stored: Stored, part: Path) -> bool:
    """Remove half-written files and put the record right; False where there is no file at all."""
    if not part.is_dir():
        return False
    for path in part.glob(".*"):
        path.unlink()
    if not any(part.iterdir()):
        return False
    if (part / RECORD).exists():
        mend_record(part)
    else:
        write_bare_record(stored.incident, part)
    return True


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
