"""The box's key: what it signs its evidence with, and what others check the signature with (Ed25519)."""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from edgecv.durable_files import FULL_ERRORS, flush_directory
from edgecv.errors import ConfigError

BOX_KEY = "box.key"
BOX_PUB = "box.pub"
_MOST_BYTES = 64 * 1024  # a public key in PEM has 113


class PublicKey:
    """What anybody may have: it checks signatures and makes none."""

    def __init__(self, key: Ed25519PublicKey) -> None:
        self._key = key

    @property
    def key_id(self) -> str:
        """The first 16 hex digits of the SHA-256 of the raw key: what a manifest names it by."""
        raw = self._key.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return hashlib.sha256(raw).hexdigest()[:16]

    @property
    def pem(self) -> bytes:
        """The key as a file holds it."""
        return self._key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def verify(self, signature: bytes, data: bytes) -> bool:
        """Whether the owner of this key signed exactly these bytes."""
        try:
            self._key.verify(signature, data)
        except InvalidSignature:
            return False
        return True


class BoxKey:
    """The private key of one box; it never leaves the box's state directory."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = PublicKey(key.public_key())

    @classmethod
    def load_or_create(cls, folder: Path) -> BoxKey:
        """Return the key kept in a folder; make it, and ``box.pub`` beside it, where there is none yet.

        Several processes may do so at once: all get the same key.

        Raises:
            ConfigError: the folder cannot be written, or what lies there is not such a key.
        """
        path = folder / BOX_KEY
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                _create(path, _pem_of(Ed25519PrivateKey.generate()))
            key = cls(_private_key(path))
            _keep_public_key(folder / BOX_PUB, key.public_pem)
        except OSError as error:
            advice = "make room" if error.errno in FULL_ERRORS else "run as the user that owns the folder"
            raise ConfigError(
                f"{path}: the box's key cannot be read or made ({error.strerror or error}); {advice}"
            ) from error
        return key

    @property
    def key_id(self) -> str:
        """The public key's id."""
        return self.public.key_id

    @property
    def public_pem(self) -> bytes:
        """The public key as a file holds it."""
        return self.public.pem

    def sign(self, data: bytes) -> bytes:
        """The signature over some bytes (64 bytes); the same bytes give the same signature."""
        return self._key.sign(data)


def load_public_key(path: Path) -> PublicKey:
    """Read a public key (PEM).

    Raises:
        ConfigError: the file is missing or is not an Ed25519 public key.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(_MOST_BYTES)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read as a public key ({error.strerror}); name a box's box.pub") from error
    return parse_public_key(raw, str(path))


def parse_public_key(raw: bytes, name: str) -> PublicKey:
    """The public key that a PEM text holds.

    Args:
        raw: the text.
        what: names it in errors.

    Raises:
        ConfigError: it is no Ed25519 public key.
    """
    if b"PRIVATE KEY" in raw:
        raise ConfigError(f"{name}: is a private key, which belongs on its box alone; give the box.pub beside it")
    try:
        key = load_pem_public_key(raw)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ConfigError(f"{name}: is not a public key in PEM; give a box's box.pub") from error
    if not isinstance(key, Ed25519PublicKey):
        raise ConfigError(f"{name}: is a public key, but no Ed25519 one as boxes have; give a box's box.pub")
    return PublicKey(key)


def _private_key(path: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(
            f"{path}: is not the box's key (an Ed25519 private key in PEM, without a password); put it back from a "
            "backup, or move it away to begin a new key and a new chain"
        )
    return key


def _pem_of(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _create(path: Path, data: bytes) -> None:
    """Put a whole file there, readable by its owner alone, unless another process was quicker."""
    aside = _write_temporary(path, data, 0o600)
    try:
        with suppress(FileExistsError):
            os.link(aside, path)
    finally:
        aside.unlink()
    flush_directory(path.parent)


def _keep_public_key(path: Path, pem: bytes) -> None:
    """The public key follows the private one, also where an older one was left behind."""
    if path.exists() and path.read_bytes() == pem:
        return
    _write_temporary(path, pem, 0o644).replace(path)
    flush_directory(path.parent)


def _write_temporary(path: Path, data: bytes, mode: int) -> Path:
    """The data on the disk under a name no other process has."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    aside = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(handle, mode)
            file.write(data)
            file.flush()
            os.fsync(handle)
    except OSError:
        aside.unlink()
        raise
    return aside
