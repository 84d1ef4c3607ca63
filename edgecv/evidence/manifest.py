"""The manifest: what belongs to an incident's evidence and the hash of every file.

Version 1 lists the files and no more: a replay writes it. Version 2 also says whose it is, when it was sealed and which
manifest came before it; a box writes and signs it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

from edgecv.durable_files import read_plain, sha256_file, write_atomic
from edgecv.errors import EdgecvError
from edgecv.incidents.record import Record
from edgecv.messages import seals

MANIFEST = "manifest.json"
SIGNATURE = "manifest.sig"
DELETION = "deletion.json"
DELETION_SIGNATURE = "deletion.sig"
SEALS = frozenset({MANIFEST, SIGNATURE, DELETION, DELETION_SIGNATURE})
"""What is written about the evidence and is none itself."""


_SMALL_BYTES = 16 * 1024 * 1024
"""Record, manifest and signatures; a record of a minute has 300 KB."""
_PICTURES = ("still.jpg", "strobe.jpg")
UNTOUCHED = ("clip.mp4", "clip.mkv", "clip.avi", *_PICTURES)
"""Files that show people as the camera saw them. A copy of a bundle may be without them, all or none of them: what is
passed on is blurred unless a box file says otherwise."""


class EvidenceError(EdgecvError):
    """A folder is not the evidence it should be; one line."""


_NAME_BYTES = 255
"""The most that file systems take (NAME_MAX)."""


def _plain(name: str) -> str:
    # half a surrogate pair is not printable either
    if name in {"", ".", ".."} or "/" in name or not name.isprintable() or len(name.encode()) > _NAME_BYTES:
        raise ValueError("must be the name of a file in the folder")
    return name


FileName = Annotated[str, AfterValidator(_plain)]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class FileEntry(Record):
    """One file's content."""

    sha256: Sha256
    bytes: Annotated[int, Field(ge=0)]

    @classmethod
    def of(cls, path: Path) -> FileEntry:
        """What a file holds now."""
        return cls(sha256=sha256_file(path), bytes=path.stat().st_size)


class Place(Record):
    """Where in its box's chain a manifest stands."""

    sequence: Annotated[int, Field(ge=1)]
    previous: Sha256 | None
    """SHA-256 of the manifest before; null for the first of all."""


class Manifest(Record):
    """Files and hashes, signed by nobody."""

    version: Literal[1] = 1
    files: dict[FileName, FileEntry]


class SealedManifest(Record):
    """Files and hashes, sealed by a box."""

    version: Literal[2] = 2
    incident: str
    sealed_at: str
    software: str
    key: str
    """Id of the key that signed it."""
    chain: Place
    files: dict[FileName, FileEntry]


_ANY: TypeAdapter[Manifest | SealedManifest] = TypeAdapter(
    Annotated[Manifest | SealedManifest, Field(discriminator="version")]
)


def write_manifest(folder: Path) -> Path:
    """Write ``manifest.json`` (version 1) over every other file of a folder; the same files give the same bytes."""
    target = folder / MANIFEST
    write_atomic(target, in_json(Manifest(files=hash_files(folder))))
    return target


def blurred_name(name: str) -> str:
    """What the blurred copy of a picture is called, such as ``still-blurred.jpg``."""
    stem, _, ending = name.rpartition(".")
    return f"{stem}-blurred.{ending}"


def withheld(folder: Path, files: Collection[str]) -> tuple[str, ...]:
    """Names of the untouched files that a copy made for passing on is without; none where it is a whole bundle.

    Args:
        folder: the bundle, or the copy.
        files: the names in its manifest. Where a picture has no blurred copy in it, nothing may be left out.
    """
    untouched = sorted(set(UNTOUCHED) & set(files))
    if not has_blurred(files) or any((folder / name).exists() for name in untouched):
        return ()
    return tuple(untouched)


