"""A damaged database is set aside, and a new one is restored from the bundles on the disk as far as they go."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from edgecv.durable_files import flush_directory
from edgecv.evidence.chain_head import Receipt
from edgecv.evidence.evidence_event import evidence_event
from edgecv.evidence.keys import BoxKey, PublicKey
from edgecv.evidence.manifest import DELETION, EvidenceError, read_raw
from edgecv.evidence.sealed_bundle import SealedBundle, read_sealed
from edgecv.evidence.sealing import RECORD
from edgecv.incidents.alarm import Record, read_record
from edgecv.incidents.cloudevents import incident_event
from edgecv.incidents.record import Incident
from edgecv.messages import Message
from edgecv.messages import box as messages
from edgecv.storage.database import DATABASE, Database, DatabaseError
from edgecv.storage.incident_rows import insert_record
from edgecv.storage.incident_store import IncidentStore
from edgecv.storage.outbox import add_message
from edgecv.untrusted import UntrustedError, read_time

SET_ASIDE = f"{DATABASE}.damaged-"
"""What a damaged database is called then, with the time in UTC after it."""
_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


@dataclass(frozen=True, slots=True)
class _Bundle:
    sealed: SealedBundle
    record: Record

    @property
    def folder(self) -> Path:
        return self.sealed.folder

    @property
    def is_deleted(self) -> bool:
        return (self.folder / DELETION).exists()


def is_damage(error: BaseException) -> bool:
    """Whether an error of SQLite's says that the file itself is wrong: not the disk, not a lock, not a right."""
    code = getattr(error.__cause__ or error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in _DAMAGE


def set_aside_damaged(state: Path) -> Message | None:
    """Rename a damaged database and keep the file. No worker may run.

    Returns:
        What is wrong with it; None where it is sound.

    Raises:
        DatabaseError: it cannot be opened for another reason.
        OSError: it cannot be renamed.
    """
    path = state / DATABASE
    if not path.exists():
        return None
    try:
        with closing(Database(path)) as database:
            problems = database.problems()
    except DatabaseError as error:
        if not is_damage(error):
            raise
        problems = [str(error.__cause__)]
    if not problems:
        return None
    aside = state / f"{SET_ASIDE}{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"
    for suffix in ("-wal", "-shm", ""):  # the database last: a crash in between leaves a log beside its own database
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    flush_directory(state)
    return messages.DATABASE_SET_ASIDE(why=problems[0], file=aside.name)


def restore_from_bundles(store: IncidentStore, database: Database, key: BoxKey) -> int:
    """Restore the rows of an empty database from the bundles that this box has sealed; the number of bundles.

    Records, the chain and messages to the upstream come back; receivers get some of these again and know them by their
    ids. What was only in the database does not: holds, resolutions, records without evidence, what handlers noted.

    Args:
        store: where the bundles are.
        database: the same that the store uses.
        key: the box's; what it did not sign is left alone.

    Raises:
        sqlite3.Error: the disk is full or failed.
    """
    has_any = "SELECT EXISTS (SELECT 1 FROM incidents) OR EXISTS (SELECT 1 FROM chain)"
    if database.connection.execute(has_any).fetchone()[0] or not store.folder.is_dir():
        return 0
    folders = [path for path in store.folder.iterdir() if not path.name.startswith(".") and path.is_dir()]
    bundles = [bundle for folder in folders if (bundle := _genuine(folder, key.public)) is not None]
    for bundle in sorted(bundles, key=lambda one: one.sealed.place):
        with database.transaction() as connection:
            _put_in(connection, bundle, key)
    return len(bundles)


def _put_in(connection: sqlite3.Connection, bundle: _Bundle, key: BoxKey) -> None:
    record, sealed = bundle.record, bundle.sealed
    if not insert_record(connection, record, "deleted" if bundle.is_deleted else "sealed"):
        return
    files = sorted(path for path in bundle.folder.iterdir() if path.is_file())
    connection.execute(
        "UPDATE incidents SET bytes = ?, stored_s = ? WHERE id = ?",
        (sum(path.stat().st_size for path in files), read_time(sealed.manifest.sealed_at), record.id),
    )
    connection.execute("INSERT OR IGNORE INTO chain VALUES (?, ?, ?)", (sealed.place, record.id, sealed.sha256))
    if isinstance(record, Incident) and record.tier == "incident":
        add_message(connection, "incident", record.id, record.device, incident_event(record))
        if not bundle.is_deleted:
            receipt = Receipt.signed(sealed.head, key)
            event = evidence_event(record, receipt, [path.name for path in files])
            add_message(connection, "evidence", record.id, record.device, event)


def _genuine(folder: Path, public: PublicKey) -> _Bundle | None:
    """A bundle whose manifest this box signed, with the record that it sealed."""
    sealed = read_sealed(folder)
    if sealed is None or not sealed.is_in_place or not sealed.is_signed_by(public):
        return None
    try:
        text = read_raw(folder / RECORD)
        if sealed.manifest.files[RECORD].sha256 != hashlib.sha256(text).hexdigest():
            return None
        read_time(sealed.manifest.sealed_at)
        record = read_record(str(json.loads(text).get("kind", "thrown_object")), text.decode())
    except (EvidenceError, UntrustedError, KeyError, ValueError, AttributeError):
        return None
    return _Bundle(sealed, record) if record.id == folder.name else None
