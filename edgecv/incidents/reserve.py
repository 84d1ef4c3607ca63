"""A file that only takes room, given up when the disk is full so that records still find some."""

from __future__ import annotations

import os
from pathlib import Path

RESERVE = "reserve"
_BYTES = 16 * 2**20  # thousands of records


def keep_reserve(state: Path) -> bool:
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


def release_reserve(state: Path) -> bool:
    """Give the room up; False where it was given up already."""
    try:
        (state / RESERVE).unlink()
    except OSError:
        return False
    return True
