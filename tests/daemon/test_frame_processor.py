"""Counters of a worker go on over reconnects."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest
from daemon.kept_session import demo_scene

from edgecv.daemon.camera_worker import CameraWorker


def connection(frames: int, packets: int, verdicts: dict[str, int]) -> tuple[Any, Any]:
    """A reader and a pipeline that have come so far."""
    backlog = SimpleNamespace(dropped_packets=1, dropped_groups=1)
    reader = SimpleNamespace(received_packets=packets, received_bytes=10 * packets, backlog=backlog)
    counts = SimpleNamespace(frames=frames, tracks=1, verdicts=verdicts)
    session = SimpleNamespace(stream=SimpleNamespace(decode_errors=0), ring=SimpleNamespace(held_bytes=5))
    return reader, SimpleNamespace(pipeline=SimpleNamespace(counts=counts), session=session)


@pytest.fixture
def worker(demo_run, tmp_path: Path) -> CameraWorker:
    return CameraWorker(demo_scene(demo_run, tmp_path / "state").spec, SimpleNamespace(), Event())  # type: ignore[arg-type]


def test_a_second_connection_counts_on_from_the_first(worker: CameraWorker) -> None:
    for frames, packets, verdicts in ((100, 110, {"bird": 2, "thrown_object": 1}), (50, 55, {"bird": 1, "leaf": 4})):
        base, before = dict(worker._counts), Counter(worker._verdicts)
        for share in (2, 1):  # counted again and again while a connection lasts
            reader, watching = connection(frames // share, packets // share, verdicts if share == 1 else {})
            worker._count(base, before, reader, watching)
    assert (worker._counts["frames"], worker._counts["packets"], worker._counts["bytes"]) == (150.0, 165.0, 1650.0)
    assert worker._counts["dropped_packets"] == 2.0
    assert worker._verdicts == {"bird": 3, "thrown_object": 1, "leaf": 4}


def test_a_connection_without_a_picture_leaves_the_counts_alone(worker: CameraWorker) -> None:
    worker._verdicts = {"bird": 2}
    reader, watching = connection(0, 0, {})
    watching.pipeline = None
    worker._count(dict(worker._counts), Counter(worker._verdicts), reader, watching)
    assert worker._verdicts == {"bird": 2}
