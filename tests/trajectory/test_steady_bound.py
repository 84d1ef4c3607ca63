"""What a steady motion in space explains as well as any fall could is told apart before a fall is fitted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from known_paths import SIZE, fall_track, track_of

from edgecv.geometry import looking_at
from edgecv.tracking import Track
from edgecv.trajectory import TrajectorySettings, View, bent_track, explain_bent, is_steady_in_space
from edgecv.trajectory.path import path_of
from edgecv.trajectory.steady_bound import most_log_ratio

SETTINGS = TrajectorySettings()
CAMERA = looking_at((0.0, 7.0, 0.0), (0.0, 0.0, -45.0), 1400.0, SIZE)


def _flake(velocity_mps: tuple[float, float, float], seed: int) -> Track:
    """A flake that comes nearer at constant speed, which the picture shows as an acceleration."""
    t = np.arange(0.0, 1.2, 0.04)
    uv = CAMERA.project(np.array([-0.5, 8.2, -6.5]) + t[:, None] * np.array(velocity_mps))
    return track_of(t, uv + np.random.default_rng(seed).normal(0, 0.3, uv.shape))


def _bound(track: Track) -> float:
    return most_log_ratio(path_of(track.points, track.scan_count, SETTINGS, track.picture_size_px))


@pytest.mark.parametrize("velocity", [(0.3, -1.2, 2.5), (-0.4, -1.5, 3.0)])
@pytest.mark.parametrize("seed", range(3))
def test_a_flake_that_comes_nearer_needs_no_fit(velocity: tuple[float, float, float], seed: int) -> None:
    bent = bent_track(_flake(velocity, seed), SETTINGS)
    assert bent is not None, "it bends downwards"
    assert is_steady_in_space(bent)
    view = View.uncalibrated(SIZE, SETTINGS)
    assert explain_bent(bent, view, SETTINGS).likelihoods.ratio < 4.0, "no candidate is lost by it"


def test_a_fall_is_fitted() -> None:
    track = fall_track(28.0)
    bent = bent_track(track, SETTINGS)
    assert bent is not None
    assert not is_steady_in_space(bent)


@pytest.mark.parametrize("terminal", [16.0, 30.0])
@pytest.mark.parametrize("release_m", [40.0, 55.0])
def test_a_fall_towards_a_camera_at_the_foot_of_the_tower_is_fitted(terminal: float, release_m: float) -> None:
    camera = looking_at((1.0, 1.6, 12.0), (0.0, 45.0, 0.0), 1100.0, SIZE)
    t = np.arange(0.0, 5.0, 0.04)
    # from rest, with drag that grows with the square of the speed
    fallen_m = terminal**2 / 9.81 * np.log(np.cosh(9.81 * t / terminal))
    world = np.column_stack([np.full(t.size, -1.0), release_m - fallen_m, 0.3 + 1.4 * t])
    uv = camera.project(world)
    seen = np.isfinite(uv).all(axis=1) & (uv > 0.0).all(axis=1) & (uv < np.array(SIZE)).all(axis=1)
    seen &= (world[:, 1] > 5.0) & (np.cumsum(~seen) == 0)
    track = track_of(t[seen], uv[seen] + np.random.default_rng(4).normal(0, 0.4, (seen.sum(), 2)))
    bent = bent_track(track, SETTINGS)
    assert bent is not None
    assert not is_steady_in_space(bent)


def test_the_bound_does_not_depend_on_where_and_when() -> None:
    track = fall_track(28.0)
    moved = tuple(
        replace(p, t_s=p.t_s + 7.0, detection=replace(p.detection, x_px=p.detection.x_px + 40.0)) for p in track.points
    )
    assert _bound(replace(track, points=moved)) == pytest.approx(_bound(track), rel=1e-3)
