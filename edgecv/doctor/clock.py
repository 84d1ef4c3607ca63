"""Is the box's clock set by somebody who knows the time? Incidents are told by it, in court if need be."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from edgecv.doctor.check_result import Finding, ok, problem

WHERE = "clock"
TIMESYNCD_STAMP = Path("/run/systemd/timesync/synchronized")
_STA_UNSYNC = 0x0040
_TIME_ERROR = 5
_DAY_S = 86400.0


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
    told = _Timex()
    state = int(adjtimex(ctypes.byref(told)))
    if state < 0:
        return None
    synchronised = state != _TIME_ERROR and not told.status & _STA_UNSYNC
    return KernelClock(synchronised, told.maxerror / 1e6 if synchronised else None)


def chrony_follows() -> bool:
    """Whether chrony runs and follows a source; it need not tell the kernel."""
    program = shutil.which("chronyc")
    if program is None:
        return False
    try:
        told = subprocess.run([program, "-n", "tracking"], capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return told.returncode == 0 and any(
        line.startswith("Leap status") and line.endswith("Normal") for line in told.stdout.splitlines()
    )


def clock_findings(
    not_before: float | None = None,
    *,
    kernel: Callable[[], KernelClock | None] = kernel_clock,
    chrony: Callable[[], bool] = chrony_follows,
    stamp: Path = TIMESYNCD_STAMP,
    now: Callable[[], float] = time.time,
) -> list[Finding]:
    """Judge the clock.

    Args:
        not_before: a moment that has certainly passed (seconds since 1970), such as when the box file was written.
        kernel: asks the kernel.
        chrony: asks chrony.
        stamp: the file by which systemd-timesyncd says that it has set the clock since the box started.
        now: the clock.
    """
    if not_before is not None and now() < not_before - _DAY_S:
        shown = datetime.fromtimestamp(now(), UTC).strftime("%Y-%m-%d %H:%M UTC")
        return [
            problem(
                WHERE,
                f"the clock says {shown}, which is before the box file was written",
                "set the clock and let the network keep it: timedatectl set-ntp true; a box without a clock battery "
                "needs a time server each time it starts",
            )
        ]
    told = kernel()
    if told is not None and told.synchronised:
        off = "" if told.may_be_off_s is None else f", off by {told.may_be_off_s:.2g} s at most"
        return [ok(WHERE, f"the clock is synchronised{off}")]
    if chrony() or stamp.exists():
        return [ok(WHERE, "the clock is synchronised")]
    return [
        problem(
            WHERE,
            "the clock is not synchronised: the times of incidents cannot be trusted",
            "timedatectl set-ntp true, and name a time server that the box can reach in /etc/systemd/timesyncd.conf",
        )
    ]
