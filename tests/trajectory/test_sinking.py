"""What sinks and flutters is told from what goes steadily, and from what goes to and fro."""

from __future__ import annotations

import numpy as np
import pytest
from known_paths import facade_camera
from known_sheets import PLAN, moving, roaming, sheet, swinging

from edgecv.tracking import Track
from edgecv.trajectory import TrajectorySettings, View, estimate_mass, locate
from edgecv.trajectory.sinking_fit import SinkingFall, sinking_fall
from edgecv.trajectory.sinking_settings import SinkingSettings
from edgecv.trajectory.velocity_process import moved, swung


def explained(track: Track) -> SinkingFall:
    """The track as a sinking thing."""
    fall = sinking_fall(track, View.calibrated(facade_camera()), TrajectorySettings(), SinkingSettings())
    assert fall is not None
    return fall


@pytest.mark.parametrize("terminal_mps", [0.9, 1.6, 2.6])
def test_a_sheet_that_flutters_is_no_machine_and_no_insect(terminal_mps: float) -> None:
    sinking = explained(sheet(terminal_mps)).sinking
    assert sinking.steady > 8.0
    assert sinking.roaming > 4.0
    assert sinking.flight > 0.5


@pytest.mark.parametrize("speed_mps", [-0.8, -1.6, -2.5])
def test_a_lift_is_explained_better_by_steady_motion(speed_mps: float) -> None:
    assert explained(moving((0.0, speed_mps))).sinking.steady < 0.0


@pytest.mark.parametrize(("spread_m", "period_s"), [(0.05, 0.95), (0.1, 1.2), (0.2, 1.8)])
def test_a_tissue_that_swings_evenly_about_a_straight_way_is_no_machine(spread_m: float, period_s: float) -> None:
    sinking = explained(swinging((0.4, -1.0), spread_m, period_s, seconds=18.0)).sinking
    assert sinking.steady > 8.0
    assert sinking.roaming > 8.0
    assert sinking.flight > 0.5


@pytest.mark.parametrize("seed", range(6))
def test_what_flies_to_and_fro_is_not_taken_for_a_sheet(seed: int) -> None:
    sinking = explained(roaming(seed)).sinking
    assert min(sinking.roaming, sinking.flight) < 0.5


def test_a_bird_that_glides_down_fast_is_explained_better_by_flight() -> None:
    assert explained(moving((6.0, -3.0), at=(-12.0, 33.0), seconds=3.0)).sinking.flight < 0.0


def test_the_terminal_velocity_is_measured_as_the_speed_of_descent() -> None:
    fall = explained(sheet(1.6))
    mass = estimate_mass(fall.fall)
    assert mass.mass_class == "light"
    assert mass.terminal_velocity.low < 1.6 < mass.terminal_velocity.high


def test_the_origin_is_the_window_where_it_was_let_go() -> None:
    located = locate(explained(sheet(1.6)).fall, (900.0, 300.0), PLAN)
    assert located.origin.floor == 12
    assert located.origin.window == "04"


def test_the_fitted_path_follows_the_swings() -> None:
    fall = explained(sheet(1.6)).fall
    off = np.linalg.norm(fall.fit.pixels_at(fall.path.t_s) - fall.path.uv_px, axis=1)
    assert float(np.median(off)) < 1.0


def test_beyond_the_sightings_the_path_sinks_on() -> None:
    fall = explained(sheet(1.6)).fall
    rows = fall.fit.pixels_at(
        np.array([fall.fit.start_s - 1.0, fall.fit.start_s, fall.fit.end_s, fall.fit.end_s + 1.0])
    )[:, 1]
    assert (np.diff(rows) > 10.0).all()


@pytest.mark.parametrize(("t_s", "expected"), [(0.01, 0.01**2), (100.0, 2.0 * 0.3 * 100.0)])
def test_a_velocity_with_a_memory_drifts_first_straight_and_then_as_a_random_walk(t_s: float, expected: float) -> None:
    variance = moved(np.array([0.0, t_s]), 0.3)[1, 1]
    assert np.isclose(variance, expected, rtol=0.02)


def test_a_swing_is_as_far_off_at_any_time_and_opposite_half_a_period_later() -> None:
    covariance = swung(np.array([0.0, 0.5, 1.0, 50.0]), 1.0, 100.0)
    assert np.allclose(np.diag(covariance), 1.0)
    assert covariance[0, 1] < -0.9
    assert covariance[0, 2] > 0.9
    assert abs(swung(np.array([0.0, 50.0]), 1.0, 3.0)[0, 1]) < 1e-3
