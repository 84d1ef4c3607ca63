"""Whose processes there are, and when they start."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from edgecv.config import load_box
from edgecv.daemon import child as child_module
from edgecv.daemon import orders
from edgecv.daemon.child import Child


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Names of those that would have been started, in order; the clock stands where the test sets it."""
    names: list[str] = []
    monkeypatch.setattr(Child, "_start", lambda self: names.append(self.name))
    monkeypatch.setattr(orders.os, "sched_getaffinity", lambda _pid: {0, 1})
    yield names


def test_cameras_start_one_after_the_other(started: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"camera-{n}" for n in range(4)]
    path = tmp_path / "box.yaml"
    path.write_text(
        yaml.safe_dump({"site": "town", "cameras": {name: {"source": "rtsp://camera/1"} for name in names}})
    )
    now = [100.0]
    monkeypatch.setattr(child_module.time, "monotonic", lambda: now[0])
    workers = orders.workers_of(orders.all_orders(load_box(path), tmp_path).values(), ("json", "info"))
    assert list(workers) == names
    seen = []
    for _ in range(4):
        started.clear()
        for worker in workers.values():
            worker.step()
        seen.append(len(started))
        now[0] += 0.75  # half of what a start takes of one of two cores
    assert seen == [1, 2, 3, 4]
