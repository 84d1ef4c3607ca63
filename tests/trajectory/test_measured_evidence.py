"""What C works out of a fall's evidence, and of a steady motion's, is what NumPy does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from known_paths import SIZE, facade_camera, fall_track, track_of

from edgecv.native import AVAILABLE
from edgecv.tracking import Track
from edgecv.trajectory import TrajectorySettings, View
from edgecv.trajectory.fit import fit_fall
from edgecv.trajectory.inverse_root import inverse_roots
from edgecv.trajectory.measured_evidence import steady_in_space_log_ratio
from edgecv.trajectory.path import path_of
from edgecv.trajectory.path_errors import PathErrors, Strengths, strays

SETTINGS = TrajectorySettings()
needs_library = pytest.mark.skipif(not AVAILABLE, reason="the C library was not built here: there was no C compiler")


def _ratios(track: Track, view: View) -> list[float]:
    path = path_of(track.points, track.scan_count, SETTINGS, SIZE)
    fit = fit_fall(path, view, SETTINGS, float(max(SIZE)))
    return [
        steady_in_space_log_ratio(path, fit, SETTINGS, float(max(SIZE)), compiled=compiled)
        for compiled in (True, False)
    ]


def _with_strays(track: Track, frames: tuple[int, ...]) -> Track:
    points = list(track.points)
    for n in frames:
        detection = points[n].detection
        points[n] = replace(points[n], detection=replace(detection, x_px=detection.x_px + 25.0, w_px=14.0))
    return replace(track, points=tuple(points))


@needs_library
@pytest.mark.parametrize("calibrated", [False, True])
@pytest.mark.parametrize("stray_frames", [(), (5, 11)])
def test_the_compiled_comparison_is_that_of_the_reference(calibrated: bool, stray_frames: tuple[int, ...]) -> None:
    view = View.calibrated(facade_camera()) if calibrated else View.uncalibrated(SIZE, SETTINGS)
    ours, reference = _ratios(_with_strays(fall_track(20.0, size_px=9.0), stray_frames), view)
    assert ours == pytest.approx(reference, abs=1e-5)


@needs_library
def test_the_compiled_comparison_of_a_car_is_that_of_the_reference() -> None:
    t = np.arange(40) * 0.04
    nearer = 1.0 / (1.0 - 0.4 * t)
    uv = np.column_stack([300 + 200 * nearer, 200 + 250 * nearer]) + np.random.default_rng(2).normal(0, 0.3, (40, 2))
    ours, reference = _ratios(track_of(t, uv, 20.0), View.uncalibrated(SIZE, SETTINGS))
    assert ours == pytest.approx(reference, abs=1e-5)


@needs_library
@given(n=st.integers(1, 20), seed=st.integers(0, 99))
def test_compiled_inverse_roots_make_errors_independent(n: int, seed: int) -> None:
    mixed = np.random.default_rng(seed).normal(size=(3, n, n + 2))
    covariances = mixed @ mixed.transpose(0, 2, 1)
    for compiled in (True, False):
        roots, half_log_dets = inverse_roots(covariances, compiled=compiled)
        np.testing.assert_allclose(
            roots @ covariances @ roots.transpose(0, 2, 1), np.tile(np.eye(n), (3, 1, 1)), atol=1e-6
        )
        np.testing.assert_allclose(half_log_dets, -0.5 * np.linalg.slogdet(covariances)[1], atol=1e-6)


def test_what_is_no_covariance_is_refused() -> None:
    with pytest.raises(np.linalg.LinAlgError):
        inverse_roots(np.array([[[1.0, 2.0], [2.0, 1.0]]]))


@settings(max_examples=20)
@given(at=st.integers(0, 29), off=st.floats(20.0, 200.0))
def test_the_stray_is_the_sighting_that_is_off(at: int, off: float) -> None:
    t = np.arange(30) * 0.04
    uv = np.column_stack([100 + 50 * t, 200 + 80 * t])
    path = path_of(track_of(t, uv).points, 30, SETTINGS, SIZE)
    residual = np.array(np.random.default_rng(3).normal(0, 0.2, uv.shape))
    residual[at] += off
    response = np.stack([np.ones_like(t), t], axis=1) * 1000.0
    errors = PathErrors(path, np.gradient(uv, t, axis=0))
    inflation, log_prior = strays(
        errors.whitening(Strengths(2, 0, 0), np.zeros(30)), np.stack([response, response]), residual
    )
    assert np.flatnonzero(inflation).tolist() == [at]
    # by as much as it is off, which the others tell to a fraction of a pixel
    assert np.sqrt(inflation[at]) == pytest.approx(off * np.sqrt(2.0), rel=0.05)
    assert log_prior < -3.0
