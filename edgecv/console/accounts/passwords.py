"""Passwords: hashed with argon2id by argon2-cffi's defaults (RFC 9106, low-memory profile)."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from edgecv.console.settings import PASSWORD_CHARS, PASSWORD_LONGEST
from edgecv.errors import ConfigError

_hasher = PasswordHasher()
_NOBODY = _hasher.hash("nobody")


def hash_password(password: str) -> str:
    """The hash to keep.

    Raises:
        ConfigError: the password is too short or too long.
    """
    if not PASSWORD_CHARS <= len(password) <= PASSWORD_LONGEST:
        raise ConfigError(f"password: has {len(password)} characters; choose {PASSWORD_CHARS} to {PASSWORD_LONGEST}")
    return _hasher.hash(password)


def verify_password(kept: str | None, password: str) -> bool:
    """Whether it is the password of a hash. Takes as long for somebody who does not exist (``None``)."""
    try:
        matches = _hasher.verify(kept or _NOBODY, password[: PASSWORD_LONGEST + 1])
    except (VerificationError, InvalidHashError):
        return False
    return matches and kept is not None
