"""The clutter density follows how many detections chance makes, and where."""

from __future__ import annotations

import numpy as np
import pytest

from edgecv.tracking.clutter_density import ClutterDensity

SIZE = (1280, 720)
CELL_PX2 = (1280 / 16) * (720 / 16)


def _at(*places: tuple[float, float]) -> np.ndarray:
    return np.array([[x, y, 4.0, 4.0, 16.0, 30.0, 9.0, 0.0] for x, y in places]).reshape(-1, 8)


def test_it_converges_to_the_true_density() -> None:
    rng = np.random.default_rng(2)
    clutter, per_frame = ClutterDensity(SIZE), 64
    for _ in range(200):
        clutter.update(_at(*rng.uniform((0, 0), SIZE, (per_frame, 2)).tolist()), 0.04)
    middle = clutter.at(_at(*[(x, y) for x in range(200, 1100, 100) for y in range(150, 600, 90)]))
    assert float(np.mean(middle)) == pytest.approx(per_frame / (SIZE[0] * SIZE[1]), rel=0.2)


def test_a_tree_raises_it_only_where_it_stands() -> None:
    rng = np.random.default_rng(3)
    clutter = ClutterDensity(SIZE)
    for _ in range(100):
        clutter.update(_at(*rng.uniform((0, 400), (300, 720), (20, 2)).tolist()), 0.04)
    tree, wall = clutter.at(_at((150.0, 560.0), (1000.0, 200.0)))
    assert tree == pytest.approx(20 / (300 * 320), rel=0.3)
    assert wall < 0.05 * tree


def test_it_forgets_when_the_wind_drops() -> None:
    clutter = ClutterDensity(SIZE)
    for _ in range(100):
        clutter.update(_at(*[(150.0, 560.0)] * 9), 0.04)
    windy = float(clutter.at(_at((150.0, 560.0)))[0])
    for _ in range(30):  # its time constant
        clutter.update(_at(), 0.04)
    assert float(clutter.at(_at((150.0, 560.0)))[0]) == pytest.approx(windy / np.e, rel=0.1)


def test_nowhere_is_it_nothing() -> None:
    clutter = ClutterDensity(SIZE)
    for _ in range(500):
        clutter.update(_at(), 0.04)
    assert float(clutter.at(_at((-5.0, 900.0)))[0]) == pytest.approx(0.02 / CELL_PX2)
