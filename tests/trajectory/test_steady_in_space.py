"""What goes straight and steadily in space accelerates in the picture, and is no fall for that."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from known_paths import SIZE, fall_track, track_of

from edgecv.geometry import looking_at
from edgecv.tracking import Track
from edgecv.trajectory import TrajectorySettings, View, explain
from edgecv.trajectory.growth import sizes_of
from edgecv.trajectory.path import path_of
from edgecv.trajectory.path_errors import PathErrors
from edgecv.trajectory.steady_in_space import steady_in_space_log_evidence

SETTINGS = TrajectorySettings()
STREET = looking_at((0.0, 7.0, 0.0), (0.0, 0.0, -45.0), 1400.0, SIZE)
Vector = tuple[float, float, float]


def _driven(start_m: Vector, velocity_mps: Vector, *, braking: float = 0.0, noise: float = 0.3, wide: float = 1.8):
    """A car seen from a mast: ``braking`` is the share of its speed that it loses each second."""
    t = np.arange(0.0, 2.4, 0.04)
    gone_s = t - braking * t**2 / 2.0
    world = np.array(start_m) + gone_s[:, None] * np.array(velocity_mps)
    uv = STREET.project(world)
    depth = ((world - STREET.position_m) @ STREET.rotation.T)[:, 2]
    width = 1400.0 * wide / depth
    rng = np.random.default_rng(4)
    seen = (uv > 0).all(axis=1) & (uv < SIZE).all(axis=1)
    track = track_of(t[seen], (uv + rng.normal(0, noise, uv.shape))[seen])
    sized = tuple(
        replace(p, detection=replace(p.detection, w_px=float(w), h_px=float(0.6 * w), area_px=float(0.5 * w * w)))
        for p, w in zip(track.points, width[seen] * np.exp(rng.normal(0, 0.03, int(seen.sum()))), strict=True)
    )
    return replace(track, points=sized)


def _ratio(track: Track) -> float | None:
    fall = explain(track, View.uncalibrated(SIZE, SETTINGS), SETTINGS)
    return None if fall is None else fall.likelihoods.ratio


@pytest.mark.parametrize(
    ("start", "velocity"),
    [
        ((-4.0, 0.8, -60.0), (0.0, 0.0, 17.0)),
        ((5.0, 0.8, -70.0), (0.0, 0.0, 20.0)),
        ((-12.0, 0.8, -60.0), (5.0, 0.0, 15.0)),
        ((6.0, 0.8, -45.0), (-3.0, 0.0, 11.0)),
    ],
)
def test_a_car_that_comes_nearer_is_no_fall(start: Vector, velocity: Vector) -> None:
    ratio = _ratio(_driven(start, velocity))
    assert ratio is None or ratio < 4.0


def test_a_car_that_brakes_gently_is_no_fall() -> None:
    ratio = _ratio(_driven((-4.0, 0.8, -60.0), (0.0, 0.0, 17.0), braking=0.08))
    assert ratio is None or ratio < 8.0


@pytest.mark.parametrize("terminal", [8.0, 35.0])
def test_no_steady_motion_in_space_explains_a_fall(terminal: float) -> None:
    fall = explain(fall_track(terminal), View.uncalibrated(SIZE, SETTINGS), SETTINGS)
    assert fall is not None
    assert fall.likelihoods.steady_in_space > 20.0


def _path(uv: np.ndarray, size_px: np.ndarray):
    track = track_of(np.arange(len(uv)) * 0.04, uv)
    points = tuple(
        replace(p, detection=replace(p.detection, w_px=float(s), h_px=float(s)))
        for p, s in zip(track.points, size_px, strict=True)
    )
    return path_of(points, len(points), SETTINGS, SIZE)


def test_it_is_the_same_evidence_forwards_and_backwards_in_time() -> None:
    t = np.arange(30) * 0.04
    nearer = 1.0 / (1.0 - 0.5 * t)
    uv = np.column_stack([300 + 200 * nearer, 200 + 250 * nearer])
    ways = [_path(uv, 20 * nearer), _path(uv[::-1], (20 * nearer)[::-1])]
    velocities = [np.gradient(path.uv_px, path.t_s, axis=0) for path in ways]
    forwards, backwards = (
        steady_in_space_log_evidence(path, PathErrors(path, velocity), sizes_of(path, velocity), SIZE[0])
        for path, velocity in zip(ways, velocities, strict=True)
    )
    assert forwards == pytest.approx(backwards, abs=1.0)


def test_sizes_speak_for_the_growth_that_they_show() -> None:
    t = np.arange(40) * 0.04
    uv = np.column_stack([300 + 100 * t, 200 + 250 * t])
    growth = np.log(1.0 / (1.0 - 0.4 * t))
    path = _path(uv, 25.0 * np.exp(growth) * np.exp(np.random.default_rng(0).normal(0, 0.04, len(t))))
    sizes = sizes_of(path, np.gradient(uv, t, axis=0))
    assert sizes.log_evidence(growth) > sizes.log_evidence(0.0 * growth) + 3.0
    # one unknown that may grow it, at the price of a parameter
    free = sizes.log_evidence(0.0 * growth, growth[:, None])
    assert sizes.log_evidence(0.0 * growth) < free < sizes.log_evidence(growth)


def test_blobs_of_a_few_pixels_tell_nothing_of_growth() -> None:
    t = np.arange(40) * 0.04
    uv = np.column_stack([300 + 100 * t, 200 + 250 * t])
    growth = np.log(1.0 / (1.0 - 0.4 * t))
    sizes = sizes_of(_path(uv, np.full(len(t), 2.8)), np.gradient(uv, t, axis=0))
    assert abs(sizes.log_evidence(growth) - sizes.log_evidence(0.0 * growth)) < 1.0


def test_motion_blur_is_no_growth() -> None:
    t = np.arange(40) * 0.04
    uv = np.column_stack([np.full(len(t), 300.0), 100 + 50 * t + 300 * t**2])
    velocity = np.gradient(uv, t, axis=0)
    path = _path(uv, np.full(len(t), 12.0))
    blurred = tuple(
        replace(p, detection=replace(p.detection, h_px=12.0 + 0.01 * v))
        for p, v in zip(path.points, velocity[:, 1], strict=True)
    )
    sharp, streaks = (sizes_of(one, velocity) for one in (path, replace(path, points=blurred)))
    np.testing.assert_allclose(streaks.log_size, sharp.log_size)
