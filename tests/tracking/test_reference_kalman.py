"""The reference filter predicts falls; association is one to one and the best there is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgecv.tracking import TrackingSettings
from edgecv.tracking.association import Predictions, associate
from edgecv.tracking.reference_kalman import ReferenceKalman

S = TrackingSettings()
H = 720


def test_an_object_in_free_fall_is_predicted_to_a_pixel_after_ten_detections() -> None:
    kalman = ReferenceKalman(H, S)
    t = np.arange(12) * 0.04
    path = np.column_stack([100.0 + 50.0 * t, 80.0 + 0.5 * 500.0 * t * t])
    kalman.start(path[0], np.ones(2))
    for row in path[1:10]:
        kalman.predict(0.04)
        kalman.update(row, np.full(2, 0.25))
    kalman.predict(0.08)
    assert np.linalg.norm(kalman.position - path[11]) < 1.0


def test_a_new_track_expects_gravity_and_knows_no_velocity() -> None:
    kalman = ReferenceKalman(H, S)
    kalman.start(np.array([100.0, 200.0]), np.full(2, 1e-6))
    assert kalman.position == pytest.approx([100.0, 200.0])
    assert kalman.velocity == pytest.approx([0.0, 0.0])
    assert kalman.state[:, 2] == pytest.approx([0.0, S.gravity_h_s2 * H])
    kalman.predict(0.5)
    assert kalman.velocity[1] == pytest.approx(0.5 * S.gravity_h_s2 * H)


@settings(max_examples=25, deadline=None)
@given(st.floats(0.01, 0.2), st.floats(-400.0, 400.0), st.floats(-400.0, 400.0))
def test_a_prediction_forwards_and_backwards_comes_back_to_the_same_state(dt_s: float, vx: float, vy: float) -> None:
    kalman = ReferenceKalman(H, S)
    state = np.array([[10.0, vx, 3.0], [20.0, vy, 500.0]])
    kalman.load(state, np.stack([np.eye(3), np.eye(3)]))
    kalman.predict(dt_s)
    kalman.predict(-dt_s)
    np.testing.assert_allclose(kalman.state, state, rtol=1e-9, atol=1e-6)


def test_a_fast_object_is_predicted_less_surely() -> None:
    variances = []
    for speed in (0.0, 3.0 * S.jerk_doubles_at_h_s * H):
        kalman = ReferenceKalman(H, S)
        kalman.load(np.array([[0.0, 0.0, 0.0], [0.0, speed, 0.0]]), np.zeros((2, 3, 3)))
        kalman.predict(0.1)
        variances.append(kalman.position_variance[1])
    # the jerk is four times as large, its spectral density sixteen times
    assert variances[1] / variances[0] == pytest.approx(16.0)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_the_assignment_is_one_to_one_inside_the_gate_and_the_best_there_is(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, m, limits = 3, 4, TrackingSettings(gate=9.0)
    tracks = rng.uniform(0, 12, (n, 2))
    detections = np.ones((m, 8))
    detections[:, :2] = rng.uniform(0, 12, (m, 2))
    detections[:, 5] = 20.0
    predictions = Predictions(tracks, np.full((n, 2), 4.0), np.zeros(n), np.full(n, 20.0))
    matches = associate(predictions, detections, np.full((1, m, 2), 1.0), limits)
    assert len(set(matches.tracks.tolist())) == len(matches.tracks)
    assert len(set(matches.detections.tolist())) == len(matches.detections)
    squared = np.square(tracks[:, None] - detections[None, :, :2]).sum(axis=2) / 5.0
    assert np.all(squared[matches.tracks, matches.detections] < 9.0)

    def most(row: int, used: frozenset[int]) -> tuple[int, float]:
        """The most matches, then the smallest sum of squared distances, by trying all."""
        if row == n:
            return 0, 0.0
        count, cost = most(row + 1, used)
        best = (count, cost)
        for column in range(m):
            if column not in used and squared[row, column] < 9.0:
                count, cost = most(row + 1, used | {column})
                best = max(best, (count + 1, cost - squared[row, column]))
        return best

    count, cost = most(0, frozenset())
    assert len(matches.tracks) == count
    np.testing.assert_allclose(-squared[matches.tracks, matches.detections].sum(), cost, rtol=1e-6)
