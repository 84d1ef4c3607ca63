"""The compiled following of tracks and its NumPy reference come to the same; what they take and end is right."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from edgecv.detection import DetectedFrame
from edgecv.detection.detection import Detections
from edgecv.native import LIBRARY
from edgecv.tracking import TrackingSettings
from edgecv.tracking.active_tracks import TRACK, LiveTracks
from edgecv.tracking.association import Predictions, associate
from edgecv.tracking.backward_extension import earlier_in_numpy, earlier_sightings
from edgecv.tracking.detection_frames import Hit, SeenFrame
from edgecv.tracking.filter_step import Follower

S = TrackingSettings()
SIZE = (1280, 720)
NUMBERS = [name for name in TRACK.names or () if name != "count"]
needs_library = pytest.mark.skipif(LIBRARY is None, reason="the C library was not built here: there was no C compiler")


def _scene(seed: int, frames: int, things: int, chance: int, crowded: bool) -> list[SeenFrame]:
    """Things that fall or drift, seen nine times in ten, among chance detections."""
    rng = np.random.default_rng(seed)
    width = 40.0 if crowded else 1200.0
    start = np.column_stack([rng.uniform(0, width, things), rng.uniform(0, 300, things)])
    velocity = rng.normal(0, 60.0, (things, 2))
    acceleration = np.column_stack([np.zeros(things), rng.choice([0.0, 500.0], things)])
    seen = []
    for n in range(frames):
        t_s = 0.04 * n
        where = start + velocity * t_s + acceleration * t_s * t_s / 2.0
        where = where[rng.uniform(size=things) < 0.9] + rng.normal(0, 0.4, (1, 2))
        where = np.concatenate([where, rng.uniform((0, 0), SIZE, (chance, 2))])
        rows = np.zeros((len(where), 8))
        rows[:, :2], rows[:, 4] = where, rng.uniform(9, 40, len(where))
        rows[:, 2:4] = np.sqrt(rows[:, 4:5])
        rows[:, 5], rows[:, 6] = rng.normal(20, 15, len(where)), rng.uniform(4, 30, len(where))
        density = rng.uniform(1e-7, 1e-5, len(rows))
        seen.append(SeenFrame(DetectedFrame(n, t_s, Detections(rows)), rows, density, np.zeros(len(rows), bool)))
    return seen


def _begin_all(follower: Follower, live: LiveTracks, seen: list[SeenFrame]) -> None:
    """A track for each detection that is there in all three frames."""
    n = min(len(frame.taken) for frame in seen[:3])
    follower.begin(live, seen[2::-1], [((2, i), (1, i), (0, i)) for i in range(n)])


def _played(compiled: bool, seen: list[SeenFrame], timing_sd_s: float) -> tuple[LiveTracks, list[list[bool] | None]]:
    follower, live, ended = Follower(SIZE, S, compiled), LiveTracks(), []
    _begin_all(follower, live, seen)
    for frame in seen[3:]:
        follower.follow(live, frame, 0.04, timing_sd_s)
        over = follower.over(live, frame.t_s, 0.12)
        ended.append(None if over is None else over.tolist())
        if over is not None:
            live.keep(np.flatnonzero(~over))
    return live, ended


@needs_library
@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(0, 14), st.integers(0, 10), st.booleans(), st.sampled_from([0.0, 0.008]))
def test_compiled_and_reference_follow_alike(
    seed: int, things: int, chance: int, crowded: bool, timing_sd_s: float
) -> None:
    ours, theirs = _scene(seed, 14, things, chance, crowded), _scene(seed, 14, things, chance, crowded)
    live, ended = _played(True, ours, timing_sd_s)
    reference, reference_ended = _played(False, theirs, timing_sd_s)
    assert ended == reference_ended
    assert [[(s.frame.index, row) for s, row in hits] for hits in live.hits] == [
        [(s.frame.index, row) for s, row in hits] for hits in reference.hits
    ]
    assert [frame.taken.tolist() for frame in ours] == [frame.taken.tolist() for frame in theirs]
    assert live.table["count"].tolist() == reference.table["count"].tolist()
    for name in NUMBERS:
        np.testing.assert_allclose(live.table[name], reference.table[name], rtol=1e-7, atol=1e-7)


@needs_library
@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 12), st.integers(2, 12))
def test_where_tracks_compete_the_assignment_is_the_cheapest_of_all(seed: int, tracks: int, detections: int) -> None:
    """Against SciPy's solver, on everything being near everything else."""
    rng = np.random.default_rng(seed)
    seen = _scene(seed, 3, tracks, 0, True)
    live, follower = LiveTracks(), Follower(SIZE, S)
    _begin_all(follower, live, seen)
    live.table["state"][:, :, 0] = rng.uniform(100, 112, (len(live), 2))
    live.table["count"] = rng.integers(3, 9, len(live))
    rows = np.zeros((detections, 8))
    rows[:, :2], rows[:, 2:4], rows[:, 4:6] = rng.uniform(100, 112, (detections, 2)), 5.0, 25.0
    frame = SeenFrame(DetectedFrame(3, 0.12, ()), rows, np.full(detections, 1e-6), np.zeros(detections, bool))
    table = live.table.copy()
    follower.follow(live, frame, 0.0, 0.0)
    state, covariance = table["state"], table["covariance"]
    variance = np.square(S.position_sd_px + S.position_sd_per_size * rows[:, 2:4])[None]
    total = covariance[:, None, :, 0, 0] + variance
    off = rows[None, :, :2] - state[:, None, :, 0]
    distance = (off * off / total).sum(axis=-1)
    unlike = np.square((np.log(25.0) - table["log_area"][:, None]) / 0.8) + 2.0 * (
        25.0 * table["contrast"][:, None] < 0
    )
    density = -0.5 * (distance + np.log(total.prod(axis=-1)) + unlike) - np.log(2 * np.pi)
    bonus = np.where(table["count"] >= S.min_points, S.established_bonus, 0.0)[:, None]
    cost = np.where((distance < S.gate) & (unlike < 16.0), -density - bonus, 1e6)
    row, column = linear_sum_assignment(cost)
    best = float(cost[row, column][cost[row, column] < 1e6].sum())
    given_rows = [(i, hits[3][1]) for i, hits in enumerate(live.hits) if len(hits) == 4]
    assert len({place for _, place in given_rows}) == len(given_rows) == int((cost[row, column] < 1e6).sum())
    assert sum(cost[i, place] for i, place in given_rows) == pytest.approx(best, abs=1e-6)


