"""A stretch's score in C is that of the NumPy reference."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from known_paths import SIZE, fall_track, track_of

from edgecv.native import AVAILABLE
from edgecv.trajectory import TrajectorySettings
from edgecv.trajectory.path import path_of
from edgecv.trajectory.stretch_score import StretchScores

SETTINGS = TrajectorySettings()
needs_library = pytest.mark.skipif(not AVAILABLE, reason="the C library was not built here: there was no C compiler")


@needs_library
@given(
    seed=st.integers(0, 99),
    noise=st.floats(0.1, 8.0),
    first=st.integers(0, 10),
    count=st.integers(4, 40),
    strays=st.integers(0, 4),
)
def test_a_compiled_score_is_that_of_the_reference(
    seed: int, noise: float, first: int, count: int, strays: int
) -> None:
    rng = np.random.default_rng(seed)
    track = fall_track(20.0, noise=noise)
    uv = np.array([(p.detection.x_px, p.detection.y_px) for p in track.points])
    uv[rng.choice(len(uv), strays)] += rng.normal(0, 60, (strays, 2))
    path = path_of(track_of(np.array([p.t_s for p in track.points]), uv).points, len(uv), SETTINGS, SIZE)
    (ours, explained), (reference, expected) = (
        StretchScores(path, 0.04, compiled=compiled)(first, first + count) for compiled in (True, False)
    )
    assert ours == pytest.approx(reference, abs=1e-6)
    np.testing.assert_array_equal(explained, expected)


def test_a_smooth_path_is_explained_but_for_its_stray() -> None:
    track = fall_track(20.0, noise=0.3)
    uv = np.array([(p.detection.x_px, p.detection.y_px) for p in track.points])
    uv[7] += 40.0
    path = path_of(track_of(np.array([p.t_s for p in track.points]), uv).points, len(uv), SETTINGS, SIZE)
    score, explained = StretchScores(path, 0.04)(0, 30)
    assert score > 50.0
    assert np.flatnonzero(~explained).tolist() == [7]


@needs_library
@given(seed=st.integers(0, 99), noise=st.floats(0.1, 8.0), strays=st.integers(0, 4), first=st.integers(0, 8))
def test_the_best_stretch_in_c_is_the_best_of_all_scores(seed: int, noise: float, strays: int, first: int) -> None:
    rng = np.random.default_rng(seed)
    track = fall_track(20.0, noise=noise)
    uv = np.array([(p.detection.x_px, p.detection.y_px) for p in track.points])
    uv[rng.choice(len(uv), strays)] += rng.normal(0, 60, (strays, 2))
    path = path_of(track_of(np.array([p.t_s for p in track.points]), uv).points, len(uv) + 5, SETTINGS, SIZE)
    starts, ends = [0, first, first + 3], [first + 7, first + 20, len(uv)]
    ours, reference = (StretchScores(path, 0.04, compiled=compiled).best(starts, ends) for compiled in (True, False))
    assert (ours is None) == (reference is None)
    if ours is None or reference is None:
        return
    assert ours.score == pytest.approx(reference.score, abs=1e-6)
    assert (ours.first, ours.end) == (reference.first, reference.end)
    np.testing.assert_array_equal(ours.explained, reference.explained)


def test_no_stretch_is_the_best_where_each_is_too_short() -> None:
    track = fall_track(20.0)
    path = path_of(track.points, len(track.points), SETTINGS, SIZE)
    for compiled in {AVAILABLE, False}:
        assert StretchScores(path, 0.04, compiled=compiled).best([0], [4]) is None
