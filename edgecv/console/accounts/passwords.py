"""Passwords: hashed with argon2id by argon2-cffi's defaults (RFC 9106, low-memory profile), a few at a time."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from edgecv.console.accounts.hashing_queue import HashingQueue
from edgecv.console.settings import HASHES_AT_ONCE, HASHES_WAITING, PASSWORD_CHARS, PASSWORD_LONGEST
from edgecv.errors import ConfigError

_hasher = PasswordHasher()
_turns = HashingQueue(HASHES_AT_ONCE, HASHES_WAITING)
_NOBODY = _hasher.hash("nobody")


def hash_password(password: str) -> str:
    """The hash to keep.

    Raises:
        ConfigError: the password is too short or too long.
        BusyError: too many passwords are being hashed.
    """
    if not PASSWORD_CHARS <= len(password) <= PASSWORD_LONGEST:
        raise ConfigError(f"password: has {len(password)} characters; choose {PASSWORD_CHARS} to {PASSWORD_LONGEST}")
    with _turns.turn():
        return _hasher.hash(password)


def verify_password(stored_hash: str | None, password: str) -> bool:
    """Whether it is the password of a hash. Takes as long for somebody who does not exist (``None``).

    Raises:
        BusyError: too many passwords are being hashed.
    """
    if len(password) > PASSWORD_LONGEST:
        return False  # it is nobody's
    try:
        with _turns.turn():
            matches = _hasher.verify(stored_hash or _NOBODY, password)
    except (VerificationError, InvalidHashError):
        return False
    return matches and stored_hash is not None