@pytest.mark.parametrize("compiled", [False, pytest.param(True, marks=needs_library)])
def test_a_track_ends_when_it_leaves_or_is_silent_but_not_before(compiled: bool) -> None:
    follower, live = Follower(SIZE, S, compiled), LiveTracks()
    _begin_all(follower, live, _scene(3, 3, 8, 0, False))
    assert len(live) >= 2
    last_s = float(live.table["last_s"][0])
    assert follower.over(live, last_s + 0.1, 0.2) is None
    live.table["state"][0, 0, 0] = -1.0
    assert follower.over(live, last_s, 0.2) is None  # seen there just now
    over = follower.over(live, last_s + 0.1, 0.2)
    assert over is not None
    assert over.tolist() == [True] + [False] * (len(live) - 1)
    over = follower.over(live, last_s + 0.21, 0.2)
    assert over is not None
    assert over.all()


def test_nothing_is_followed_where_there_is_nothing() -> None:
    follower, live = Follower(SIZE, S), LiveTracks()
    follower.follow(live, _scene(1, 1, 0, 3, False)[0], 0.04, 0.0)
    assert follower.over(live, 1.0, 0.1) is None
    assert len(live) == 0


@needs_library
@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(0, 8), st.integers(6, 22), st.floats(0.0, 1.0))
def test_compiled_and_reference_look_back_alike(seed: int, chance: int, first: int, share_taken: float) -> None:
    seen = _scene(seed, 30, 1, chance, False)
    rng = np.random.default_rng(seed)
    hits: list[Hit] = [(frame, 0) for frame in seen[first:] if len(frame.taken)]
    if not hits:
        return
    for frame in seen:
        frame.taken[:] = rng.uniform(size=len(frame.taken)) < share_taken
    ours = earlier_sightings(hits, seen, SIZE[1], S.max_gap_back_s, S)
    theirs = earlier_in_numpy(hits, seen, SIZE[1], S.max_gap_back_s, S)
    assert [(s.frame.index, row) for s, row in ours] == [(s.frame.index, row) for s, row in theirs]


def test_the_reference_takes_nothing_from_an_empty_frame() -> None:
    none = np.zeros((1, 0))
    matches = associate(
        Predictions(np.zeros((1, 2)), np.ones((1, 2)), np.zeros(1), np.zeros(1)), np.zeros((0, 8)), none, 16.0
    )
    assert len(matches.tracks) == 0
