"""Sealing: a bundle's files, its place in the box's chain and the box's signature; and deletion that can be proven."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from edgecv._version import __version__
from edgecv.durable_files import flush_directory, flush_files
from edgecv.evidence.keys import BoxKey
from edgecv.evidence.manifest import (
    DELETION,
    DELETION_SIGNATURE,
    MANIFEST,
    SEALS,
    SIGNATURE,
    EvidenceError,
    FileEntry,
    FileName,
    Place,
    SealedManifest,
    Sha256,
    hash_files,
    in_json,
    parse_manifest,
)
from edgecv.evidence.sealed_bundle import SealedBundle
from edgecv.evidence.signature import write_signed
from edgecv.incidents.record import Record

RECORD = "incident.json"
SURVIVES_DELETION = SEALS | {RECORD}
"""What outlives a deletion: what happened, and the proof of what was there."""


@dataclass(frozen=True, slots=True)
class Link:
    """Where a bundle stands in its box's chain.

    Attributes:
        sequence: 1 for the first bundle of the box, then one more each.
        previous_sha256: SHA-256 of the manifest before, in hex; None for the first alone.
    """

    sequence: int
    previous_sha256: str | None

    def __post_init__(self) -> None:
        if self.sequence < 1 or (self.sequence == 1) != (self.previous_sha256 is None):
            raise ValueError(f"{self}: the chain begins with 1, and every link but that one has one before it")


class Deletion(Record):
    """What was deleted, why and when."""

    version: Literal[1] = 1
    incident: str
    manifest_sha256: Sha256 | None
    """Of the manifest of what was deleted; null where it was never sealed."""
    reason: str
    deleted_at: str
    software: str
    key: str
    """Id of the key that signed it."""
    files: dict[FileName, FileEntry]
    """Content of each file when it was deleted."""


def seal(folder: Path, key: BoxKey, link: Link, incident_id: str, sealed_at: datetime) -> SealedBundle:
    """Write ``manifest.json`` and ``manifest.sig``, on the disk with all that they vouch for when this returns.

    Sealing again after a crash replaces what was half done; the same arguments give the same bytes.

    Args:
        folder: the bundle.
        key: the box's.
        link: the bundle's place in the chain.
        incident_id: whose evidence it is.
        sealed_at: now (timezone-aware).

    Returns:
        The bundle; the next link names the SHA-256 of its manifest as the one before it.

    Raises:
        EvidenceError: the evidence was deleted, or something in the folder is not a plain file.
    """
    unseal(folder)
    manifest = SealedManifest(
        incident=incident_id,
        sealed_at=_in_utc(sealed_at),
        software=__version__,
        key=key.key_id,
        chain=Place(sequence=link.sequence, previous=link.previous_sha256),
        files=hash_files(folder),
    )
    flush_files(folder)  # who wrote them may have been killed before they were on the disk
    raw = in_json(manifest).encode()
    write_signed(folder / MANIFEST, folder / SIGNATURE, raw, key)
    return SealedBundle(folder, manifest, raw)


def unseal(folder: Path) -> None:
    """Remove a seal, whole or half written, and what an interrupted write left behind.

    Raises:
        EvidenceError: the evidence was deleted: its seal is all that proves what it was.
    """
    if (folder / DELETION).exists():
        raise EvidenceError(f"{folder}: its evidence was deleted; its seal stays")
    for path in (folder / SIGNATURE, folder / MANIFEST, *folder.glob(".*.part")):
        path.unlink(missing_ok=True)
    flush_directory(folder)


def delete_evidence(folder: Path, key: BoxKey, reason: str, deleted_at: datetime) -> Path:
    """Delete a bundle's pictures and leave a signed record of what they were.

    After a crash it is called again with whatever reason and time: what the record says already stays.

    Args:
        folder: the bundle. The manifest, the incident's record and their signatures stay.
        key: the box's.
        reason: why, in plain words.
        deleted_at: now (timezone-aware).

    Returns:
        The record, ``deletion.json``.
    """
    # nothing goes before the record and its signature are both on the disk
    if not (folder / DELETION_SIGNATURE).exists():
        data = in_json(_deletion_of(folder, key, reason, deleted_at)).encode()
        write_signed(folder / DELETION, folder / DELETION_SIGNATURE, data, key)
    for path in sorted(folder.iterdir()):
        if path.name in SURVIVES_DELETION:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)  # no bundle has one: somebody put it there
        else:
            path.unlink(missing_ok=True)
    flush_directory(folder)
    return folder / DELETION


def _deletion_of(folder: Path, key: BoxKey, reason: str, deleted_at: datetime) -> Deletion:
    manifest_sha256, incident = None, folder.name
    raw = (folder / MANIFEST).read_bytes() if (folder / MANIFEST).exists() else b""
    try:
        manifest = parse_manifest(raw, folder / MANIFEST)
    except EvidenceError:
        manifest = None  # never sealed, or spoilt: it has to go all the same
    if isinstance(manifest, SealedManifest):
        manifest_sha256, incident = hashlib.sha256(raw).hexdigest(), manifest.incident
    going = (
        p for p in sorted(folder.iterdir()) if p.name not in SURVIVES_DELETION and p.is_file() and not p.is_symlink()
    )
    return Deletion(
        incident=incident,
        manifest_sha256=manifest_sha256,
        reason=reason,
        deleted_at=_in_utc(deleted_at),
        software=__version__,
        key=key.key_id,
        files={path.name: FileEntry.of(path) for path in going if not path.name.endswith(".part")},
    )


def _in_utc(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise ValueError(f"{moment}: must know its time zone")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
