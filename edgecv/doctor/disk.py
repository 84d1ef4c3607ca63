"""The disk that keeps records and evidence: is there room, may we write, and how long does a safe write take?"""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from edgecv.doctor.check_result import CheckResult, ok, problem, warning
from edgecv.durable_files import FULL_ERRORS
from edgecv.storage.damaged_database import SET_ASIDE

WHERE = "disk"
SLOW_S, MUCH_TOO_SLOW_S = 0.1, 1.0
"""Seconds for a safe write of 256 KiB: an SSD takes 5 ms, a good memory card 50 ms; an incident makes some ten."""
_PIECE = 256 * 1024
_WRITES = 8
_LEAST_BYTES = 500 * 10**6
"""Records alone need little; below this the system itself gets into trouble."""


def disk_findings(state: Path, disk_share: float, recorded_bytes: float = 0.0) -> list[CheckResult]:
    """Judge the state directory and its file system.

    Args:
        state: the state directory; where it does not exist yet, the nearest folder above it is judged.
        disk_share: how full the file system may be before old evidence is deleted, 0 to 1.
        recorded_bytes: what recordings of everything will take, by the box file and the cameras' bit rates.
    """
    folder = state
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    findings = room_findings(folder, disk_share, recorded_bytes) + damage_findings(state)
    if folder != state:
        return [*findings, ok(WHERE, f"{state} does not exist yet; the daemon makes it when it first starts")]
    try:
        seconds = safe_write_s(state)
    except OSError as error:
        if error.errno in FULL_ERRORS:
            full = problem(WHERE, f"{state} takes nothing: the disk is full", "make room: remove what is not edgecv's")
            return [*findings, full]
        return [
            *findings,
            problem(
                WHERE,
                f"{state} cannot be written to ({error.strerror})",
                "run the doctor as the user of the daemon (sudo -u edgecv edgecv doctor ...); if it still says so, "
                "give the folder to that user: chown edgecv: and chmod 0700",
            ),
        ]
    return [*findings, speed_finding(seconds)]


def damage_findings(state: Path) -> list[CheckResult]:
    """Databases that the daemon found damaged and set aside."""
    try:
        names = sorted(path.name for path in state.glob(f"{SET_ASIDE}*Z"))
    except OSError:
        return []
    return [
        warning(
            WHERE,
            f"{name} is a damaged database; the one after it knows the evidence, but no hold and no resolution from it",
            "look for errors of the disk in dmesg, hold again what was held (sqlite3 FILE .recover may show it), then "
            "move the file away",
        )
        for name in names
    ]


def room_findings(folder: Path, disk_share: float, recorded_bytes: float = 0.0) -> list[CheckResult]:
    """Whether there is room for evidence."""
    usage = shutil.disk_usage(folder)
    full = 1.0 - usage.free / usage.total if usage.total else 1.0
    text = f"{_gigabytes(usage.free)} of {_gigabytes(usage.total)} are free at {folder}"
    if usage.free < _LEAST_BYTES:
        return [problem(WHERE, text, "make room: at this point only records are kept, without evidence")]
    if full > disk_share:
        return [
            warning(
                WHERE,
                f"the disk is {full:.0%} full, more than storage.disk_share ({disk_share:.0%}): {text}",
                "make room or raise storage.disk_share: until then evidence is deleted as soon as it may be",
            )
        ]
    room = usage.total * disk_share - (usage.total - usage.free)
    if recorded_bytes > room:
        return [
            warning(
                WHERE,
                f"storage.record_hours needs about {_gigabytes(recorded_bytes)} at the cameras' bit rates, but {text}",
                "lower storage.record_hours or the cameras' bit rates, or give the box a larger disk",
            )
        ]
    return [ok(WHERE, text)]


def safe_write_s(folder: Path, writes: int = _WRITES) -> float:
    """Median seconds that it takes to write 256 KiB so that a power cut cannot undo it.

    Raises:
        OSError: it cannot be written there.
    """
    piece = os.urandom(_PIECE)
    durations_s: list[float] = []
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".edgecv-doctor-") as file:
        for _ in range(writes):
            began = time.perf_counter()
            file.write(piece)
            file.flush()
            os.fsync(file.fileno())
            durations_s.append(time.perf_counter() - began)
    return statistics.median(durations_s)


def speed_finding(seconds: float) -> CheckResult:
    """What the time of a safe write means."""
    text = f"a safe write of 256 KiB takes {1000.0 * seconds:.0f} ms"
    advice = "use an SSD, or a memory card made for constant writing; look for errors of the disk in dmesg"
    if seconds > MUCH_TOO_SLOW_S:
        return problem(WHERE, f"{text}: the disk is far too slow, or dying", advice)
    if seconds > SLOW_S:
        return warning(WHERE, f"{text}: the disk is slow, and incidents are told late", advice)
    return ok(WHERE, text)


def _gigabytes(count: float) -> str:
    return f"{count / 1e9:.1f} GB" if count < 1e11 else f"{count / 1e9:.0f} GB"
