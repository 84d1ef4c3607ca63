"""Does evidence age? Where nobody keeps a clock that jumped ahead, the daemon deletes nothing by age."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from edgecv.doctor.check_result import CheckResult, warning
from edgecv.doctor.disk import WHERE
from edgecv.storage.retention_clock import MOST_AHEAD_S, RETENTION_CLOCK, agreeing_command, load_agreed_s
from edgecv.time_service import is_synchronised

_DAY_S = 86400.0


def retention_findings(
    state: Path, *, synchronised: Callable[[], bool] = is_synchronised, now: Callable[[], float] = time.time
) -> list[CheckResult]:
    """A warning where evidence does not age by the wall clock, or will not when the daemon starts.

    Args:
        state: the state directory.
        synchronised: whether a time service keeps the wall clock.
        now: the wall clock, seconds since 1970.
    """
    path = state / RETENTION_CLOCK
    agreed_s = load_agreed_s(path)
    if agreed_s is None or now() - agreed_s <= MOST_AHEAD_S or synchronised():
        return []
    return [
        warning(
            WHERE,
            f"evidence is not deleted by its age: the clock is {(now() - agreed_s) / _DAY_S:.1f} days ahead of the "
            "time that has passed here, and nobody synchronises it; the disk fills up to storage.disk_share",
            "synchronise the clock: timedatectl set-ntp true; where the time is right and the box was off for so long, "
            f"stop the daemon, say so with {agreeing_command(path)}, and start it",
        )
    ]
