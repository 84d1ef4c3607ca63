"""What the readings come to, and which limits they miss."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np

from soak_test.measurements import Readings

WARM_UP_S = 60.0
MOST_MB_A_MINUTE = 1.0
LONGEST_DELAY_S = 1.5
_LEAST_READINGS = 6  # for a slope
_SLOW = 1.5


def total(readings: Readings, name: str) -> float:
    """A counter of the daemon's over all cameras."""
    return sum(value for key, value in readings.metrics.items() if key.startswith(f"edgecv_{name}_total{{"))


def slope_mb_a_minute(series: Iterable[tuple[float, float]]) -> float | None:
    """How fast a worker's memory grows after the warm-up; None where that was too short to tell."""
    after = np.array([pair for pair in series if pair[0] > WARM_UP_S])
    return float(np.polyfit(after[:, 0] / 60.0, after[:, 1], 1)[0]) if len(after) >= _LEAST_READINGS else None


def delay_s(readings: Readings, quantile: float) -> float | None:
    """Quantile of the delays at the broker, each incident counted when it came first; None where none came."""
    first = {arrival.id: arrival.delay_s for arrival in reversed(readings.arrivals)}
    return float(np.quantile(list(first.values()), quantile)) if first else None


def lines_of(readings: Readings) -> list[str]:
    """The figures in plain words."""
    frames, thinned, dropped = (total(readings, name) for name in ("frames", "thinned_frames", "dropped_packets"))
    cores = readings.daemon_cpu_s / max(readings.seconds, 1.0)
    lines = [
        f"{len(readings.cameras)} cameras, {readings.seconds / 60.0:.1f} minutes: "
        f"{frames:.0f} frames analysed, {thinned:.0f} left out, {dropped:.0f} packets dropped",
        f"restarts {total(readings, 'worker_restarts'):.0f}, connections {total(readings, 'connections'):.0f}",
        f"CPU: the daemon {cores:.2f} cores, the RTSP server {readings.server_cpu_s / max(readings.seconds, 1.0):.2f}",
        *_lines_of_machine(readings),
    ]
    for camera, series in sorted(readings.memory.items()):
        slope = slope_mb_a_minute(series)
        grows = "too short for a slope" if slope is None else f"{slope:+.2f} MB a minute after warm-up"
        lines.append(f"{camera}: {series[-1][1]:.0f} MB resident, {grows}")
    middle, late = delay_s(readings, 0.5), delay_s(readings, 0.99)
    if middle is None or late is None:
        return [*lines, "no incident reached the broker"]
    clocks = Counter(arrival.clock for arrival in readings.arrivals)
    named = ", ".join(f"{count} by {clock}" for clock, count in sorted(clocks.items()))
    error_s = max(arrival.clock_error_s for arrival in readings.arrivals)
    lines.append(
        f"{len({a.id for a in readings.arrivals})} incidents; at the broker {middle:.2f} s after the thing was gone, "
        f"p99 {late:.2f} s (wall time {named}; at most {error_s:.2f} s off)"
    )
    return lines


def _lines_of_machine(readings: Readings) -> list[str]:
    """Whether the machine was all there: on a shared one a minute at half the speed is no fault of the daemon's."""
    if not readings.work_ms:
        return []
    usual = float(np.median(readings.work_ms))
    slow = sum(ms > _SLOW * usual for ms in readings.work_ms)
    longest = max(readings.work_ms) / usual
    return [
        f"the machine: in {slow} of {len(readings.work_ms)} readings the same work took {_SLOW:g} times as long as "
        f"usual or more, at most {longest:.1f} times"
    ]


def limits_missed(readings: Readings) -> list[str]:
    """Each limit of the acceptance that was missed or could not be judged; a slope that cannot be told is neither."""
    missed = []
    if readings.ended is not None:
        missed.append(f"the daemon ended by itself with exit code {readings.ended}")
    blind = [name for name in readings.cameras if not readings.metrics.get(f'edgecv_frames_total{{camera="{name}"}}')]
    if blind:
        missed.append(f"no picture of {', '.join(blind)}")
    if dropped := total(readings, "dropped_packets"):
        missed.append(f"{dropped:.0f} packets dropped")
    if thinned := total(readings, "thinned_frames"):
        missed.append(f"{thinned:.0f} frames left out")
    if restarts := total(readings, "worker_restarts"):
        missed.append(f"{restarts:.0f} restarts")
    for camera, series in sorted(readings.memory.items()):
        slope = slope_mb_a_minute(series)
        if slope is not None and slope >= MOST_MB_A_MINUTE:
            missed.append(f"{camera} grows by {slope:.2f} MB a minute")
    late = delay_s(readings, 0.99)
    if late is None:
        missed.append("no incident reached the broker")
    elif late > LONGEST_DELAY_S:
        missed.append(f"p99 of the delay is {late:.2f} s, more than {LONGEST_DELAY_S} s")
    return missed
