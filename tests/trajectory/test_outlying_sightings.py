"""Sightings that jump out of their neighbours' way are believed less; what is rough all along has none of them."""

from __future__ import annotations

import numpy as np
import pytest
from known_paths import SIZE, track_of

from edgecv.trajectory import TrajectorySettings
from edgecv.trajectory.outlying_sightings import with_outliers_widened
from edgecv.trajectory.path import Path, path_of

NOISE = 0.3


def path(uv: np.ndarray) -> Path:
    t = np.arange(len(uv)) / 25.0
    track = track_of(t, uv)
    return path_of(track.points, track.scan_count, TrajectorySettings(), SIZE)


def swing(n: int = 120, noise_px: float = 0.05) -> np.ndarray:
    """A sheet that swings once a second, to and fro and up and down, while it sinks."""
    t = np.arange(n) / 25.0
    noise = np.random.default_rng(4).normal(0.0, noise_px, (n, 2))
    return (
        np.stack([300.0 + 12.0 * np.sin(2.0 * np.pi * t), 100.0 + 40.0 * t + 6.0 * np.cos(2.0 * np.pi * t)], 1) + noise
    )


@pytest.mark.parametrize("at", [4, 40, 115])
def test_a_jump_has_an_error_of_its_own_size(at: int) -> None:
    uv = swing()
    uv[at, 1] += 2.0
    usual, widened = path(uv), with_outliers_widened(path(uv), NOISE)
    assert widened.sd_px[at, 1] * NOISE == pytest.approx(2.0, rel=0.35)
    others = np.delete(np.arange(len(uv)), at)
    assert np.mean(widened.sd_px[others] == usual.sd_px[others]) > 0.95


@pytest.mark.parametrize("n", [3, 9, 60])
def test_a_swing_is_no_jump(n: int) -> None:
    usual = path(swing(n))
    widened = with_outliers_widened(usual, NOISE)
    assert np.mean(widened.sd_px == usual.sd_px) > 0.95
    assert (widened.sd_px >= usual.sd_px).all()


def test_what_is_rough_all_along_has_no_outliers() -> None:
    usual = path(swing(noise_px=2.0))
    assert np.mean(with_outliers_widened(usual, NOISE).sd_px == usual.sd_px) > 0.98
