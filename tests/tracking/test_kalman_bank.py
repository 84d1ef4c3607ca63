from __future__ import annotations

import numpy as np
from filterpy.kalman import KalmanFilter
from hypothesis import given, settings
from hypothesis import strategies as st

from edgecv.tracking import TrackingSettings
from edgecv.tracking.association import Predictions, associate
from edgecv.tracking.kalman_bank import FilterBank, _transition

S = TrackingSettings()
H = 720


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.booleans())
def test_a_bank_is_as_many_textbook_kalman_filters(seed: int, backwards: bool) -> None:
    rng = np.random.default_rng(seed)
    n = 4
    bank = FilterBank(H, S)
    first, variance = rng.uniform(0, 700, (n, 2)), rng.uniform(0.5, 4.0, (n, 2))
    bank.start(first, variance)
    theirs = []
    for i in range(n):
        for axis in range(2):
            kalman = KalmanFilter(dim_x=3, dim_z=1)
            kalman.x = bank.state[i, axis].copy()
            kalman.P = bank.covariance[i, axis].copy()
            kalman.H = np.array([[1.0, 0.0, 0.0]])
            theirs.append(kalman)
    for _ in range(6):
        dt = float(rng.uniform(0.02, 0.12)) * (-1.0 if backwards else 1.0)
        # what is fast comes near the camera: its acceleration wanders more
        speed = np.linalg.norm(bank.velocity, axis=1)
        jerk = S.jerk_h_s2_sqrt_s * H * (1.0 + speed / (S.jerk_doubles_at_h_s * H))
        bank.predict(dt)
        F, Q = _transition(round(dt, 6))
        seen = np.sort(rng.permutation(n)[: int(rng.integers(1, n + 1))])
        where = rng.uniform(0, 700, (len(seen), 2))
        bank.update(seen, where, variance[seen])
        for k, kalman in enumerate(theirs):
            i, axis = divmod(k, 2)
            kalman.predict(F=F, Q=jerk[i] ** 2 * Q)
            if i in seen:
                kalman.update(where[list(seen).index(i), axis], R=variance[i, axis])
            np.testing.assert_allclose(bank.state[i, axis], kalman.x.ravel(), rtol=1e-6, atol=1e-6)
            np.testing.assert_allclose(bank.covariance[i, axis], kalman.P, rtol=1e-5, atol=1e-4)


def test_a_thing_in_free_fall_is_predicted_to_a_pixel_after_ten_sightings() -> None:
    bank = FilterBank(H, S)
    t = np.arange(12) * 0.04
    path = np.column_stack([100.0 + 50.0 * t, 80.0 + 0.5 * 500.0 * t * t])
    bank.start(path[:1], np.ones((1, 2)))
    for row in path[1:10]:
        bank.predict(0.04)
        bank.update(np.array([0]), row[None], np.full((1, 2), 0.25))
    bank.predict(0.08)
    assert np.linalg.norm(bank.position[0] - path[11]) < 1.0


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_the_assignment_is_one_to_one_inside_the_gate_and_the_best_there_is(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, m = 3, 4
    tracks = rng.uniform(0, 12, (n, 2))
    detections = np.ones((m, 8))
    detections[:, :2] = rng.uniform(0, 12, (m, 2))
    detections[:, 5] = 20.0
    predictions = Predictions(tracks, np.full((n, 2), 4.0), np.zeros(n), np.full(n, 20.0))
    found = associate(predictions, detections, np.full((1, m, 2), 1.0), gate=9.0)
    assert len(set(found.tracks.tolist())) == len(found.tracks)
    assert len(set(found.detections.tolist())) == len(found.detections)
    squared = np.square(tracks[:, None] - detections[None, :, :2]).sum(axis=2) / 5.0
    assert np.all(squared[found.tracks, found.detections] < 9.0)

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
    assert len(found.tracks) == count
    np.testing.assert_allclose(-squared[found.tracks, found.detections].sum(), cost, rtol=1e-6)
