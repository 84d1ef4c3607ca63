"""The seed thresholds: chance makes about as many blobs on a wall full of edges as before the sky."""

from __future__ import annotations

import numpy as np

from edgecv.detection.seed_thresholds import SeedThresholds, chance_blobs
from edgecv.detection.settings import DetectionSettings

S = DetectionSettings()


def _usual(dark: float, bright: float) -> np.ndarray:
    return np.stack([np.full(64, dark), np.full(64, bright)])


def _steered(dark: float, bright: float) -> np.ndarray:
    thresholds = SeedThresholds(S)
    for _ in range(600):
        thresholds.steer(_usual(dark, bright), _usual(dark, bright))
    return thresholds.cells


def test_what_has_one_sign_alone_is_no_noise() -> None:
    assert np.all(_steered(0.1, 0.1) == S.seed_threshold[1])  # thirteen a frame
    # as many flakes: a dark thing is detected as before, and of the bright ones those that are not the faintest
    dark, bright = _steered(0.0, 1.0)
    assert np.all(dark == S.seed_threshold[0])
    np.testing.assert_allclose(bright, S.crowd_threshold, rtol=2.0 * S.threshold_rate)


def test_the_threshold_follows_the_tail_of_each_parts_own_noise() -> None:
    # noise above a threshold t: rate * exp(-(t - 4) / tail); the left half has the longer tail
    rng, thresholds = np.random.default_rng(0), SeedThresholds(S)
    tail = np.where(np.arange(8) < 4, 0.8, 0.3) * np.ones((2, 8, 8))
    usual = np.zeros((2, 64))
    counts = []
    for n in range(3000):
        rate = np.exp(-(thresholds.cells - 4.0) / tail).reshape(2, 64)
        seen = rng.poisson(0.2 * rate).astype(np.float64)
        usual += (seen - usual) * S.quota_rate
        thresholds.steer(usual, seen)
        if n > 1000:
            counts.append(seen.sum(axis=0))
    a_frame = np.mean(counts, axis=0).reshape(8, 8)
    for half in (a_frame[:, :3], a_frame[:, 5:]):
        assert 0.5 * S.chance_detections < 64 * half.mean() < 3.0 * S.chance_detections
    assert thresholds.cells[..., :3].mean() > thresholds.cells[..., 5:].mean() + 0.5


def test_a_new_background_begins_with_the_highest_threshold() -> None:
    thresholds = SeedThresholds(S)
    for _ in range(500):
        thresholds.steer(_usual(0.0, 0.0), _usual(0.0, 0.0))
    assert np.all(thresholds.cells == S.seed_threshold[0])
    thresholds.reset()
    assert np.all(thresholds.cells == S.seed_threshold[1])


def test_every_tile_has_the_threshold_of_the_part_in_which_its_middle_lies() -> None:
    thresholds = SeedThresholds(S)
    thresholds.cells[:] = np.arange(128.0).reshape(2, 8, 8)
    tiles = np.zeros((2, 16, 24), np.float32)  # two by three to a part
    thresholds.write(tiles, (24 * 32, 16 * 32))
    np.testing.assert_array_equal(tiles, np.kron(thresholds.cells, np.ones((1, 2, 3))))
    lone = np.zeros((2, 2, 2), np.float32)
    thresholds.write(lone, (40, 33))  # tiles that reach beyond the picture
    np.testing.assert_array_equal(lone[0], [[27.0, 31.0], [59.0, 63.0]])


def test_what_noise_makes_is_counted_in_the_quieter_half_and_of_the_rarer_sign() -> None:
    blobs = _usual(0.1, 0.1)
    blobs[:, 40:] += 1.0  # a tree
    blobs[1] += 2.0  # flakes
    np.testing.assert_allclose(chance_blobs(blobs), 0.2 * 64)
