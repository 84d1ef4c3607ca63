"""A file that only takes room, given up when the disk is full so that records still find some."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path

from edgecv.durable_files import FULL_ERRORS

RESERVE = "reserve"
_FULL_CODES = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
_BYTES = 16 * 2**20  # thousands of records


def allocate_reserve(state: Path) -> bool:
    """Take the room anew where there is none and the disk has plenty; whether it is held now."""
    path = state / RESERVE
    if path.exists():
        return True
    disk = os.statvfs(state)
    size = min(_BYTES, disk.f_frsize * disk.f_blocks // 50)
    if disk.f_bavail * disk.f_frsize < 4 * size:
        return False
    aside = path.with_suffix(".part")
    try:
        with aside.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, size)
        aside.rename(path)
    except OSError:
        aside.unlink(missing_ok=True)
        return False
    return True


def is_full(error: BaseException) -> bool:
    """Whether an error of SQLite's or the system's says that the disk is full."""
    cause = error.__cause__ or error
    if isinstance(cause, OSError):
        return cause.errno in FULL_ERRORS
    # SQLite says "disk I/O error" where the index beside its log finds no room
    code = getattr(cause, "sqlite_errorcode", None)
    return isinstance(cause, sqlite3.Error) and code is not None and code & 0xFF in _FULL_CODES


def make_room(state: Path, recordings: Path) -> bool:
    """Give up the reserve, else the oldest recording: what goes first where a disk is full; False where none is left.

    Args:
        state: the state directory.
        recordings: the folder with a folder of recordings a camera.
    """
    if release_reserve(state):
        return True
    for path in sorted(recordings.glob("*/*.mp4"), key=lambda path: path.stat().st_mtime):
        with suppress(OSError):
            path.unlink()
            return True
    return False


def release_reserve(state: Path) -> bool:
    """Give the room up; False where it was given up already."""
    try:
        (state / RESERVE).unlink()
    except OSError:
        return False
    return True
