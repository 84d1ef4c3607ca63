"""The posterior of a launch: where the thing left the building, however late it was seen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from known_paths import SIZE, facade_camera, fall_track

from edgecv.detection import Detection
from edgecv.geometry import FacadePlan
from edgecv.tracking import Track, TrackPoint
from edgecv.trajectory import (
    Fall,
    Launches,
    TrajectorySettings,
    View,
    estimate_mass,
    explain,
    launches_of,
    locate,
)
from edgecv.trajectory.launch_prior import log_place_prior
from edgecv.trajectory.launch_problem import LaunchProblem
from edgecv.trajectory.launch_unknowns import drag_of, log_terminal_slope, terminal_of
from edgecv.trajectory.path import path_of

SETTINGS = TrajectorySettings()
PLAN = FacadePlan.of([3.0] * 16, [("left", -3.0, -1.0), ("middle", 0.0, 2.0), ("right", 3.0, 5.0)])
HEIGHT_M = 37.5  # floor 13, known_paths' default


def _fall(track: Track) -> Fall:
    fall = explain(track, View.calibrated(facade_camera()), SETTINGS)
    assert fall is not None
    return fall


def _launches(fall: Fall) -> Launches:
    launches = launches_of(fall, PLAN)
    assert launches is not None
    return launches


def _without_the_first(track: Track, share: float) -> Track:
    points = track.points[int(share * len(track.points)) :]
    return Track(points, len(points), track.picture_size_px, track.frame_interval_s)


def test_a_launch_is_where_the_camera_projects_it() -> None:
    fall = _fall(fall_track(20.0))
    problem = LaunchProblem(fall, facade_camera(), SETTINGS)
    launch = np.array([[1.0, 30.0, 0.5, 0.4, -2.0, 1.5, drag_of(20.0), 0.3, -0.2]])
    model = problem.model(launch)
    np.testing.assert_allclose(model[0, :2], facade_camera().project(launch[:, :3])[0], atol=1e-6)
    # two metres a second downwards in the world are down in the model too, and nothing is lost on the way
    assert model[0, 4] == pytest.approx(2.0, abs=1e-9)
    assert np.hypot(model[0, 3], model[0, 5]) == pytest.approx(np.hypot(0.4, 1.5), abs=1e-9)


@pytest.mark.parametrize("terminal", [6.0, 14.0, 30.0])
def test_a_release_that_was_seen_is_known_to_the_window(terminal: float) -> None:
    fall = _fall(fall_track(terminal))
    launches = _launches(fall)
    origin = locate(fall, (0.0, 0.0), PLAN).origin
    assert (origin.floor, origin.window) == (13, "middle")
    assert origin.y_m == pytest.approx(HEIGHT_M, abs=1.0)
    assert float(np.median(launches.unseen_s)) < 0.3
    assert float(np.median(launches.terminal_mps)) == pytest.approx(terminal, rel=0.25)


@pytest.mark.parametrize("terminal", [10.0, 18.0, 35.0])
def test_with_the_first_third_hidden_the_true_height_is_within_what_it_says(terminal: float) -> None:
    fall = _fall(_without_the_first(fall_track(terminal), 1 / 3))
    launches = _launches(fall)
    low, high = np.quantile(launches.position_m[:, 1], [0.025, 0.975])
    assert low < HEIGHT_M < high
    assert float(np.median(launches.unseen_s)) > 0.3
    origin = locate(fall, (0.0, 0.0), PLAN).origin
    assert origin.floor in (None, 13)
    assert 13 not in origin.excluded_floors


def test_near_terminal_velocity_the_height_is_not_claimed() -> None:
    sure = _launches(_fall(fall_track(5.0)))
    unsure = _launches(_fall(_without_the_first(fall_track(5.0), 0.4)))
    spreads = [float(np.ptp(np.quantile(it.position_m[:, 1], [0.05, 0.95]))) for it in (sure, unsure)]
    assert spreads[1] > 2.0 * spreads[0]


def test_nothing_is_launched_above_the_roof_or_below_the_ground() -> None:
    low = FacadePlan.of([3.0] * 13)
    launches = launches_of(_fall(_without_the_first(fall_track(10.0), 0.4)), low)
    assert launches is not None
    assert launches.position_m[:, 1].max() < 39.0 + 1.5
    assert launches.position_m[:, 1].min() > 0.0


def test_ninety_percent_intervals_hold_about_ninety_percent() -> None:
    held = []
    for n, terminal in enumerate(np.geomspace(5.0, 45.0, 24)):
        y, vx = 30.0 + 0.7 * n, 0.1 * n - 1.0
        fall = explain(
            fall_track(float(terminal), y=min(y, 45.0), velocity=(vx, 0.2, 1.2), noise=0.4, size_px=4.0),
            View.calibrated(facade_camera()),
            SETTINGS,
        )
        assert fall is not None
        low, high = np.quantile(_launches(fall).terminal_mps, [0.05, 0.95])
        held.append(low <= terminal <= high)
    # 24 falls of 90 %: fewer than 17 would happen by chance once in a hundred times
    assert sum(held) >= 17


def test_mass_follows_the_launch() -> None:
    fall = _fall(fall_track(30.0))
    launches = _launches(fall)
    mass = estimate_mass(fall, launches)
    assert mass.terminal_velocity.median == pytest.approx(float(np.median(launches.terminal_mps)), rel=0.05)
    assert mass.mass_class == "heavy"


def _leaving() -> tuple[Track, Track]:
    """A track, and the same with what is seen of the thing while it leaves the picture at the bottom.

    Its centre is on row 1085 by then, below the picture; the upper end of its streak is seen.
    """
    track = fall_track(30.0, y=22.0, size_px=16.0, release_s=0.024)
    last = track.points[-1]
    part = Detection(last.detection.x_px, 1076.0, 16.0, 6.0, 96.0, 30.0, 10.0)
    point = TrackPoint(last.frame + 1, last.t_s + 1 / 25, part, (0.0, 0.0), last.clutter_px2)
    return track, Track((*track.points, point), len(track.points) + 1, SIZE, track.frame_interval_s)


def test_a_thing_that_is_half_out_of_the_picture_has_not_braked() -> None:
    inside, leaving = (_launches(_fall(track)).terminal_mps for track in _leaving())
    low, median, high = np.quantile(leaving, [0.05, 0.5, 0.95])
    assert low < 30.0 < high  # taken for its centre, what is left of it makes that 17 to 29 m/s
    assert median == pytest.approx(float(np.median(inside)), rel=0.1)


def test_only_what_touches_the_edge_of_the_picture_is_doubted() -> None:
    _, track = _leaving()
    path = path_of(track.points, len(track.points), SETTINGS, SIZE)
    assert path.cut_px[-1] == pytest.approx(8.0)
    assert not path.cut_px[:-1].any()
    assert not path_of(track.points, len(track.points), SETTINGS).cut_px.any()


@given(st.floats(1.0, 150.0))
def test_drag_is_another_name_for_terminal_velocity(terminal: float) -> None:
    drag = drag_of(terminal)
    assert float(terminal_of(np.array(drag))) == pytest.approx(terminal, rel=1e-6)
    step = 1e-5
    ends = np.log(terminal_of(np.array([drag - step, drag + step])))
    assert float(log_terminal_slope(np.array(drag))) == pytest.approx(float(ends[1] - ends[0]) / (2 * step), rel=1e-3)


def test_no_drag_at_all_is_a_terminal_velocity_still() -> None:
    assert np.all(np.diff(terminal_of(np.linspace(-2.0, 2.0, 100))) < 0.0)
    assert np.isfinite(terminal_of(np.array([-1e3, 0.0, 1e3]))).all()


def test_who_lists_some_balconies_is_believed_of_the_other_windows() -> None:
    without = FacadePlan.of([3.0] * 8, [("a", -3.0, -1.0), ("b", 1.0, 3.0)])
    listed = FacadePlan.of([3.0] * 8, [("a", -3.0, -1.0, 1.2), ("b", 1.0, 3.0)])
    before_b = np.array([[2.0, 10.0, 0.15], [2.0, 10.0, 1.3]])
    sure, unsure = (float(np.diff(log_place_prior(before_b, plan))[0]) for plan in (listed, without))
    assert sure < unsure < 0.0


def test_without_a_calibration_there_is_no_launch() -> None:
    fall = explain(fall_track(30.0), View.uncalibrated(SIZE, SETTINGS), SETTINGS)
    assert fall is not None
    assert launches_of(fall, PLAN) is None


def test_the_same_fall_gives_the_same_draws() -> None:
    fall = _fall(fall_track(25.0))
    np.testing.assert_array_equal(_launches(fall).position_m, _launches(fall).position_m)