def excluding(files: Mapping[str, FileEntry], names: Collection[str]) -> dict[str, FileEntry]:
    """The files of a manifest that should be there when those of :func:`withheld` are not."""
    return {name: entry for name, entry in files.items() if name not in names}


def has_blurred(files: Collection[str]) -> bool:
    """Whether every picture among the names has its blurred copy there: older boxes made none."""
    return all(blurred_name(name) in files for name in _PICTURES if name in files)


def hash_files(folder: Path) -> dict[str, FileEntry]:
    """Name, hash and size of every file of evidence in a folder.

    Raises:
        EvidenceError: something in it is not a plain file.
    """
    entries = {}
    for path in sorted(folder.iterdir()):
        if path.name in SEALS:
            continue
        if path.is_symlink() or not path.is_file():
            raise EvidenceError(seals.NOT_PLAIN_MOVE(file=str(path)))
        entries[path.name] = FileEntry.of(path)
    return entries


def in_json(record: Record) -> str:
    """A record as it is hashed and signed: the same content gives the same bytes."""
    return json.dumps(record.model_dump(by_alias=True), indent=1, sort_keys=True) + "\n"


def parse_manifest(raw: bytes, path: Path) -> Manifest | SealedManifest:
    """Read a manifest's bytes; ``path`` is for the message.

    Raises:
        EvidenceError: it is not a manifest, or one of a newer edgecv.
    """
    try:
        return _ANY.validate_json(raw)
    except ValidationError as error:
        if any(e["type"] == "union_tag_invalid" for e in error.errors()):
            raise EvidenceError(seals.UNKNOWN_MANIFEST(file=str(path))) from error
        raise EvidenceError(seals.NO_MANIFEST(file=str(path))) from error


def read_raw(path: Path) -> bytes:
    """The bytes of one of a bundle's small files.

    Raises:
        EvidenceError: it is missing or cannot be read.
    """
    try:
        raw = read_plain(path, _SMALL_BYTES + 1)
    except FileNotFoundError:
        raise EvidenceError(seals.MISSING(file=str(path))) from None
    except OSError as error:
        raise EvidenceError(seals.UNREADABLE(file=str(path), why=str(error.strerror))) from error
    if len(raw) > _SMALL_BYTES:
        raise EvidenceError(seals.TOO_LARGE(file=str(path), count=_SMALL_BYTES // 2**20))
    return raw


def check_files(folder: Path, listed: Mapping[str, FileEntry], allowed: Collection[str] = (MANIFEST,)) -> list[str]:
    """What differs between a folder and the list of its files, in plain words.

    Args:
        folder: the evidence.
        listed: the files that should be there.
        allowed: files that may be there besides.
    """
    problems = [problem for name in sorted(listed) if (problem := _changed(folder / name, listed[name])) is not None]
    extra = {path.name for path in folder.iterdir()} - set(listed) - set(allowed)
    problems.extend(seals.FOREIGN(file=str(folder / name)) for name in sorted(extra))
    return problems


def verify_manifest(folder: Path) -> list[str]:
    """Return what is wrong with a folder's files in plain words; nothing where all is as it was written.

    Signatures, deletions and the chain are another matter: see ``verify.verify_bundle``.
    """
    try:
        manifest = parse_manifest(read_raw(folder / MANIFEST), folder / MANIFEST)
    except EvidenceError as error:
        return [error.text]
    return check_files(folder, manifest.files, (MANIFEST,) if isinstance(manifest, Manifest) else SEALS)


def _changed(path: Path, expected: FileEntry) -> str | None:
    if path.is_symlink() or (path.exists() and not path.is_file()):
        return seals.NOT_PLAIN(file=str(path))
    try:
        if sha256_file(path) != expected.sha256:
            return seals.CHANGED(file=str(path))
    except FileNotFoundError:
        return seals.MISSING(file=str(path))
    except OSError as error:
        return seals.UNREADABLE(file=str(path), why=str(error.strerror))
    return None
