"""Is the box's clock set by somebody who knows the time? Incidents are told by it, in court if need be."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from edgecv.doctor.check_result import CheckResult, ok, problem
from edgecv.time_service import KernelClock, chrony_follows, kernel_clock

WHERE = "clock"
TIMESYNCD_STAMP = Path("/run/systemd/timesync/synchronized")
_DAY_S = 86400.0


def clock_findings(
    not_before: float | None = None,
    *,
    kernel: Callable[[], KernelClock | None] = kernel_clock,
    chrony: Callable[[], bool] = chrony_follows,
    stamp: Path = TIMESYNCD_STAMP,
    now: Callable[[], float] = time.time,
) -> list[CheckResult]:
    """Judge the clock.

    Args:
        not_before: a moment that has certainly passed (seconds since 1970), such as when the box file was written.
        kernel: asks the kernel.
        chrony: asks chrony.
        stamp: the file by which systemd-timesyncd says that it has set the clock since the box started.
        now: the clock.
    """
    if not_before is not None and now() < not_before - _DAY_S:
        clock_time = datetime.fromtimestamp(now(), UTC).strftime("%Y-%m-%d %H:%M UTC")
        return [
            problem(
                WHERE,
                f"the clock says {clock_time}, which is before the box file was written",
                "set the clock and let the network keep it: timedatectl set-ntp true; a box without a clock battery "
                "needs a time server each time it starts",
            )
        ]
    clock = kernel()
    if clock is not None and clock.synchronised:
        off = "" if clock.may_be_off_s is None else f", off by {clock.may_be_off_s:.2g} s at most"
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
