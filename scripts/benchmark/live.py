"""A camera as it runs for real: its memory, and how late frames are when many share two cores."""

from __future__ import annotations

import gc
import multiprocessing
import os
import resource
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from edgecv.capture import VideoFile
from edgecv.capture.frame import Frame
from edgecv.pipeline import Pipeline

_SETTLE_S = 1.0  # frames before this are not counted: backgrounds are built
_START_S = 3.0
_LONGEST_S = 300.0  # a camera that died would be waited for in vain


@dataclass(frozen=True, slots=True)
class Memory:
    """Of one camera process, MB: after everything is imported, and at its highest."""

    libraries_mb: float
    peak_mb: float

    @property
    def own_mb(self) -> float:
        """What the camera itself needs."""
        return self.peak_mb - self.libraries_mb


@dataclass(frozen=True, slots=True)
class Lag:
    """How late frames were done, of all cameras together."""

    cameras: int
    cores: int
    frames: int
    p50_ms: float
    p99_ms: float
    maximum_ms: float


def memory_of(clip: Path) -> Memory:
    """Run one camera in a fresh process and look at its memory."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_camera_memory, args=(clip, theirs))
    process.start()
    theirs.close()
    libraries, peak = ours.recv()
    process.join()
    return Memory(libraries, peak)


def lag_of(clip: Path, cameras: int, cores: int, fps: float) -> Lag:
    """Run cameras at the pace of real time on some cores, a process each, and see how late their frames are done."""
    context = multiprocessing.get_context("spawn")
    queue: Any = context.Queue()
    barrier = context.Barrier(cameras)
    allowed = sorted(os.sched_getaffinity(0))[:cores]
    processes = [
        context.Process(target=_camera_live, args=(clip, n / cameras / fps, allowed, barrier, queue), daemon=True)
        for n in range(cameras)
    ]
    for process in processes:
        process.start()
    lags = np.concatenate([queue.get(timeout=_LONGEST_S) for _ in processes])
    for process in processes:
        process.join()
    p50, p99, worst = (float(np.quantile(lags, q)) * 1e3 for q in (0.5, 0.99, 1.0))
    return Lag(cameras, len(allowed), len(lags), p50, p99, worst)


def _camera_memory(clip: Path, answer: Any) -> None:
    cv2.setNumThreads(1)
    _use_everything_once()
    gc.collect()
    libraries = _status_mb("VmRSS")
    _forget_peak()
    pipeline = Pipeline()
    with VideoFile(clip) as video:
        for frame in video:
            pipeline.process(frame)
    answer.send((libraries, max(_status_mb("VmHWM"), libraries)))


def _use_everything_once() -> None:
    """Load what is loaded on first use, on a picture too small to weigh anything."""
    rng = np.random.default_rng(1)
    pipeline = Pipeline()
    for n in range(20):
        pipeline.process(Frame(n, n / 25.0, rng.integers(90, 110, (64, 96)).astype(np.uint8)))
    pipeline.flush()


def _status_mb(key: str) -> float:
    """A value of /proc/self/status; where there is none, the highest so far."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(float(line.split()[1]) / 1024.0 for line in lines if line.startswith(key + ":"))
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0


def _forget_peak() -> None:
    """Let Linux measure the peak from here on; imports need more for a moment."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        print("the peak of memory includes that of the imports: /proc/self/clear_refs cannot be written")


def _camera_live(clip: Path, offset_s: float, cores: list[int], barrier: Any, queue: Any) -> None:
    os.sched_setaffinity(0, cores)
    cv2.setNumThreads(1)
    pipeline, lags = Pipeline(), []
    with VideoFile(clip) as video:
        barrier.wait()
        start = time.monotonic() + _START_S + offset_s
        frames = iter(video)
        due_s = 0.0
        while True:
            # a camera sends a frame when it is due, and only then can it be decoded
            time.sleep(max(0.0, start + due_s - time.monotonic()))
            frame = next(frames, None)
            if frame is None:
                break
            pipeline.process(frame)
            if frame.t_s >= _SETTLE_S:
                lags.append(time.monotonic() - start - due_s)
            due_s = frame.t_s + 1.0 / (video.info.average_fps or 25.0)
    queue.put(np.array(lags))
