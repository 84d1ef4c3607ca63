from __future__ import annotations

import numpy as np
import pytest
from known_paths import SIZE, facade_camera, fall_track, track_of

from edgecv.geometry import FacadePlan
from edgecv.trajectory import TrajectorySettings, View, estimate_mass, explain, locate
from edgecv.trajectory.model import LOG_VT, apparent_gravity

SETTINGS = TrajectorySettings()


@pytest.mark.parametrize("terminal", [5.0, 10.0, 18.0, 30.0])
def test_with_a_calibration_terminal_velocity_comes_out(terminal) -> None:
    fall = explain(fall_track(terminal), View.calibrated(facade_camera()), SETTINGS)
    assert fall is not None
    estimate = float(np.exp(fall.fit.parameters[LOG_VT]))
    spread = float(np.sqrt(fall.fit.covariance[LOG_VT, LOG_VT]))
    # the truth lies within three of the fit's own standard deviations, and those are useful
    assert abs(np.log(estimate / terminal)) < 3 * spread
    assert spread < (0.15 if terminal < 20 else 0.5)
    assert fall.fit.chi2_reduced < 1.5
    assert fall.likelihoods.ratio > 8


@pytest.mark.parametrize("terminal", [7.0, 20.0, 35.0])
def test_the_path_is_carried_back_to_its_floor_and_window(terminal) -> None:
    plan = FacadePlan.of([3.0] * 16, [("left", -3.0, -1.0), ("middle", 0.0, 2.0), ("right", 3.0, 5.0)])
    fall = explain(fall_track(terminal), View.calibrated(facade_camera()), SETTINGS)
    assert fall is not None
    origin = locate(fall, (0.0, 0.0), plan).origin
    assert (origin.floor, origin.window, origin.window_index) == (13, "middle", 1)
    assert origin.x_m == pytest.approx(1.0, abs=0.5)
    assert origin.y_m == pytest.approx(37.5, abs=1.5)
    assert sum(c.p for c in origin.candidates) == pytest.approx(1.0, abs=0.05)
    assert 13 not in origin.excluded_floors
    assert {1, 2, 3, 16} <= set(origin.excluded_floors)


def test_light_medium_and_heavy_are_told_apart() -> None:
    classes = []
    for terminal in (5.0, 13.0, 36.0):
        fall = explain(fall_track(terminal), View.calibrated(facade_camera()), SETTINGS)
        assert fall is not None
        mass = estimate_mass(fall)
        classes.append(mass.mass_class)
        assert mass.terminal_velocity.low < mass.terminal_velocity.median < mass.terminal_velocity.high
        assert sum(mass.p.values()) == pytest.approx(1.0, abs=0.01)
    assert classes == ["light", "medium", "heavy"]


def test_without_a_calibration_the_floor_is_null_with_a_reason() -> None:
    fall = explain(fall_track(30.0), View.uncalibrated(SIZE, SETTINGS), SETTINGS)
    assert fall is not None
    assert fall.likelihoods.ratio > 8
    origin = locate(fall, (1.0, 2.0), None).origin
    assert origin.floor is None
    assert origin.window is None
    assert origin.reason is not None
    assert "calibration" in origin.reason


def test_a_class_that_the_path_cannot_tell_is_undetermined() -> None:
    track = fall_track(30.0)
    begin = track.points[:24]
    uv = np.array([(p.detection.x_px, p.detection.y_px) for p in begin])
    short = track_of(np.array([p.t_s for p in begin]), uv)
    fall = explain(short, View.uncalibrated(SIZE, SETTINGS), SETTINGS)
    assert fall is not None
    mass = estimate_mass(fall)
    assert mass.mass_class == "undetermined"
    assert mass.reason is not None


@pytest.mark.parametrize("scale", [60.0, 400.0])
def test_apparent_gravity_is_gravity_times_the_scale(scale) -> None:
    # a vacuum throw in a plane square to a level camera: y'' = g * scale
    t = np.arange(0, 1.0, 1 / 30)
    g = 9.80665 * scale
    t = t[0.5 * g * t**2 < 800]
    uv = np.column_stack([900 + 0.6 * scale * t, 200 + 0.5 * g * t**2])
    noise = np.random.default_rng(0).normal(0, 0.4, uv.shape)
    fall = explain(track_of(t, uv + noise), View.uncalibrated(SIZE, SETTINGS), SETTINGS)
    assert fall is not None
    measured = apparent_gravity(fall.fit.view, fall.fit.parameters[None], (t[-1] - t[0]) / 2)[0]
    # the camera's tilt is not known, and a level one is at the edge of what is assumed
    assert measured == pytest.approx(g, rel=0.08)


def test_what_the_hand_did_before_is_left_out() -> None:
    track = fall_track(20.0)
    start = track.points[0].detection
    t = np.concatenate([np.arange(-30, 0) * 0.04, [p.t_s for p in track.points]])
    hand = np.column_stack([start.x_px + 3 * np.sin(np.arange(30) / 3), start.y_px + 2 * np.cos(np.arange(30) / 4)])
    uv = np.vstack([hand, [(p.detection.x_px, p.detection.y_px) for p in track.points]])
    fall = explain(track_of(t, uv), View.calibrated(facade_camera()), SETTINGS)
    assert fall is not None
    assert abs(fall.fit.start_s) < 0.3
    assert len(fall.path.points) > 0.9 * len(track.points)


def test_steady_and_rising_motion_is_no_fall() -> None:
    t = np.arange(0, 2, 0.04)
    noise = np.random.default_rng(0).normal(0, 0.4, (len(t), 2))
    view = View.uncalibrated(SIZE, SETTINGS)
    for path in (np.column_stack([300 + 200 * t, 300 + 90 * t]), np.column_stack([300 + 50 * t, 900 - 150 * t**2])):
        fall = explain(track_of(t, path + noise), view, SETTINGS)
        assert fall is None or fall.likelihoods.ratio < 0
