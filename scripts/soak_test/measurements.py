"""Readings of a daemon at work: memory, drops, CPU, and when incidents reach the broker."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from soak_test.listener import Arrival, Listener
from soak_test.stage import Stage
from soak_test.time_in_sight import seen_after_path

_EVERY_S = 2.0
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass
class Readings:
    """What was measured.

    Attributes:
        cameras: the cameras' names.
        seconds: how long.
        memory: of each camera's worker, ``(seconds since start, MB)``.
        metrics: the daemon's last metrics.
        arrivals: incidents at the broker, their delays from the moment each thing was gone from sight.
        daemon_cpu_s: of the daemon with all its processes.
        server_cpu_s: of the RTSP server that plays the cameras.
        work_ms: CPU time that one and the same piece of work took at each reading: what the machine itself was worth.
        ended: the daemon's exit code where it ended by itself, which it must not.
    """

    cameras: tuple[str, ...]
    seconds: float = 0.0
    memory: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    arrivals: list[Arrival] = field(default_factory=list)
    daemon_cpu_s: float = 0.0
    server_cpu_s: float = 0.0
    work_ms: list[float] = field(default_factory=list)
    ended: int | None = None


def measure(stage: Stage, seconds: float) -> Readings:
    """Run the daemon for so long and read its meters."""
    readings = Readings(stage.cameras)
    listener = Listener(stage.broker_port)
    try:
        stage.start()
        assert stage.daemon is not None
        assert stage.server is not None
        begun = time.monotonic()
        while (now := time.monotonic() - begun) < seconds and stage.daemon.poll() is None:
            time.sleep(_EVERY_S)
            readings.seconds = now
            readings.work_ms.append(_work_ms())
            readings.metrics = stage.metrics() or readings.metrics
            readings.daemon_cpu_s = sum(cpu_s(pid) for pid in (stage.daemon.pid, *stage.children()))
            readings.server_cpu_s = cpu_s(stage.server.pid)
            for name, value in readings.metrics.items():
                if name.startswith("edgecv_worker_memory_bytes") and value:
                    readings.memory.setdefault(name.split('"')[1], []).append((now, value / 2**20))
        readings.ended = stage.daemon.poll()
        if readings.ended is None:
            stage.stop()
    finally:
        listener.close()
    longer = seen_after_path(stage.clip, stage.box)
    readings.arrivals = [replace(a, delay_s=a.delay_s - longer(a.path)) for a in listener.arrivals]
    return readings


def _work_ms() -> float:
    """A host that gives its guest less than a core does not say so: the guest's own work takes longer."""
    begun = time.thread_time()
    total = 0
    for n in range(50_000):
        total += n
    return 1e3 * (time.thread_time() - begun)


def cpu_s(pid: int) -> float:
    """CPU time a process has used, seconds; 0 where it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICK
