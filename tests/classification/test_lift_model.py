"""A lift of glass sets off gently; what is let go does not."""

from __future__ import annotations

import numpy as np
import pytest
from known_paths import facade_camera, fall_track, track_of

from edgecv.classification import ClassificationSettings, judge
from edgecv.classification.lift_model import lift_log_ratio
from edgecv.tracking import Track
from edgecv.trajectory import TrajectorySettings, View, explain

S, TRAJECTORY = ClassificationSettings(), TrajectorySettings()
VIEW = View.calibrated(facade_camera())


def _drive(acceleration_mps2: float, ramp_s: float, seconds: float, size_px: float) -> Track:
    """A cabin that leaves the tenth floor for the ground, on the facade."""
    t = np.arange(0.0, seconds, 0.04)
    ramp = np.minimum(t, ramp_s)
    gone_m = acceleration_mps2 * (0.5 * ramp * ramp + ramp_s * (t - ramp))
    uv = facade_camera().project(np.column_stack([np.full_like(t, 2.0), 31.0 - gone_m, np.full_like(t, 0.3)]))
    return track_of(t, uv + np.random.default_rng(3).normal(0, 0.3, uv.shape), size_px)


@pytest.mark.parametrize("acceleration_mps2", [0.5, 1.0, 1.6])
@pytest.mark.parametrize(("ramp_s", "seconds"), [(1.2, 4.0), (2.0, 6.0)])
@pytest.mark.parametrize("size_px", [8.0, 24.0])
def test_a_lift_is_no_incident(acceleration_mps2: float, ramp_s: float, seconds: float, size_px: float) -> None:
    fall = explain(_drive(acceleration_mps2, ramp_s, seconds, size_px), VIEW, TRAJECTORY)
    assert fall is None or judge(fall, S).tier != "incident"


def test_a_lift_that_gravity_seems_to_explain_is_told_as_a_lift() -> None:
    fall = explain(_drive(1.6, 2.0, 6.0, 8.0), VIEW, TRAJECTORY)
    assert fall is not None
    assert fall.likelihoods.ratio > S.incident_ratio  # this is why it is asked
    ratio = lift_log_ratio(fall)
    assert ratio is not None
    assert ratio < 0.0
    assert any("gently as a lift" in doubt for doubt in judge(fall, S).reasons)


@pytest.mark.parametrize("terminal_mps", [4.0, 8.0, 15.0, 30.0, 45.0])
@pytest.mark.parametrize("velocity_mps", [(0.0, 0.0, 0.2), (0.5, 0.3, 1.2), (-1.0, 2.0, 2.0)])
def test_what_is_let_go_is_not_driven(terminal_mps: float, velocity_mps: tuple[float, float, float]) -> None:
    fall = explain(fall_track(terminal_mps, velocity=velocity_mps), VIEW, TRAJECTORY)
    assert fall is not None
    ratio = lift_log_ratio(fall)
    assert ratio is not None  # it came into sight at rest
    assert ratio > S.incident_ratio
    assert judge(fall, S).tier == "incident"


def test_what_came_into_sight_at_speed_is_no_lift_and_without_a_calibration_it_is_not_asked() -> None:
    track = fall_track(30.0)
    late = track_of(
        np.array([p.t_s for p in track.points[30:]]),
        np.array([(p.detection.x_px, p.detection.y_px) for p in track.points[30:]]),
    )
    seen_late = explain(late, VIEW, TRAJECTORY)
    uncalibrated = explain(track, View.uncalibrated(track.picture_size_px, TRAJECTORY), TRAJECTORY)
    assert seen_late is not None
    assert uncalibrated is not None
    assert (lift_log_ratio(seen_late) or np.inf) > S.incident_ratio
    assert lift_log_ratio(uncalibrated) is None
