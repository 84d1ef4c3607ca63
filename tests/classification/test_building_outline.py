"""What is first seen above the roof, beside the building or too fast did not leave it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from known_paths import facade_camera, fall_track

from edgecv.classification import ClassificationSettings, judge
from edgecv.classification.building_outline import outside_building
from edgecv.geometry.facade import FacadePlan, Neighbour
from edgecv.trajectory import Fall, TrajectorySettings, View, explain

SETTINGS = ClassificationSettings()


@pytest.fixture(scope="module")
def stone() -> Fall:
    """Thrown from 37.5 m above the ground, in front of X = 1."""
    fall = explain(fall_track(30.0), View.calibrated(facade_camera()), TrajectorySettings())
    assert fall is not None
    return fall


def _plan(floors: int, left_m: float = -6.0, right_m: float = 6.0) -> FacadePlan:
    return FacadePlan.of([3.0] * floors, [("01", left_m, left_m + 1.5), ("02", right_m - 1.5, right_m)])


def _where(fall: Fall) -> np.ndarray:
    camera = fall.fit.view.camera
    assert camera is not None
    return camera.on_facade(np.array([[fall.path.points[0].detection.x_px, fall.path.points[0].detection.y_px]]))[0]


def test_a_throw_from_a_window_or_the_roof_left_the_building(stone: Fall) -> None:
    assert outside_building(stone, _plan(20), SETTINGS) == []
    assert outside_building(stone, _plan(12), SETTINGS) == []  # off the roof
    assert judge(stone, SETTINGS, plan=_plan(20)).tier == judge(stone, SETTINGS).tier == "incident"


def test_what_is_first_seen_far_above_the_roof_is_a_candidate_and_says_so(stone: Fall) -> None:
    verdict = judge(stone, SETTINGS, plan=_plan(5))
    assert verdict.tier == "candidate"
    assert "above the roof of the building" in verdict.reasons[0]


def test_what_is_first_seen_far_beside_the_windows_is_a_candidate_and_says_so(stone: Fall) -> None:
    x = float(_where(stone)[0])
    for plan in (_plan(20, x + 12.0, x + 24.0), _plan(20, x - 24.0, x - 12.0)):
        verdict = judge(stone, SETTINGS, plan=plan)
        assert verdict.tier == "candidate"
        assert "beside the outermost window" in verdict.reasons[0]
    assert outside_building(stone, _plan(20, x + 2.0, x + 14.0), SETTINGS) == []  # a wall without windows


def test_what_is_faster_than_from_the_roof_when_first_seen_is_a_candidate_and_says_so() -> None:
    # a flake before the lens seems to enter at the roof as fast as what has fallen 20 m
    fast = explain(fall_track(30.0, velocity=(0.5, -19.0, 1.2)), View.calibrated(facade_camera()), TrajectorySettings())
    assert fast is not None
    verdict = judge(fast, SETTINGS, plan=_plan(12))
    assert verdict.tier == "candidate"
    assert "faster than what is thrown down from the roof" in verdict.reasons[0]
    assert outside_building(fast, _plan(30), SETTINGS) == []  # it fell past a dozen floors before


def test_without_a_calibration_nobody_knows_where_the_building_is() -> None:
    track = fall_track(30.0)
    view = View.uncalibrated(track.picture_size_px, TrajectorySettings())
    fall = explain(track, view, TrajectorySettings())
    assert fall is not None
    assert outside_building(fall, _plan(1), SETTINGS) == []


def test_a_hard_throw_down_from_the_top_floor_is_explained_by_a_launch_from_the_building() -> None:
    # faster down than hands throw along a facade
    down = fall_track(30.0, velocity=(1.0, -13.0, 3.0))
    fall = explain(down, View.calibrated(facade_camera()), TrajectorySettings())
    assert fall is not None
    assert outside_building(fall, _plan(13), SETTINGS) == []


def test_what_leaves_a_taller_facade_beside_this_one_left_a_building(stone: Fall) -> None:
    tall = FacadePlan.of([3.0] * 20, [("01", -6.0, 6.0)], name="tall")
    low = FacadePlan.of([3.0] * 5, [("01", -30.0, -20.0)], name="low")
    assert outside_building(stone, replace(low, beside=(Neighbour(tall, (0.0, 0.0, 0.0), 0.0),)), SETTINGS) == []
    both_low = replace(low, beside=(Neighbour(replace(low, name="second"), (20.0, 0.0, 0.0), 0.0),))
    assert "above the roof" in outside_building(stone, both_low, SETTINGS)[0]


def test_in_heavy_weather_a_launch_that_fits_does_not_answer_the_doubt() -> None:
    view = View.calibrated(facade_camera())
    fast = explain(fall_track(30.0, velocity=(0.5, -19.0, 1.2)), view, TrajectorySettings())
    assert fast is not None
    snow = replace(fast, path=replace(fast.path, log_clutter=np.full(len(fast.path.t_s), np.log(7e-5))))
    assert outside_building(snow, _plan(12), SETTINGS)
