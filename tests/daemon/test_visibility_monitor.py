"""What a camera's watch of itself is told of its camera."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from edgecv.calibration.calibrated_camera import CalibratedCamera
from edgecv.capture import Frame
from edgecv.daemon.visibility_monitor import VisibilityMonitor, _px_per_floor
from edgecv.daemon.worker_spec import WorkerSpec
from edgecv.geometry import FacadePlan, looking_at
from edgecv.pipeline import Pipeline
from edgecv.visibility import Change, ChangeKind

SIZE = (1920, 1080)
PLAN = FacadePlan.of([3.0] * 16, [("01", -4.0, -2.0), ("02", 2.0, 4.0)])


def test_a_floors_height_is_that_of_the_middle_one_in_the_picture() -> None:
    """Square on, from far away, all floors are alike: 1500 px x 3 m / 200 m."""
    camera = looking_at((0.0, 24.0, 200.0), (0.0, 24.0, 0.0), 1500.0, SIZE)
    assert _px_per_floor(CalibratedCamera(pinhole=camera, plan=PLAN, image_size=SIZE)) == pytest.approx(22.5, rel=0.01)


def test_seen_from_below_upper_floors_are_smaller_and_the_middle_one_counts() -> None:
    camera = looking_at((0.0, 1.6, 15.0), (0.0, 30.0, 0.0), 1000.0, SIZE)
    found = _px_per_floor(CalibratedCamera(pinhole=camera, plan=PLAN, image_size=SIZE))
    feet = camera.project(np.array([[0.0, 3.0 * n, 0.0] for n in range(17)]))
    shown = [a[1] - b[1] for a, b in pairwise(feet) if b[1] >= 0 and a[1] < SIZE[1]]
    assert 3 <= len(shown) < 16
    assert min(shown) < (found or 0.0) < max(shown)


def test_without_a_calibration_or_with_no_floor_in_sight_it_is_not_known() -> None:
    assert _px_per_floor(CalibratedCamera()) is None
    away = looking_at((0.0, 1.6, 15.0), (0.0, 1.6, 100.0), 1000.0, SIZE)
    assert _px_per_floor(CalibratedCamera(pinhole=away, plan=PLAN, image_size=SIZE)) is None


@pytest.mark.parametrize(("kind", "told"), [("turned", True), ("scene_change", True), ("defocused", False)])
def test_what_shows_other_places_is_told_to_whoever_learns_of_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: ChangeKind, told: bool
) -> None:
    changes = [Change(kind, state, 1.0, "") for state in ("begins", "ends")]
    monkeypatch.setattr("edgecv.visibility.SceneMonitor.update", lambda *_: changes)
    reasons: list[str] = []
    spec = SimpleNamespace(state=tmp_path, id="north", camera=CalibratedCamera(), sensitivity_test_at=None)
    monitor = VisibilityMonitor(cast(WorkerSpec, spec), lambda *_, **__: None, reasons.append)
    pipeline = Pipeline()
    frame = Frame(0, 0.0, np.full((90, 160), 90, np.uint8))
    pipeline.process(frame)
    monitor.look(frame, pipeline, 0.0)
    assert len(reasons) == (2 if told else 0)
