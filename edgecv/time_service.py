"""Whether a time service keeps the box's clock right: what the kernel and chrony say."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from dataclasses import dataclass

_STA_UNSYNC = 0x0040  # adjtimex(2)
_TIME_ERROR = 5


class _Timex(ctypes.Structure):
    """``struct timex`` of 64-bit Linux, as far as it is read; the rest is room."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("room", ctypes.c_byte * 256),
    )


@dataclass(frozen=True, slots=True)
class KernelClock:
    """What the kernel says of its clock.

    Attributes:
        synchronised: somebody disciplines it.
        may_be_off_s: by how much it may be off at most, seconds; None where that is not known.
    """

    synchronised: bool
    may_be_off_s: float | None


def kernel_clock() -> KernelClock | None:
    """Ask ``adjtimex(2)``; None where it cannot be asked."""
    try:
        adjtimex = ctypes.CDLL(None, use_errno=True).adjtimex
    except AttributeError:
        return None
    timex = _Timex()
    state = int(adjtimex(ctypes.byref(timex)))
    if state < 0:
        return None
    synchronised = state != _TIME_ERROR and not timex.status & _STA_UNSYNC
    return KernelClock(synchronised, timex.maxerror / 1e6 if synchronised else None)


def chrony_follows() -> bool:
    """Whether chrony runs and follows a source; it need not tell the kernel."""
    program = shutil.which("chronyc")
    if program is None:
        return False
    try:
        tracking = subprocess.run([program, "-n", "tracking"], capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return tracking.returncode == 0 and any(
        line.startswith("Leap status") and line.endswith("Normal") for line in tracking.stdout.splitlines()
    )


def is_synchronised() -> bool:
    """Whether a time service keeps the clock right. The kernel forgets that as soon as the clock is set by hand."""
    kernel = kernel_clock()
    return (kernel is not None and kernel.synchronised) or chrony_follows()
