"""After a crash: evidence that was under way is finished with what there is, and what belongs to nothing is removed."""

from __future__ import annotations

import logging
import shutil

from edgecv.incidents.database import Database
from edgecv.incidents.evidence import write_bare_record
from edgecv.incidents.keys import BoxKey
from edgecv.incidents.store import IncidentStore, Stored

_log = logging.getLogger("edgecv.recovery")


def finish_pending(store: IncidentStore, key: BoxKey, stored: Stored) -> None:
    """Seal an incident's evidence as a crash, or a disk that was full, left it; note where there is none.

    Raises:
        OSError: the disk is full or failed; it stays pending.
    """
    part = store.part_of(stored.id)
    if store.folder_of(stored.id).exists():
        part.mkdir(exist_ok=True)
    elif not part.is_dir() or not any(path for path in part.iterdir() if not path.name.startswith(".")):
        store.without_evidence(stored.id)
        _log.warning("incident %s: its evidence was lost before it was written; its record is kept", stored.id)
        return
    else:
        for path in part.glob(".*"):
            path.unlink()
        if not (part / "incident.json").exists():
            write_bare_record(stored.incident, part)
    store.publish(stored.id, key)
    _log.info("incident %s: its evidence is sealed as far as it came", stored.id)


def remove_orphans(store: IncidentStore, database: Database) -> int:
    """Remove parts of evidence that no record knows or needs; how many. Only while no worker runs."""
    if not store.folder.is_dir():
        return 0
    removed = 0
    for part in store.folder.glob(".*.part"):
        stored = store.get(part.name.removeprefix(".").removesuffix(".part"))
        if stored is None or stored.evidence != "pending":
            shutil.rmtree(part, ignore_errors=True)
            removed += 1
    database.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return removed
