"""Landlock (Linux 5.13 and later): the process gives up every file but those it names, and for good."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_CREATE, _ADD_RULE, _RESTRICT_SELF = (
    444,
    445,
    446,
)  # of system calls, the same on all architectures
_VERSION_FLAG, _PATH_BENEATH = 1, 1
_EXECUTE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 2, 1 << 3
_FILES_BITS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # rights over files that each version knows
_CONNECT_AND_BIND, _SOCKETS_AND_SIGNALS = 0b11, 0b11
_NO_NEW_PRIVS = 38
_libc = ctypes.CDLL(None, use_errno=True)


def landlock_version() -> int:
    """What the kernel offers; 0 where it has none."""
    return max(0, int(_libc.syscall(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION_FLAG))))


def no_new_privileges() -> None:
    """No program that this process starts gains rights by its file's owner."""
    _libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0)


def allow_reading_only(paths: Iterable[Path]) -> bool:
    """Give up every file but those, writing, the network where the kernel knows how, and other processes.

    Files that are open already stay so.

    Args:
        paths: files and folders that may be read, with all below them.

    Returns:
        False where the kernel has no Landlock: nothing was given up.

    Raises:
        OSError: it has, and refused.
    """
    version = landlock_version()
    if version == 0:
        return False
    attributes = struct.pack("=Q", (1 << _FILES_BITS.get(version, 16)) - 1)
    attributes += struct.pack("=Q", _CONNECT_AND_BIND) if version >= 4 else b""
    attributes += struct.pack("=Q", _SOCKETS_AND_SIGNALS) if version >= 6 else b""
    rules = _call(_CREATE, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0))
    try:
        for path in paths:
            with suppress(FileNotFoundError):
                _allow(rules, path)
        no_new_privileges()
        _call(_RESTRICT_SELF, ctypes.c_int(rules), ctypes.c_uint32(0))
    finally:
        os.close(rules)
    return True


def _allow(rules: int, path: Path) -> None:
    handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rights = _READ_FILE | _EXECUTE | (_READ_DIR if path.is_dir() else 0)
        _call(_ADD_RULE, ctypes.c_int(rules), ctypes.c_int(_PATH_BENEATH), struct.pack("=Qi", rights, handle), 0)
    finally:
        os.close(handle)


def _call(number: int, *arguments: object) -> int:
    result = int(_libc.syscall(number, *arguments))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result
