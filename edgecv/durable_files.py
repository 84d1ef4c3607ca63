"""Files that survive a power cut: written aside, flushed to the disk, then renamed into place."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import tempfile
from pathlib import Path

FULL_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT})
"""What the system says when a disk, or our share of it, is full."""
DISK_ERRORS = FULL_ERRORS | {errno.EIO, errno.EROFS, errno.EFBIG}
"""What the system says of a disk that takes nothing."""

_LEAST_BYTES = 128 * 1024
"""A database's log and the index beside it need as much before anything is in them."""
_TEMPORARY_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC


def is_disk_full(folder: Path) -> bool:
    """Whether a folder's file system, or our quota of it, has hardly a block left or takes no further file."""
    disk = os.statvfs(folder)
    if disk.f_bavail * disk.f_frsize < _LEAST_BYTES or (disk.f_files > 0 and disk.f_favail == 0):
        return True
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            os.posix_fallocate(probe.fileno(), 0, _LEAST_BYTES)
    except OSError as error:  # who may not write there does not fill it either
        return error.errno in FULL_ERRORS
    return False


def write_atomic(path: Path, data: bytes | str, *, flush: bool = True) -> None:
    """Write a file so that either the old or the whole new content is there, whatever happens meanwhile.

    Args:
        path: the file.
        data: its content.
        flush: False survives the end of a process but no power cut, and costs no wait for the disk; see `flush_files`.
    """
    raw = data.encode() if isinstance(data, str) else data
    temporary = path.with_name(f".{path.name}.part")
    with os.fdopen(os.open(temporary, _TEMPORARY_FLAGS, 0o666), "wb") as file:  # as open() has it, but through no link
        file.write(raw)
        if flush:
            file.flush()
            os.fsync(file.fileno())
    temporary.replace(path)
    if flush:
        flush_directory(path.parent)


def read_plain(path: Path, most_bytes: int) -> bytes:
    """The first bytes of a plain file that somebody else may have put there.

    Raises:
        OSError: it cannot be read, or is something that a reader would wait for or never come to the end of.
    """
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is not a plain file", str(path))
        return file.read(most_bytes)


def flush_files(folder: Path) -> None:
    """Make a folder with all its files durable."""
    for path in folder.iterdir():
        flush_directory(path)
    flush_directory(folder)
    flush_directory(folder.parent)


def flush_directory(folder: Path) -> None:
    """Make renames inside a folder, or a file's content, durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256_file(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
