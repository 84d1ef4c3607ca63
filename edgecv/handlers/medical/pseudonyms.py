"""This box's key for pseudonyms."""

from __future__ import annotations

import os
from pathlib import Path


def pseudonym_key(state: Path) -> bytes:
    """This box's key, made where there is none."""
    path = state / "pseudonym.key"
    try:
        return path.read_bytes()
    except FileNotFoundError:
        key = os.urandom(32)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(key)
        return key
