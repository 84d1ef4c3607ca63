"""Evidence files as boxes upload them: written aside, compared with their hashes, and sealed by the manifest."""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import secrets
import threading
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from starlette.concurrency import run_in_threadpool

from edgecv.config import Hub
from edgecv.config.secrets import read_secret
from edgecv.console.evidence.shelf import Shelf
from edgecv.console.settings import EVIDENCE_FILE_BYTES, EVIDENCE_FILES, TOKEN_CHARS
from edgecv.errors import ConfigError
from edgecv.incidents.evidence_names import is_evidence
from edgecv.incidents.files import FULL_ERRORS, flush_directory, sha256_file
from edgecv.incidents.manifest import (
    MANIFEST,
    SEALS,
    EvidenceError,
    SealedManifest,
    check_files,
    parse_manifest,
    withheld,
    without,
)

_log = logging.getLogger("edgecv.console")


class RefusedFileError(Exception):
    """A file that is not taken: the answer's status, and why in plain words."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class EvidenceFiles:
    """Takes what boxes upload.

    Args:
        shelf: where it goes.
        tokens: the token of each site's boxes; only their hashes are kept.
    """

    def __init__(self, shelf: Shelf, tokens: Mapping[str, str]) -> None:
        self._shelf = shelf
        self._placing = threading.Lock()
        self._digests = {site: _digest(token) for site, token in tokens.items()}

    @classmethod
    def of(cls, hub: Hub, shelf: Shelf) -> EvidenceFiles:
        """As a hub file says.

        Raises:
            ConfigError: a token cannot be read, is too short to be one, or is that of two sites.
        """
        tokens: dict[str, str] = {}
        for site, box in hub.settings.evidence.items():
            at = f"evidence.{site}.token_file"
            token = read_secret(box.token_file, hub.path, at)
            if len(token) < TOKEN_CHARS:
                raise ConfigError(f"{hub.path}: {at}: has fewer than {TOKEN_CHARS} characters; openssl rand -hex 32")
            if token in tokens.values():
                raise ConfigError(f"{hub.path}: {at}: is the token of another site; each needs its own")
            tokens[site] = token
        return cls(shelf, tokens)

    def allows(self, site: str, authorization: str) -> bool:
        """Whether a header ``Authorization: Bearer TOKEN`` is that of the site's boxes."""
        scheme, _, token = authorization.partition(" ")
        known = self._digests.get(site, _digest(secrets.token_urlsafe()))
        return hmac.compare_digest(known, _digest(token.strip())) and scheme.lower() == "bearer"

    async def take(
        self, site: str, incident: str, name: str, sha256: str, announced: int | None, body: AsyncIterator[bytes]
    ) -> bool:
        """Take a file; it is on the disk when this returns. The same file again changes nothing.

        Args:
            site: whose box.
            incident: the incident's id.
            name: of the file.
            sha256: what its content should hash to, in hex.
            announced: its length in bytes, where the request says it.
            body: its content.

        Returns:
            Whether the evidence is complete with it: it was the manifest.

        Raises:
            RefusedFileError: it cannot be taken; nothing of it is left.
        """
        target = self._target(site, incident, name)
        if announced is not None and announced > EVIDENCE_FILE_BYTES:
            raise RefusedFileError(413, f"a file may have {EVIDENCE_FILE_BYTES} bytes")
        aside = target.with_name(f".{name}.{secrets.token_hex(8)}.part")
        try:
            await run_in_threadpool(_make_room, target)
            found = await _write(aside, body)
            if not hmac.compare_digest(found, sha256.strip().lower()):
                raise RefusedFileError(400, "the content is not what X-Content-SHA256 says; send it again")
            return await run_in_threadpool(self._put_in_turn, aside, target, incident, found)
        except OSError as error:
            _log.error("evidence %s/%s/%s cannot be kept: %s", site, incident, name, error.strerror)
            raise RefusedFileError(507 if error.errno in FULL_ERRORS else 500, "it cannot be kept now") from error
        finally:
            aside.unlink(missing_ok=True)

    def _target(self, site: str, incident: str, name: str) -> Path:
        folder = self._shelf.folder(site, incident)
        if folder is None or not is_evidence(name):
            raise RefusedFileError(400, "the address holds no id of an incident or no name of a file")
        if folder.is_file():
            raise RefusedFileError(400, "that is no id of an incident")  # such as box.pub, the site's key
        return folder / name

    def _put_in_turn(self, aside: Path, target: Path, incident: str, found: str) -> bool:
        with self._placing:  # lest a file is changed while its manifest is compared
            return _put_in_place(aside, target, incident, found)


def _put_in_place(aside: Path, target: Path, incident: str, found: str) -> bool:
    folder, is_manifest = target.parent, target.name == MANIFEST
    if target.is_file() and sha256_file(target) == found:
        return is_manifest
    if (folder / MANIFEST).exists():
        # What is sealed stays as it is: a stolen token must not change evidence.
        raise RefusedFileError(409, "the evidence is complete already, and this is not what it holds")
    if is_manifest:
        _check(aside, folder, incident)
    aside.replace(target)
    flush_directory(folder)
    return is_manifest


def _make_room(target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    names = {path.name for path in target.parent.iterdir()} | {target.name}
    if len(names) > EVIDENCE_FILES:
        raise RefusedFileError(409, f"an incident has {EVIDENCE_FILES} files at most")


async def _write(aside: Path, body: AsyncIterator[bytes]) -> str:
    """Write what comes and return its SHA-256 in hex; no more than one piece is in memory."""
    digest, size = hashlib.sha256(), 0
    with aside.open("xb") as file:

        def add(piece: bytes) -> None:
            digest.update(piece)
            file.write(piece)

        async for piece in body:
            size += len(piece)
            if size > EVIDENCE_FILE_BYTES:
                raise RefusedFileError(413, f"a file may have {EVIDENCE_FILE_BYTES} bytes")
            await run_in_threadpool(add, piece)
        file.flush()
        await run_in_threadpool(os.fsync, file.fileno())
    return digest.hexdigest()


def _check(manifest_file: Path, folder: Path, incident: str) -> None:
    """Every file that the manifest lists is here as it was sealed; what it does not list is left from an earlier try.

    Boxes keep the untouched clip and pictures unless their box file says otherwise: all of those may be absent.

    Raises:
        RefusedFileError: it is not so.
    """
    try:
        manifest = parse_manifest(manifest_file.read_bytes(), Path(MANIFEST))
    except EvidenceError as error:
        raise RefusedFileError(409, str(error)) from error
    if isinstance(manifest, SealedManifest) and manifest.incident != incident:
        raise RefusedFileError(409, f"the manifest is that of incident {manifest.incident!r}")
    for path in folder.iterdir():
        is_listed = path.name in manifest.files or path.name in SEALS
        if not is_listed and path != manifest_file and path.is_file():
            path.unlink()
    away = withheld(folder, manifest.files)
    problems = check_files(folder, without(manifest.files, away), SEALS | {manifest_file.name})
    if problems:
        raise RefusedFileError(409, "; ".join(problem.replace(f"{folder}/", "") for problem in problems))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="surrogateescape")).digest()
