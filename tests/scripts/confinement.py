"""Runs a command under the system call filter of a systemd unit, where systemd itself cannot: for tests.

``python confinement.py UNIT COMMAND...`` reads ``SystemCallFilter=`` and ``MemoryDenyWriteExecute=`` of the unit,
lays the same filters over itself with libseccomp and becomes the command.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from ctypes.util import find_library
from pathlib import Path

_ALLOW, _REFUSE = 0x7FFF0000, 0x00050001  # SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(EPERM)
_MASKED_EQ = 7
_WRITE, _EXEC = 0x2, 0x4


class _Condition(ctypes.Structure):
    """``struct scmp_arg_cmp``."""

    _fields_ = (
        ("arg", ctypes.c_uint),
        ("op", ctypes.c_int),
        ("datum_a", ctypes.c_uint64),
        ("datum_b", ctypes.c_uint64),
    )


def settings(unit: Path, key: str) -> list[str]:
    """Every value of a key, in the order of the unit."""
    return [line.partition("=")[2] for line in unit.read_text().splitlines() if line.startswith(f"{key}=")]


def allowed_calls(unit: Path) -> set[str]:
    """The system calls that the unit's filter lets through."""
    calls = expand("@default")
    for value in settings(unit, "SystemCallFilter"):
        names = {call for name in value.removeprefix("~").split() for call in expand(name)}
        calls = calls - names if value.startswith("~") else calls | names
    return calls


def expand(name: str) -> set[str]:
    """The calls of a set such as ``@process``, as this machine's systemd has it."""
    if not name.startswith("@"):
        return {name}
    listed = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True)
    words = [line.strip() for line in listed.stdout.splitlines()[1:]]
    return {call for word in words if word and not word.startswith("#") for call in expand(word)}


def library() -> ctypes.CDLL | None:
    """libseccomp, or None where there is none."""
    found = find_library("seccomp")
    if found is None:
        return None
    seccomp = ctypes.CDLL(found)
    seccomp.seccomp_init.restype = ctypes.c_void_p
    seccomp.seccomp_init.argtypes = [ctypes.c_uint32]
    seccomp.seccomp_rule_add_array.argtypes = [
        ctypes.c_void_p,
        ctypes.c_uint32,
        ctypes.c_int,
        ctypes.c_uint,
        ctypes.POINTER(_Condition),
    ]
    seccomp.seccomp_load.argtypes = [ctypes.c_void_p]
    return seccomp


def confine(unit: Path) -> None:
    """Lay the unit's filters over this process."""
    seccomp = library()
    assert seccomp is not None
    calls = allowed_calls(unit)
    if settings(unit, "MemoryDenyWriteExecute") == ["yes"]:
        refusing = seccomp.seccomp_init(_ALLOW)
        both = _Condition(2, _MASKED_EQ, _WRITE | _EXEC, _WRITE | _EXEC)
        executable = _Condition(2, _MASKED_EQ, _EXEC, _EXEC)
        for call, condition in (("mmap", both), ("mprotect", executable), ("pkey_mprotect", executable)):
            number = seccomp.seccomp_syscall_resolve_name(call.encode())
            assert seccomp.seccomp_rule_add_array(refusing, _REFUSE, number, 1, ctypes.byref(condition)) == 0
        assert seccomp.seccomp_load(refusing) == 0
    allowing = seccomp.seccomp_init(_REFUSE)
    for call in calls:
        number = seccomp.seccomp_syscall_resolve_name(call.encode())
        if number >= 0:  # negative: not of this kind of processor
            assert seccomp.seccomp_rule_add_array(allowing, _ALLOW, number, 0, None) == 0
    assert seccomp.seccomp_load(allowing) == 0


if __name__ == "__main__":
    confine(Path(sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])
