"""The quota: a tree or rain never uses up what one falling thing elsewhere needs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecv.detection.blobs import Quota
from edgecv.detection.detection import CONTRAST, SNR, H, W, X
from edgecv.detection.settings import DetectionSettings
from edgecv.native import AVAILABLE

SIZE = (1280, 720)
S = DetectionSettings()
THRESHOLD = np.full((2, 8, 8), 4.5)


def _blobs(
    places: np.ndarray, snr: np.ndarray, variance: float = 1.0, contrast: float | np.ndarray = 30.0
) -> np.ndarray:
    rows = np.zeros((len(places), 8), np.float32)
    rows[:, :2], rows[:, W], rows[:, H], rows[:, 4], rows[:, SNR] = places, variance, variance, 9.0, snr
    rows[:, CONTRAST] = contrast
    return rows[np.argsort(-rows[:, SNR], kind="stable")]


def _tree(rng: np.random.Generator, count: int = 40) -> np.ndarray:
    return rng.uniform((10, 650), (150, 710), (count, 2))


def test_a_tree_leaves_room_for_a_weaker_thing_elsewhere() -> None:
    rng, quota = np.random.default_rng(0), Quota(SIZE, S)
    for _ in range(100):
        found = quota.select(
            _blobs(np.vstack([_tree(rng), [[900.0, 200.0]]]), np.r_[np.full(40, 50.0), 6.0]), THRESHOLD
        )
        assert (found[:, X] == 900.0).sum() == 1
    # and by then the tree is known for one: of its forty only a few pass
    assert len(found) <= 1 + 2 * S.max_per_cell


def test_a_dark_thing_weaker_than_every_flake_comes_first_in_snow() -> None:
    rng, quota = np.random.default_rng(3), Quota(SIZE, S)
    for n in range(150):
        flakes = rng.uniform((0, 0), SIZE, (rng.poisson(300), 2))
        snr, contrast = rng.uniform(8, 40, len(flakes)), np.full(len(flakes), 60.0)
        if n == 149:
            flakes, snr, contrast = np.vstack([flakes, [[640.0, 360.0]]]), np.r_[snr, 8.0], np.r_[contrast, -20.0]
        found = quota.select(_blobs(flakes, snr, 1.0, contrast), THRESHOLD)
        assert len(found) <= S.max_detections
    assert found[0, CONTRAST] < 0.0


def test_one_far_stronger_than_usual_comes_first_in_its_part_of_the_picture() -> None:
    rng, quota = np.random.default_rng(4), Quota(SIZE, S)
    for _ in range(150):
        quota.select(_blobs(rng.uniform((0, 0), SIZE, (200, 2)), rng.uniform(5, 9, 200)), THRESHOLD)
    places = np.vstack([rng.uniform((0, 0), SIZE, (200, 2)), [[640.0, 360.0]]])
    found = quota.select(_blobs(places, np.r_[rng.uniform(5, 9, 200), 30.0]), THRESHOLD)
    assert found[0, SNR] == 30.0


def test_no_more_than_the_budget_passes_and_the_strongest_of_equals_do() -> None:
    rng = np.random.default_rng(1)
    snr = rng.uniform(5, 30, 400)
    found = Quota(SIZE, S).select(_blobs(rng.uniform((0, 0), SIZE, (400, 2)), snr), THRESHOLD)
    assert len(found) == S.max_detections
    assert found[0, SNR] == pytest.approx(snr.max())
    assert np.all(np.diff(found[:, SNR]) <= 0)


def test_ten_things_in_a_quiet_picture_all_pass() -> None:
    places = np.column_stack([np.linspace(100, 1200, 10), np.full(10, 300.0)])
    assert len(Quota(SIZE, S).select(_blobs(places, np.full(10, 8.0)), THRESHOLD)) == 10


@pytest.mark.parametrize("side", [3.0, 6.0, 12.0])
def test_a_variance_becomes_a_side_between_that_of_a_disc_and_of_a_bar(side: float) -> None:
    for variance in (side**2 / 16.0, side**2 / 12.0):  # of a disc of this diameter, of a bar of this length
        found = Quota(SIZE, S).select(_blobs(np.array([[50.0, 50.0]]), np.array([9.0]), variance), THRESHOLD)
        assert found[0, W] == pytest.approx(side, rel=0.15)


@pytest.mark.skipif(not AVAILABLE, reason="the C library was not built here: there was no C compiler")
@given(st.integers(0, 2**32 - 1), st.lists(st.integers(0, 120), min_size=1, max_size=12))
def test_compiled_and_reference_pass_on_the_same(seed: int, counts: list[int]) -> None:
    rng, ours, theirs = np.random.default_rng(seed), Quota(SIZE, S, True), Quota(SIZE, S, False)
    for count in counts:
        crowd = rng.uniform(0.0, 1.0) < 0.5
        places = _tree(rng, count) if crowd else rng.uniform((-3, -3), (1283, 723), (count, 2))
        contrast = rng.uniform(-40, 60, count)
        blobs = _blobs(places, rng.uniform(3, 40, count), float(rng.uniform(0, 9)), contrast)
        np.testing.assert_array_equal(ours.select(blobs, THRESHOLD), theirs.select(blobs, THRESHOLD))
        np.testing.assert_allclose(ours.usual, theirs.usual, rtol=1e-12)
