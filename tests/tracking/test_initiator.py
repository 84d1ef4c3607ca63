"""The compiled initiator finds the triplets that its NumPy reference finds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecv.detection.detection import Detections
from edgecv.detection.detector import DetectedFrame
from edgecv.native import AVAILABLE
from edgecv.tracking import TrackingSettings
from edgecv.tracking.initiator import initiate
from edgecv.tracking.reference_initiator import Start, initiate_in_numpy
from edgecv.tracking.scan import Scan

S = TrackingSettings()
H = 1080
needs_library = pytest.mark.skipif(not AVAILABLE, reason="the C library was not built here: there was no C compiler")


def _frame(index: int, t_s: float, rows: np.ndarray, density: np.ndarray, assigned: np.ndarray) -> Scan:
    return Scan(DetectedFrame(index, t_s, Detections(rows)), rows, density, assigned)


def _clutter(seed: int, counts: list[int], share_assigned: float, uneven: bool) -> list[Scan]:
    """Newest first: chance detections, some of them on one fall, some assigned."""
    rng = np.random.default_rng(seed)
    frames = []
    for n, count in enumerate(counts):
        t_s = 0.04 * n + (rng.uniform(0.0, 0.02) if uneven else 0.0)
        rows = np.zeros((count, 8))
        rows[:, 0], rows[:, 1] = rng.uniform(0, 1920, count), rng.uniform(0, H, count)
        rows[:, 4], rows[:, 5] = rng.uniform(4, 200, count), rng.normal(0, 30, count)
        rows[:, 2:4] = np.sqrt(rows[:, 4:5])
        rows[:, 6] = rng.uniform(4, 40, count)
        if count:
            rows[0, :2] = 600.0 + 30.0 * t_s, 100.0 + 200.0 * t_s + 400.0 * t_s * t_s
            rows[0, 4] = 25.0
        assigned = rng.uniform(size=count) < share_assigned
        frames.append(_frame(n, t_s, rows, rng.uniform(1e-7, 1e-5, count), assigned))
    return frames[::-1]


def _same(one: list[Start], other: list[Start]) -> bool:
    return [start.triplet for start in one] == [start.triplet for start in other] and np.allclose(
        [start.evidence for start in one], [start.evidence for start in other]
    )


@needs_library
@given(
    st.integers(0, 2**32 - 1),
    st.lists(st.integers(0, 90), min_size=1, max_size=5),
    st.floats(0.0, 1.0),
    st.booleans(),
)
def test_compiled_and_reference_find_the_same_triplets(
    seed: int, counts: list[int], share_assigned: float, uneven: bool
) -> None:
    frames = _clutter(seed, counts, share_assigned, uneven)
    assert _same(initiate(frames, H, S), initiate_in_numpy(frames, H, S))


@needs_library
def test_a_fall_among_chance_detections_starts_a_track_with_the_best_triplet() -> None:
    frames = _clutter(7, [5, 5, 5, 5, 5], 0.0, False)
    assert initiate(frames, H, S)[0].triplet == ((2, 0), (1, 0), (0, 0))


def test_nothing_starts_where_every_new_detection_is_assigned() -> None:
    frames = _clutter(7, [5, 5, 5], 0.0, False)
    frames[0].assigned[:] = True
    assert initiate(frames, H, S) == []
