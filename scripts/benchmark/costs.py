"""CPU time a frame of decoding, of edgecv and of its peers, in rounds that take turns."""

from __future__ import annotations

import importlib.util
import resource
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import process_time
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from edgecv.capture import VideoFile
from edgecv.detection import Detector
from edgecv.pipeline import Pipeline
from edgecv.tracking import Tracker

WARM_UP = 75  # frames not counted: a background is learnt in 3 s, and a camera runs for months
_PEER_WARM_UP = 25  # theirs cost the same from the first frame on; this fills their caches


@dataclass(slots=True)
class Costs:
    """Milliseconds of CPU time a frame, a value a round."""

    rounds: dict[str, list[float]] = field(default_factory=dict)

    def add(self, name: str, seconds: float, frames: int) -> None:
        """Note one round."""
        self.rounds.setdefault(name, []).append(1e3 * seconds / max(frames, 1))

    def median(self) -> dict[str, float]:
        """Median over the rounds."""
        return {name: statistics.median(values) for name, values in self.rounds.items()}


Contender = Callable[[Path, Costs], None]


def measure(clip: Path, rounds: int, peer_frames: int, with_peers: bool) -> Costs:
    """Measure a clip in rounds; in each, everyone runs once, beginning with another one each time.

    Args:
        clip: a video.
        rounds: how many.
        peer_frames: frames that the slow peers are given, warm-up included.
        with_peers: also OpenCV's subtractors and DVR-Scan.
    """
    contenders: list[Contender] = [_decoding, _analysis]
    if with_peers:
        contenders += [
            _peer("MOG2 on BGR", cv2.createBackgroundSubtractorMOG2, peer_frames, True),
            _peer("KNN on BGR", cv2.createBackgroundSubtractorKNN, peer_frames, True),
            _peer("MOG2 on grey", cv2.createBackgroundSubtractorMOG2, peer_frames, False),
        ]
        if importlib.util.find_spec("dvr_scan") is not None:
            contenders.append(_dvr_scan)
    costs = Costs()
    for n in range(rounds):
        for contender in contenders[n % len(contenders) :] + contenders[: n % len(contenders)]:
            contender(clip, costs)
    return costs


def _decoding(clip: Path, costs: Costs) -> None:
    with VideoFile(clip) as video:
        marks = [process_time() for _ in video]
    costs.add("decoding", marks[-1] - marks[WARM_UP], len(marks) - 1 - WARM_UP)


def _analysis(clip: Path, costs: Costs) -> None:
    spent = dict.fromkeys(("edgecv", "detection", "tracking"), 0.0)
    frames = 0
    with (
        VideoFile(clip) as video,
        _timed(Detector, "detect", "detection", spent),
        _timed(Tracker, "update", "tracking", spent),
    ):
        pipeline = Pipeline()
        for frame in video:
            if frames == WARM_UP:
                spent.update(dict.fromkeys(spent, 0.0))
            started = process_time()
            pipeline.process(frame)
            spent["edgecv"] += process_time() - started
            frames += 1
    spent["physics"] = spent["edgecv"] - spent["detection"] - spent["tracking"]
    for name, seconds in spent.items():
        costs.add(name, seconds, frames - WARM_UP)


@contextmanager
def _timed(owner: type, method: str, name: str, spent: dict[str, float]) -> Iterator[None]:
    original = getattr(owner, method)

    def wrapper(*arguments: Any) -> Any:
        started = process_time()
        result = original(*arguments)
        spent[name] += process_time() - started
        return result

    setattr(owner, method, wrapper)
    try:
        yield
    finally:
        setattr(owner, method, original)


def _peer(name: str, make: Callable[[], Any], most: int, colour: bool) -> Contender:
    def run(clip: Path, costs: Costs) -> None:
        subtractor, spent, frames = make(), 0.0, 0
        for frames, picture in enumerate(_pictures(clip, most, colour), 1):
            started = process_time()
            subtractor.apply(picture)
            if frames > _PEER_WARM_UP:
                spent += process_time() - started
        costs.add(name, spent, frames - _PEER_WARM_UP)

    return run


def _pictures(clip: Path, most: int, colour: bool) -> Iterator[NDArray[np.uint8]]:
    """Frames as the peers want them; the conversion from YUV is not charged to them."""
    with av.open(str(clip)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        for n, frame in enumerate(container.decode(stream)):
            if n >= most:
                return
            yield np.asarray(frame.to_ndarray(format="bgr24" if colour else "gray"), np.uint8)


def _dvr_scan(clip: Path, costs: Costs) -> None:
    """The whole program, decoding and start included, since it cannot be had without."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "dvr_scan", "-i", str(clip), "--scan-only", "-q"]
    done = subprocess.run(command, capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode == 0:
        with VideoFile(clip) as video:
            frames = sum(1 for _ in video)
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        costs.add("DVR-Scan with decoding", spent, frames)
