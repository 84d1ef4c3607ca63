"""Evidence files as boxes upload them: written aside, compared with their hashes, and sealed by the manifest."""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import secrets
import shutil
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

from starlette.concurrency import run_in_threadpool

from edgecv.config import Hub
from edgecv.config.secrets import read_secret
from edgecv.console.evidence.evidence_paths import EvidencePaths
from edgecv.console.evidence.site_keys import SiteKeys, signed_by
from edgecv.console.intake.refusal import RefusedFileError
from edgecv.console.intake.upload_cleanup import UnfinishedUploads, check_room
from edgecv.console.settings import EVIDENCE_FILES, TOKEN_CHARS, UPLOADS_AT_ONCE
from edgecv.durable_files import FULL_ERRORS, flush_directory, sha256_file
from edgecv.errors import ConfigError
from edgecv.evidence.file_names import HEAD_BYTES, KINDS, Kind
from edgecv.evidence.keys import PublicKey
from edgecv.evidence.manifest import (
    DELETION,
    DELETION_SIGNATURE,
    MANIFEST,
    SEALS,
    SIGNATURE,
    EvidenceError,
    SealedManifest,
    check_files,
    excluding,
    parse_manifest,
    withheld,
)

_log = logging.getLogger("edgecv.console")
_NOT_UPLOADED = frozenset({DELETION, DELETION_SIGNATURE})
"""A hub deletes in its own time and signs that itself; before a manifest they would only stand in its way."""
_MOST_TOLD = 5
"""Of what differs, in an answer."""


class EvidenceFiles:
    """Takes what boxes upload.

    Args:
        shelf: where it goes.
        tokens: the token of each site's boxes; only their hashes are kept.
        is_held: whether an official keeps the evidence of a site and incident; nobody does when left out.
    """

    def __init__(
        self, shelf: EvidencePaths, tokens: Mapping[str, str], is_held: Callable[[str, str], bool] = lambda *_: False
    ) -> None:
        self._shelf = shelf
        self._keys = SiteKeys(shelf)
        self._unfinished = UnfinishedUploads(shelf, is_held)
        self._writing: Counter[str] = Counter()
        self._placing = threading.Lock()
        self._digests = {site: _digest(token) for site, token in tokens.items()}

    @classmethod
    def of(cls, hub: Hub, shelf: EvidencePaths, is_held: Callable[[str, str], bool]) -> EvidenceFiles:
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
        files = cls(shelf, tokens, is_held)
        for site in tokens:
            files.tell_unverified(site)
        return files

    def allows(self, site: str, authorization: str) -> bool:
        """Whether a header ``Authorization: Bearer TOKEN`` is that of the site's boxes."""
        scheme, _, token = authorization.partition(" ")
        digest = self._digests.get(site, _digest(secrets.token_urlsafe()))
        return hmac.compare_digest(digest, _digest(token.strip())) and scheme.lower() == "bearer"

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
        folder, kind = self._folder(site, incident), KINDS.get(name)
        if kind is None or name in _NOT_UPLOADED:
            raise RefusedFileError(400, f"boxes send no file of evidence called {name[:64]!r}", "name")
        if announced is not None and announced > kind.most_bytes:
            raise RefusedFileError(413, f"{name} may have {kind.most_bytes} bytes", "size")
        if self._writing[site] >= UPLOADS_AT_ONCE:
            raise RefusedFileError(503, f"{UPLOADS_AT_ONCE} files of {site} are being sent already", "many")
        self._writing[site] += 1
        temporary: Path | None = None
        try:
            place = await run_in_threadpool(self._make_room, site, folder, name)
            temporary = place / f".{name}.{secrets.token_hex(8)}.part"
            digest = await _write(temporary, body, name, kind)
            if not hmac.compare_digest(digest, sha256.strip().lower()):
                raise RefusedFileError(400, "the content is not what X-Content-SHA256 says; send it again", "hash")
            return await run_in_threadpool(self._put_in_turn, temporary, place / name, site, folder, digest)
        except OSError as error:
            _log.error("evidence %s/%s/%s cannot be kept: %s", site, incident, name, error.strerror)
            status = 507 if error.errno in FULL_ERRORS else 500
            raise RefusedFileError(status, "it cannot be kept now", "disk") from error
        finally:
            self._writing[site] -= 1
            if temporary is not None:
                temporary.unlink(missing_ok=True)

    def tell_unverified(self, site: str) -> None:
        """Say in the log where nobody can tell whose box sealed the evidence of a site."""
        try:
            if self._keys.of(site):
                return
            _log.warning(
                "evidence of %s is kept, but not verified: put box.pub of its boxes to %s", site, self._keys.file(site)
            )
        except ConfigError as error:
            _log.error("no evidence of %s is taken: %s", site, error)

    def _folder(self, site: str, incident: str) -> Path:
        folder = self._shelf.folder(site, incident)
        if folder is None or folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            raise RefusedFileError(400, "the address holds no id of an incident", "id")
        return folder

    def _make_room(self, site: str, folder: Path, name: str) -> Path:
        """Where the files of an incident are gathered: its folder, or one beside it where somebody squats there."""
        place = folder.with_name(f".{folder.name}.new") if self._is_squatted(site, folder) else folder
        check_room(self._shelf.root)  # what is complete already is written aside, too, before it is compared
        if not (place / MANIFEST).exists():
            self._unfinished.admit(site, place)
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        names = {path.name for path in place.iterdir()} | {name}
        if len(names) > EVIDENCE_FILES:
            raise RefusedFileError(409, f"an incident has {EVIDENCE_FILES} files at most", "files")
        return place

    def _is_squatted(self, site: str, folder: Path) -> bool:
        """Whether what is complete there is signed by none of the site's keys: its true owner may replace it."""
        if not (folder / MANIFEST).exists() or (folder / DELETION_SIGNATURE).exists():
            return False
        keys = self._site_keys(site)
        return bool(keys) and not signed_by(keys, folder / MANIFEST, folder / SIGNATURE)

    def _site_keys(self, site: str) -> tuple[PublicKey, ...]:
        try:
            return self._keys.of(site)
        except ConfigError as error:
            _log.error("no evidence of %s is taken: %s", site, error)
            raise RefusedFileError(503, "the keys of this site cannot be read; its log says more", "keys") from error

    def _put_in_turn(self, temporary: Path, target: Path, site: str, folder: Path, digest: str) -> bool:
        with self._placing:  # lest a file is changed while its manifest is compared
            is_complete = _put_in_place(temporary, target, folder.name, digest, self._site_keys(site))
            if is_complete and target.parent != folder:
                _replace(folder, target.parent)
                _log.warning("evidence of %s from %s replaced: no key of the site had signed it", folder.name, site)
            return is_complete


