"""One launch from two cameras: its derivatives, its place, its drag, and how far one clock is behind the other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from two_cameras import PLAN, SETTINGS, Throw, camera_at, seen_by, track_of_throw

from edgecv.geometry import FacadePlan
from edgecv.joint import CameraPath, JointSettings, joint_launches
from edgecv.joint.joint_problem import JointLaunchProblem
from edgecv.simulation.fall_trajectory import Air
from edgecv.trajectory import Launches, locate
from edgecv.trajectory.launch_unknowns import drag_of

LIMITS = JointSettings()
BOTTLE = Throw((3.6, 37.2, 0.2), (0.4, 0.3, 1.4), 28.0, air=Air((1.2, 0.0, 0.3)))
CAMERAS = (camera_at(-20.0, 35.0), camera_at(25.0, 42.0))


def _paths(throw: Throw = BOTTLE, behind_s: float = 0.8, hidden: tuple[float, float] = (0.0, 0.0)) -> list[CameraPath]:
    rng = np.random.default_rng(4)
    paths = []
    for camera, late, share in zip(CAMERAS, (0.0, behind_s), hidden, strict=True):
        path = seen_by(track_of_throw(throw, camera, rng, behind_s=late, hidden=share), camera)
        assert path is not None
        paths.append(path)
    return paths


def _launches(paths: list[CameraPath], plan: FacadePlan = PLAN) -> Launches:
    posterior = joint_launches(paths, plan)
    assert posterior is not None
    return posterior.launches


def test_derivatives_by_launch_and_clock_are_what_small_changes_do() -> None:
    problem = JointLaunchProblem(_paths(), SETTINGS, LIMITS)
    launch = problem.first_sighting()
    steps = np.array([0.01, 0.01, 0.01, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3, 1e-4])
    _, slopes = problem.predicted_px(launch, 0.2)
    for n, step in enumerate(np.diag(steps)):
        ends = [problem.predicted_px(launch + sign * step, 0.2)[0] for sign in (-1.0, 1.0)]
        numeric = (ends[1] - ends[0]) / (2.0 * steps[n])
        np.testing.assert_allclose(slopes[:, :, n], numeric, rtol=2e-3, atol=2e-3 * np.abs(numeric).max())


@pytest.mark.parametrize("behind_s", [-2.0, 0.0, 1.3])
def test_the_partners_clock_is_known_to_ten_milliseconds(behind_s: float) -> None:
    clocks = _launches(_paths(behind_s=behind_s)).clocks_s[:, 0]
    assert float(np.median(clocks)) == pytest.approx(behind_s, abs=0.01)
    assert float(np.std(clocks)) < 0.01


def test_two_views_know_height_and_drag_better_than_either() -> None:
    paths = _paths(hidden=(1 / 3, 1 / 3))
    both, alone = _launches(paths), [_launches([path]) for path in paths]
    assert float(np.median(both.position_m[:, 1])) == pytest.approx(BOTTLE.position_m[1], abs=0.6)
    assert float(np.median(both.terminal_mps)) == pytest.approx(BOTTLE.terminal_mps, rel=0.02)
    for one in alone:
        assert float(np.std(both.position_m[:, 1])) < float(np.std(one.position_m[:, 1]))
        assert float(np.std(np.log(both.terminal_mps))) < float(np.std(np.log(one.terminal_mps)))


def test_a_camera_that_saw_the_begin_and_one_that_saw_the_end_are_one_path() -> None:
    rng = np.random.default_rng(5)
    halves = [
        seen_by(track_of_throw(BOTTLE, CAMERAS[0], rng, until=0.45), CAMERAS[0]),
        seen_by(track_of_throw(BOTTLE, CAMERAS[1], rng, behind_s=0.5, hidden=0.55), CAMERAS[1]),
    ]
    launches = _launches([path for path in halves if path is not None])
    assert float(np.median(launches.clocks_s)) == pytest.approx(0.5, abs=0.05)
    assert float(np.median(launches.position_m[:, 1])) == pytest.approx(BOTTLE.position_m[1], abs=0.5)


def test_one_path_alone_says_what_a_single_camera_says() -> None:
    path = _paths()[0]
    alone, single = _launches([path]), locate(path.fall, (0.0, 0.0), PLAN).launches
    assert single is not None
    assert alone.clocks_s.shape == (len(alone.unseen_s), 0)
    medians = [float(np.median(each.position_m[:, 1])) for each in (alone, single)]
    assert medians[0] == pytest.approx(medians[1], abs=0.5)


def test_a_clock_that_is_known_stays_where_it_is_known() -> None:
    paths = [replace(path, clock_sd_s=0.0) for path in _paths(behind_s=0.3)]
    sure = _launches([replace(paths[0]), replace(paths[1], ahead_s=0.3)])
    assert abs(float(np.median(sure.clocks_s))) < 0.01


def test_paths_that_no_fall_joins_have_no_launch() -> None:
    stone, leafy = _paths(), _paths(Throw((-15.0, 20.0, 0.2), (0.0, 0.0, 1.0), 7.0))
    assert joint_launches([stone[0], leafy[1]], PLAN) is None


def test_the_same_paths_give_the_same_draws() -> None:
    np.testing.assert_array_equal(_launches(_paths()).position_m, _launches(_paths()).position_m)


def test_drag_means_the_same_to_both_problems() -> None:
    problem = JointLaunchProblem(_paths(), SETTINGS, LIMITS)
    problem.first_sighting()
    launch = np.array([*BOTTLE.position_m, *BOTTLE.velocity_mps, drag_of(BOTTLE.terminal_mps), 1.2, 0.3, 0.8])
    states = BOTTLE.thing().states(np.array([0.5]))
    moved = problem.earlier(launch, -0.5)
    np.testing.assert_allclose(moved[:3], states.positions_m[0, 0], atol=1e-3)


def test_the_joint_fall_is_each_cameras_own_fit() -> None:
    paths = _paths()
    posterior = joint_launches(paths, PLAN)
    assert posterior is not None
    for number, path in enumerate(paths):
        fit = posterior.fit_of(path, number)
        off = fit.pixels_at(path.fall.path.t_s) - path.fall.path.uv_px
        assert float(np.sqrt(np.square(off).mean())) < 0.6
        assert fit.covariance[2, 2] < path.fall.fit.covariance[2, 2]  # the distance


def test_places_in_space_are_where_the_thing_was() -> None:
    paths = _paths(behind_s=0.0)
    posterior = joint_launches(paths, PLAN)
    assert posterior is not None
    times = np.array([0.5, 1.0, 1.8])
    places = posterior.states_at(times).positions_m
    np.testing.assert_allclose(np.median(places, axis=0), BOTTLE.thing().states(times).positions_m[0], atol=0.1)
