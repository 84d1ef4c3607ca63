"""Are there cores and memory enough for the cameras?"""

from __future__ import annotations

import os

from edgecv.doctor.check_result import CheckResult, ok, problem, warning

WHERE = "machine"
WORKER_MB = 300
"""What a camera's worker usually takes: 286 MB resident with 720p video and one incident drawn."""
DAEMON_MB = 400
"""The supervisor, the sender and the system beside them."""
BUSY, TOO_BUSY = 0.7, 1.0
"""Share of the cores from which a busy minute (rain, a tree in wind, an incident being drawn) may cost frames."""


def memory_finding(cameras: int, total_mb: float | None = None) -> CheckResult:
    """Whether all the workers fit into memory."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**20 if total_mb is None else total_mb
    needed = cameras * WORKER_MB + DAEMON_MB
    text = f"{cameras} camera{'s' * (cameras != 1)} need about {needed} MB of memory, the box has {total:.0f} MB"
    if needed > total:
        return problem(WHERE, text, "use a box with more memory, or fewer cameras on this one")
    if needed > 0.8 * total:
        return warning(WHERE, text, "little is left for the system: give the box more memory, or fewer cameras")
    return ok(WHERE, text)


def cores_finding(used_cores: float, cores: int | None = None) -> CheckResult:
    """Whether the cores can keep up.

    Args:
        used_cores: processor seconds a second that decoding and analysing all cameras takes, as measured on this box.
        cores: how many this process may use; None to ask.
    """
    have = len(os.sched_getaffinity(0)) if cores is None else cores
    text = f"the cameras take about {used_cores:.1f} of {have} core{'s' * (have != 1)}"
    advice = (
        "lower the cameras' resolution or use H.264 instead of H.265, set decoding to hardware (vaapi, v4l2m2m, cuda), "
        "or move a camera to another box"
    )
    if used_cores > TOO_BUSY * have:
        return problem(WHERE, f"{text}: the box cannot keep up and leaves frames out", advice)
    if used_cores > BUSY * have:
        return warning(WHERE, f"{text}: a busy minute may cost frames", advice)
    return ok(WHERE, text)
