"""The chain as the box's database has it: every seal, and the signed head.

Both are written in the transaction that moves a bundle into place. A power cut in between leaves a bundle whose record
is still pending, which is sealed again at its place. What remains apart is a database that was lost or put back from a
backup: it is behind the bundles, and takes them up again; or bundles that are gone, which no start can put right.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from itertools import pairwise
from pathlib import Path

from pydantic import ValidationError

from edgecv.evidence.chain_head import Head, Receipt
from edgecv.evidence.hash_chain import ChainReport
from edgecv.evidence.keys import BoxKey
from edgecv.evidence.manifest import DELETION, MANIFEST, EvidenceError, read_raw
from edgecv.evidence.sealed_bundle import read_sealed
from edgecv.evidence.sealing import Link
from edgecv.storage.database import DATABASE, Database, DatabaseError

INCIDENTS = "incidents"
"""In the state directory: a folder for each incident's evidence."""
_LINES = 10  # of one kind in a report; who lost more than that needs no more names


def record_seal(connection: sqlite3.Connection, receipt: Receipt) -> None:
    """Append a seal and move the head, within the caller's transaction."""
    head = receipt.head
    connection.execute("INSERT INTO chain VALUES (?, ?, ?)", (head.sequence, head.incident, head.manifest_sha256))
    _set_head(connection, receipt)


def recorded_head(database: Database) -> Receipt | None:
    """The head, None where none was recorded or it cannot be read."""
    row = database.connection.execute("SELECT receipt FROM chain_head").fetchone()
    try:
        return None if row is None else Receipt.model_validate_json(row["receipt"])
    except ValidationError:
        return None


def next_link(database: Database) -> Link:
    """Where the next bundle stands: after the last seal, and after the head where seals were lost."""
    last, head = _last_seal(database), recorded_head(database)
    if head is not None and (last is None or head.head.sequence > last["sequence"]):
        return Link(head.head.sequence + 1, head.head.manifest_sha256)
    return Link(1, None) if last is None else Link(last["sequence"] + 1, last["manifest_sha256"])


def restore_chain(database: Database, folder: Path, key: BoxKey) -> list[str]:
    """Bring the recorded chain up to the bundles at start; while no other process seals.

    Args:
        database: the box's.
        folder: holds the bundles.
        key: the box's: only what it signed is taken up.

    Returns:
        A line for each thing that was put right or cannot be.
    """
    lines = []
    restored = [head for head in _unrecorded(database, folder, key) if _add_seal(database, head)]
    if restored:
        places = f"{restored[0].sequence} to {restored[-1].sequence}"
        lines.append(f"the chain of seals: places {places} were on the disk alone and are recorded again")
    last, receipt = _last_seal(database), recorded_head(database)
    if last is None:
        return lines
    if receipt is not None and receipt.head.sequence > last["sequence"]:
        lines.append(
            f"the chain of seals: its head is place {receipt.head.sequence}, and the database ends with place "
            f"{last['sequence']}; evidence or records were removed: run 'edgecv incidents verify' on this directory"
        )
    elif receipt is None or receipt.head.manifest_sha256 != last["manifest_sha256"] or not receipt.is_by(key.public):
        bundle = read_sealed(folder / last["id"])
        if bundle is None or bundle.sha256 != last["manifest_sha256"]:
            return [*lines, f"the chain of seals: its last bundle {folder / last['id']} is missing or was changed"]
        with database.transaction() as connection:
            _set_head(connection, Receipt.signed(bundle.head, key))
        if receipt is not None:
            lines.append(f"the chain of seals: its head was behind and is place {bundle.place} again")
    return lines


def verify_state(state: Path) -> tuple[ChainReport, Receipt | None]:
    """Compare the bundles in a box's state directory with its database; what differs, and the head recorded there."""
    path = state / DATABASE
    if not path.exists():
        return ChainReport((f"{path}: is missing, so nobody knows what the box had sealed and deleted",), ()), None
    try:
        database = Database(path, read_only=True)
    except DatabaseError as error:  # whoever cuts the chain could make it so
        return ChainReport((f"the end of the chain cannot be checked: {error}",), ()), None
    try:
        with closing(database):
            return verify_recorded(database, state / INCIDENTS), recorded_head(database)
    except sqlite3.DatabaseError as error:
        return ChainReport((f"the end of the chain cannot be checked: {path}: {error}",), ()), None


def verify_recorded(database: Database, folder: Path) -> ChainReport:
    """Compare the bundles on a box's disk with what its database says was sealed and deleted."""
    missing, changed, undeleted = [], [], []
    rows = database.connection.execute(
        "SELECT c.sequence, c.id, c.manifest_sha256, i.evidence FROM chain c LEFT JOIN incidents i ON i.id = c.id "
        "ORDER BY c.sequence"
    ).fetchall()
    for row in rows:
        bundle = folder / row["id"]
        if not bundle.is_dir():
            missing.append(f"{bundle}: was sealed at place {row['sequence']} of the chain, and is missing")
        elif _manifest_hash(bundle) != row["manifest_sha256"]:
            changed.append(f"{bundle}: has another manifest than the one sealed at place {row['sequence']}")
        elif row["evidence"] == "deleted" and not (bundle / DELETION).exists():
            undeleted.append(f"{bundle}: is recorded as deleted, and there is no signed record of its deletion")
    broken = [
        f"{folder}: the database lacks the seals between place {earlier['sequence']} and {later['sequence']}"
        for earlier, later in pairwise(rows)
        if later["sequence"] != earlier["sequence"] + 1
    ]
    return ChainReport((*_few(missing), *_few(changed), *_few(undeleted), *_few(broken)), ())


def _few(lines: Sequence[str]) -> list[str]:
    more = len(lines) - _LINES
    return [*lines[:_LINES], *([f"... and {more} others"] if more > 0 else [])]


def _unrecorded(database: Database, folder: Path, key: BoxKey) -> list[Head]:
    """Bundles that this box signed and the database has no seal of, in order; those still pending are sealed again."""
    recorded = {row["id"] for row in database.connection.execute("SELECT id FROM chain")}
    pending = {row["id"] for row in database.connection.execute("SELECT id FROM incidents WHERE evidence = 'pending'")}
    heads = []
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name.startswith(".") or path.name in recorded | pending or not path.is_dir():
            continue
        bundle = read_sealed(path)
        if bundle is not None and bundle.is_in_place and bundle.is_signed_by(key.public):
            heads.append(bundle.head)
    return sorted(heads, key=lambda head: head.sequence)


def _add_seal(database: Database, head: Head) -> bool:
    """Record a seal at its place; False where another bundle has that."""
    with database.transaction() as connection:
        values = (head.sequence, head.incident, head.manifest_sha256)
        return connection.execute("INSERT OR IGNORE INTO chain VALUES (?, ?, ?)", values).rowcount > 0


def _last_seal(database: Database) -> sqlite3.Row | None:
    row: sqlite3.Row | None = database.connection.execute(
        "SELECT sequence, id, manifest_sha256 FROM chain ORDER BY sequence DESC LIMIT 1"
    ).fetchone()
    return row


def _set_head(connection: sqlite3.Connection, receipt: Receipt) -> None:
    connection.execute("INSERT OR REPLACE INTO chain_head VALUES (1, ?)", (receipt.model_dump_json(),))


def _manifest_hash(bundle: Path) -> str | None:
    """SHA-256 of whatever lies there as the manifest; None where nothing does."""
    try:
        return hashlib.sha256(read_raw(bundle / MANIFEST)).hexdigest()
    except EvidenceError:
        return None
