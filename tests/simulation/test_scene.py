from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgecv.geometry import FacadePlan, looking_at
from edgecv.simulation import Bird, FallingObject, Scene
from edgecv.simulation.render import render

SIZE = (320, 240)
CAMERA = looking_at((0.0, 1.5, 14.0), (0.0, 9.0, 0.0), 300.0, SIZE)
PLAN = FacadePlan.of([3.0] * 5, [("a", -4.0, -2.0), ("b", 1.0, 3.0)])
STONE = FallingObject("stone", 0.3, 0.002, 0.2, 250.0, 4, "b", (2.0, 11.0, 0.3), (0.5, 0.0, 1.0), 0.2)


def _scene(**changes) -> Scene:
    values: dict[str, Any] = {
        "size": SIZE,
        "fps": 25,
        "duration_s": 1.2,
        "seed": 1,
        "camera": CAMERA,
        "plan": PLAN,
        "objects": (STONE,),
    }
    return Scene(**(values | changes))


def test_the_truth_is_where_independent_physics_puts_the_object() -> None:
    frames = list(render(_scene(exposure_s=1e-4)))
    for frame in frames[6:]:
        t = frame.t_s - STONE.release_s
        # 1.5 s of a dense stone: drag changes its place by under 5 cm, so a vacuum fall is good to that
        world = np.array([2.0 + 0.5 * t, 11.0 - 0.5 * 9.80665 * t**2, 0.3 + 1.0 * t])
        assert frame.objects[0] is not None
        sighting = frame.objects[0].place
        assert np.hypot(*(CAMERA.project(world) - [sighting.x, sighting.y])) < 2.0


def test_the_object_is_drawn_where_the_truth_says() -> None:
    with_stone = list(render(_scene(noise_sd=0.0)))
    without = list(render(_scene(noise_sd=0.0, objects=())))
    for a, b in zip(with_stone[8:], without[8:], strict=True):
        change = np.abs(a.luma.astype(float) - b.luma)
        ys, xs = np.mgrid[0 : SIZE[1], 0 : SIZE[0]]
        assert a.objects[0] is not None
        sighting = a.objects[0].place
        assert change.sum() > 500
        assert (change * xs).sum() / change.sum() == pytest.approx(sighting.x, abs=1.5)
        assert (change * ys).sum() / change.sum() == pytest.approx(sighting.y, abs=1.5)


def test_nothing_is_seen_before_the_release_or_after_the_ground() -> None:
    frames = list(render(_scene(duration_s=2.4)))
    assert all(f.objects[0] is None for f in frames if f.t_s < STONE.release_s - 0.01)
    assert frames[-1].objects[0] is None


def test_a_bird_follows_its_way_points() -> None:
    bird = Bird(((-4.0, 10.0, 3.0), (0.0, 11.0, 3.0), (4.0, 9.0, 3.0)), 0.2, 1.0)
    assert np.allclose(bird.positions(np.array([0.2, 0.6, 1.0])), bird.way_points_m)
    assert np.isnan(bird.positions(np.array([0.1, 1.1]))).all()
    frames = list(render(_scene(objects=(), birds=(bird,))))
    assert sum(label == "bird" for f in frames for label, _, _ in f.tracks) >= 18


def test_terminal_velocity_is_that_of_the_textbook() -> None:
    # a 0.145 kg baseball of 7.3 cm with Cd 0.35: about 41 m/s
    ball = FallingObject("baseball", 0.145, 0.35 * np.pi * 0.0365**2, 0.073, 250, 4, "b", (0, 9, 0), (0, 0, 0), 0.0)
    assert ball.terminal_mps == pytest.approx(40.2, abs=1.0)
