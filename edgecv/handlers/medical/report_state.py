"""What is stored of schedules, read so that values of another form are noticed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any


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


def schedule_from(stored: Any) -> dict[str, Any] | None:
    """A schedule as the context keeps it.

    Raises:
        ValueError, TypeError, KeyError: it is of no such form.
    """
    if stored is None:
        return None
    if not isinstance(stored["doses"], list) or not isinstance(stored["patient"], str):
        raise TypeError("is no schedule")
    for due, one in stored["taken"].items():
        float(due)
        for dose_id, at_s in one["doses"]:
            str(dose_id), float(at_s)
        if not isinstance(one["alarm"], str | None):
            raise TypeError("is no schedule")
    return {**stored, "judged": float(stored["judged"]), "version": stored.get("version")}
