"""The seal of a prepared bundle: manifest, signature, place in the chain, and the move into place.

The chain has one order, so one bundle is sealed at a time: a lock on the folder of bundles, which ends with its holder.
It is short, for what takes long was done before, see :mod:`edgecv.evidence.preparation`; and the database, which every
camera's records wait for, is locked for the last step only, when everything is on the disk.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from edgecv.durable_files import flush_directory
from edgecv.evidence.chain_head import Receipt
from edgecv.evidence.evidence_event import evidence_event
from edgecv.evidence.keys import BoxKey
from edgecv.evidence.sealing import RECORD, seal, unseal
from edgecv.incidents.alarm import alarm_id
from edgecv.incidents.cloudevents import now_text, update_event
from edgecv.incidents.record import EvidenceRecord, Incident
from edgecv.storage.incident_store import IncidentStore
from edgecv.storage.outbox import add_message
from edgecv.storage.recorded_chain import next_link, record_seal

_LOST = "nothing of it was on the disk when the power went or the process was killed"


def seal_bundle(store: IncidentStore, incident_id: str, key: BoxKey, sealed_at: datetime | None = None) -> str | None:
    """Seal what lies in ``part_of``, chain it to the bundle before, move it into place, and tell the upstream.

    A crash at any point leaves either the part or the finished folder; both are sealed by the next call. Several
    processes may try at once: one seals, the others find it done.

    Args:
        store: holds it.
        incident_id: whose evidence it is.
        key: the box's.
        sealed_at: now if left out.

    Returns:
        The state of the evidence (see :class:`edgecv.storage.incident_rows.StoredIncident`); None where there is no
        such incident.

    Raises:
        OSError: the disk failed or is full; the incident stays pending.
        EvidenceError: what lies there cannot be evidence; the incident stays pending.
    """
    with _chain_lock(store.folder):
        state = _reconcile(store, incident_id)
        if state != "pending":
            return state
        part = store.part_of(incident_id)
        unseal(part)
        bundle = seal(part, key, next_link(store.database), incident_id, sealed_at or datetime.now(UTC))
        _move_into_place(store, incident_id, Receipt.signed(bundle.head, key))
    return "sealed"


def undo_interrupted_seal(store: IncidentStore, incident_id: str) -> str | None:
    """Make a part again of a bundle that a crash left between its move into place and its row in the database.

    Returns:
        The state of the evidence; None where there is no such incident.

    Raises:
        OSError: the disk failed.
    """
    with _chain_lock(store.folder):
        return _reconcile(store, incident_id)


def mark_evidence_lost(store: IncidentStore, incident_id: str) -> str | None:
    """Note that there is nothing to seal, and remove the part.

    Returns:
        The state of the evidence, ``failed`` unless another process has sealed it; None where there is no such
        incident.
    """
    with _chain_lock(store.folder):
        stored = store.get(incident_id)
        if stored is None or stored.evidence != "pending":
            return None if stored is None else stored.evidence
        shutil.rmtree(store.part_of(incident_id), ignore_errors=True)
        record = stored.record.to_json()
        if isinstance(stored.record, Incident):
            record = stored.record.model_copy(update={"evidence": EvidenceRecord(reason=_LOST)}).to_json()
        with store.database.transaction() as connection:
            connection.execute("UPDATE incidents SET evidence = 'failed', record = ? WHERE id = ?", (record, stored.id))
    return "failed"


def _reconcile(store: IncidentStore, incident_id: str) -> str | None:
    """Let part and bundle be as the database says, which has the last word; the state of the evidence."""
    stored = store.get(incident_id)
    if stored is None:
        return None
    part, bundle = store.part_of(incident_id), store.folder_of(incident_id)
    if bundle.exists():
        shutil.rmtree(part, ignore_errors=True)
        if stored.evidence == "pending":  # it came as far as the move, but not to the commit
            bundle.rename(part)
    return stored.evidence


def _move_into_place(store: IncidentStore, incident_id: str, receipt: Receipt) -> None:
    part = store.part_of(incident_id)
    written = Incident.model_validate_json((part / RECORD).read_text())
    files = sorted(part.iterdir())
    size = sum(path.stat().st_size for path in files)
    stored = store.get(incident_id)
    announced = stored.record if stored is not None and isinstance(stored.record, Incident) else None
    with store.database.transaction() as connection:
        record_seal(connection, receipt)
        connection.execute(
            "UPDATE incidents SET evidence = 'sealed', bytes = ?, record = ? WHERE id = ?",
            (size, written.to_json(), incident_id),
        )
        if written.tier == "incident":
            _tell_of_weight(connection, written, announced)
            event = evidence_event(written, receipt, [path.name for path in files])
            add_message(connection, "evidence", incident_id, written.device, event)
        part.rename(store.folder_of(incident_id))
        flush_directory(store.folder)


def _tell_of_weight(connection: sqlite3.Connection, written: Incident, announced: Incident | None) -> None:
    """Send an update where the pictures have said more of the weight than the record that went upstream at once."""
    if announced is None or written.mass == announced.mass:
        return
    update_id = alarm_id("update", written.to_json())
    add_message(connection, "update", update_id, written.device, update_event(written, update_id, now_text()))


@contextmanager
def _chain_lock(folder: Path) -> Iterator[None]:
    """One at a time seals in a folder of bundles, whichever process; the lock of a process that dies is free."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
