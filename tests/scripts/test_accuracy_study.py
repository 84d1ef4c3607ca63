"""What scripts/accuracy measures on: towers as the figures ask for, and true paths with errors of known size."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


@pytest.fixture(scope="module")
def towers() -> Iterator[ModuleType]:
    """Scripts are no package of the wheel, so their folder is put on the path."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(SCRIPTS))
        yield importlib.import_module("accuracy_study.towers")


@pytest.fixture(scope="module")
def flights(towers: ModuleType) -> ModuleType:
    return importlib.import_module("accuracy_study.flights")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_towers_are_what_the_figures_are_asked_for(towers: ModuleType, seed: int) -> None:
    scene = towers.tower(seed, 4, 12.0)
    assert 16 <= scene.plan.floor_count <= 30
    assert 20.0 <= scene.camera.position_m[2] <= 60.0
    assert (scene.size, scene.fps) == ((1920, 1080), 25.0)
    assert scene.objects


def test_the_steep_camera_looks_up_75_degrees_from_12_metres(towers: ModuleType) -> None:
    camera = towers.steep_tower(1, 1).camera
    assert camera.position_m[2] == 12.0
    assert camera.elevation_deg == pytest.approx(75.0, abs=0.1)


def test_a_path_is_what_the_camera_sees_give_or_take_half_a_pixel(towers: ModuleType, flights: ModuleType) -> None:
    scene = towers.tower(5, 6, 600.0, ("stone",))
    apart = []
    for track, event, thing in flights.flights(scene):
        times = np.array([point.t_s for point in track.points])
        expected = scene.camera.project(thing.states(times).positions_m[0])
        seen = np.array([(point.detection.x_px, point.detection.y_px) for point in track.points])
        apart.append(seen - expected)
        assert event.terminal_velocity_mps == thing.terminal_mps
    errors = np.concatenate(apart)
    assert abs(float(errors.mean())) < 0.1
    assert 0.2 < float(errors.std()) < 0.6


def test_a_path_of_the_same_seed_is_the_same(towers: ModuleType, flights: ModuleType) -> None:
    first, again = (next(iter(flights.flights(towers.tower(5, 2, 600.0, ("fruit",))))) for _ in range(2))
    assert first[0] == again[0]


def test_edgecv_takes_one_thread_for_its_matrices_unless_told_otherwise() -> None:
    told = "import os, edgecv; print(os.environ['OPENBLAS_NUM_THREADS'])"
    clean = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    for given, expected in (({}, "1"), ({"OPENBLAS_NUM_THREADS": "3"}, "3")):
        ran = subprocess.run(
            [sys.executable, "-c", told], env=clean | given, capture_output=True, text=True, check=True, timeout=60
        )
        assert ran.stdout.strip() == expected