def _put_in_place(temporary: Path, target: Path, incident: str, digest: str, keys: tuple[PublicKey, ...]) -> bool:
    folder, is_manifest = target.parent, target.name == MANIFEST
    if target.is_file() and sha256_file(target) == digest:
        return is_manifest
    if (folder / MANIFEST).exists():
        # What is sealed stays as it is: a stolen token must not change evidence.
        raise RefusedFileError(409, "the evidence is complete already, and this is not what it holds", "complete")
    if is_manifest:
        _check(temporary, folder, incident, keys)
    temporary.replace(target)
    flush_directory(folder)
    return is_manifest


def _replace(folder: Path, by: Path) -> None:
    old = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    folder.replace(old)
    by.replace(folder)
    flush_directory(folder.parent)
    shutil.rmtree(old, ignore_errors=True)


async def _write(temporary: Path, body: AsyncIterator[bytes], name: str, kind: Kind) -> str:
    """Write what comes and return its SHA-256 in hex; no more than one piece is in memory."""
    digest, size, head = hashlib.sha256(), 0, b""
    with temporary.open("xb") as file:

        def add(piece: bytes) -> None:
            digest.update(piece)
            file.write(piece)

        async for piece in body:
            size += len(piece)
            if size > kind.most_bytes:
                raise RefusedFileError(413, f"{name} may have {kind.most_bytes} bytes", "size")
            if len(head) < HEAD_BYTES:
                head = (head + piece)[:HEAD_BYTES]
                if len(head) == HEAD_BYTES:
                    _check_head(head, name, kind)
            await run_in_threadpool(add, piece)
        _check_head(head, name, kind)
        file.flush()
        await run_in_threadpool(os.fsync, file.fileno())
    return digest.hexdigest()


def _check_head(head: bytes, name: str, kind: Kind) -> None:
    if not kind.begins(head):
        raise RefusedFileError(400, f"{name} does not begin as {kind.called} does", "content")


def _check(manifest_file: Path, folder: Path, incident: str, keys: tuple[PublicKey, ...]) -> None:
    """A box of the site has signed it, as far as keys are known, and every file that it lists is here as it was sealed.

    What it does not list is left from an earlier try. Boxes keep the untouched clip and pictures unless their box file
    says otherwise: all of those may be absent.

    Raises:
        RefusedFileError: it is not so.
    """
    try:
        manifest = parse_manifest(manifest_file.read_bytes(), Path(MANIFEST))
    except EvidenceError as error:
        raise RefusedFileError(409, _bare(str(error), manifest_file.parent), "manifest") from error
    if not isinstance(manifest, SealedManifest):
        raise RefusedFileError(409, "the manifest is not one that a box has sealed", "unsealed")
    if manifest.incident != incident:
        raise RefusedFileError(409, f"the manifest is that of incident {manifest.incident[:64]!r}", "incident")
    if keys and manifest.key not in {key.key_id for key in keys}:
        # kept on the box until the key is put here: a box that got a new key loses nothing
        raise RefusedFileError(403, "its key is none of this site's; put the box's box.pub on the hub", "key")
    if not signed_by(keys, manifest_file, folder / SIGNATURE):
        raise RefusedFileError(409, "its signature is missing or is not that of the box's key", "signature")
    for path in folder.iterdir():
        is_listed = path.name in manifest.files or path.name in SEALS
        if not is_listed and path != manifest_file and path.is_file():
            path.unlink()
    away = withheld(folder, manifest.files)
    problems = check_files(folder, excluding(manifest.files, away), SEALS | {manifest_file.name})
    if problems:
        raise RefusedFileError(409, _bare("; ".join(problems[:_MOST_TOLD]), folder), "differs")


def _bare(text: str, folder: Path) -> str:
    """Without the folder's path, which is nobody's business."""
    return text.replace(f"{folder}/", "")


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="surrogateescape")).digest()
