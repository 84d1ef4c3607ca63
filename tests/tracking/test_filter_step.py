"""The compiled filter and its filterpy reference come to the same tracks, associations and ends."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from edgecv.detection import DetectedFrame
from edgecv.detection.detection import Detections
from edgecv.native import AVAILABLE, ffi
from edgecv.tracking import TrackingSettings
from edgecv.tracking.active_tracks import TRACK, ActiveTracks
from edgecv.tracking.association import Predictions, associate
from edgecv.tracking.backward_extension import earlier_hits, earlier_hits_in_numpy
from edgecv.tracking.filter_step import TrackFilter
from edgecv.tracking.scan import Hit, Scan

S = TrackingSettings()
SIZE = (1280, 720)
NUMBERS = [name for name in TRACK.names or () if name != "count"]
needs_library = pytest.mark.skipif(not AVAILABLE, reason="the C library was not built here: there was no C compiler")


def _scene(seed: int, frames: int, things: int, chance: int, crowded: bool) -> list[Scan]:
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
        seen.append(Scan(DetectedFrame(n, t_s, Detections(rows)), rows, density, np.zeros(len(rows), bool)))
    return seen


def _begin_all(track_filter: TrackFilter, active: ActiveTracks, seen: list[Scan]) -> None:
    """A track for each detection that is there in all three frames."""
    n = min(len(frame.assigned) for frame in seen[:3])
    track_filter.begin(active, seen[2::-1], [((2, i), (1, i), (0, i)) for i in range(n)])


def _played(compiled: bool, seen: list[Scan], timing_sd_s: float) -> tuple[ActiveTracks, list[list[bool] | None]]:
    track_filter, active, ended = TrackFilter(SIZE, S, compiled), ActiveTracks(), []
    _begin_all(track_filter, active, seen)
    for frame in seen[3:]:
        track_filter.step(active, frame, 0.04, timing_sd_s)
        over = track_filter.ended(active, frame.t_s, 0.12)
        ended.append(None if over is None else over.tolist())
        if over is not None:
            active.keep(np.flatnonzero(~over))
    return active, ended


@needs_library
@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(0, 14), st.integers(0, 10), st.booleans(), st.sampled_from([0.0, 0.008]))
def test_compiled_filter_and_filterpy_give_the_same_tracks_to_a_millionth(
    seed: int, things: int, chance: int, crowded: bool, timing_sd_s: float
) -> None:
    ours, theirs = _scene(seed, 14, things, chance, crowded), _scene(seed, 14, things, chance, crowded)
    active, ended = _played(True, ours, timing_sd_s)
    reference, reference_ended = _played(False, theirs, timing_sd_s)
    assert ended == reference_ended
    assert [[(s.frame.index, row) for s, row in hits] for hits in active.hits] == [
        [(s.frame.index, row) for s, row in hits] for hits in reference.hits
    ]
    assert [frame.assigned.tolist() for frame in ours] == [frame.assigned.tolist() for frame in theirs]
    assert active.table["count"].tolist() == reference.table["count"].tolist()
    for name in NUMBERS:
        np.testing.assert_allclose(active.table[name], reference.table[name], rtol=1e-6, atol=1e-6)


@needs_library
@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 12), st.integers(2, 12))
def test_where_tracks_compete_the_assignment_is_the_cheapest_of_all(seed: int, tracks: int, detections: int) -> None:
    """Against SciPy's solver, on everything being near everything else."""
    rng = np.random.default_rng(seed)
    seen = _scene(seed, 3, tracks, 0, True)
    active, track_filter = ActiveTracks(), TrackFilter(SIZE, S)
    _begin_all(track_filter, active, seen)
    active.table["state"][:, :, 0] = rng.uniform(100, 112, (len(active), 2))
    active.table["count"] = rng.integers(3, 9, len(active))
    rows = np.zeros((detections, 8))
    rows[:, :2], rows[:, 2:4], rows[:, 4:6] = rng.uniform(100, 112, (detections, 2)), 5.0, 25.0
    frame = Scan(DetectedFrame(3, 0.12, ()), rows, np.full(detections, 1e-6), np.zeros(detections, bool))
    table = active.table.copy()
    track_filter.step(active, frame, 0.0, 0.0)
    state, covariance = table["state"], table["covariance"]
    variance = np.square(S.position_sd_px + S.position_sd_per_size * rows[:, 2:4])[None]
    total = covariance[:, None, :, 0, 0] + variance
    off = rows[None, :, :2] - state[:, None, :, 0]
    distance = (off * off / total).sum(axis=-1)
    unlike = np.square((np.log(25.0) - table["log_area"][:, None]) / S.log_area_sd) + S.contrast_flip_cost * (
        25.0 * table["contrast"][:, None] < 0
    )
    density = -0.5 * (distance + np.log(total.prod(axis=-1)) + unlike) - np.log(2 * np.pi)
    bonus = np.where(table["count"] >= S.min_points, S.established_bonus, 0.0)[:, None]
    cost = np.where((distance < S.gate) & (unlike < S.max_dissimilarity), -density - bonus, 1e6)
    row, column = linear_sum_assignment(cost)
    best = float(cost[row, column][cost[row, column] < 1e6].sum())
    given_rows = [(i, hits[3][1]) for i, hits in enumerate(active.hits) if len(hits) == 4]
    assert len({place for _, place in given_rows}) == len(given_rows) == int((cost[row, column] < 1e6).sum())
    assert sum(cost[i, place] for i, place in given_rows) == pytest.approx(best, abs=1e-6)


@pytest.mark.parametrize("compiled", [False, pytest.param(True, marks=needs_library)])
def test_a_track_ends_when_it_leaves_or_is_silent_but_not_before(compiled: bool) -> None:
    track_filter, active = TrackFilter(SIZE, S, compiled), ActiveTracks()
    _begin_all(track_filter, active, _scene(3, 3, 8, 0, False))
    assert len(active) >= 2
    last_s = float(active.table["last_s"][0])
    assert track_filter.ended(active, last_s + 0.1, 0.2) is None
    active.table["state"][0, 0, 0] = -1.0
    assert track_filter.ended(active, last_s, 0.2) is None  # seen there just now
    over = track_filter.ended(active, last_s + 0.1, 0.2)
    assert over is not None
    assert over.tolist() == [True] + [False] * (len(active) - 1)
    over = track_filter.ended(active, last_s + 0.21, 0.2)
    assert over is not None
    assert over.all()


def test_without_tracks_nothing_is_filtered() -> None:
    track_filter, active = TrackFilter(SIZE, S), ActiveTracks()
    track_filter.step(active, _scene(1, 1, 0, 3, False)[0], 0.04, 0.0)
    assert track_filter.ended(active, 1.0, 0.1) is None
    assert len(active) == 0


@needs_library
@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(0, 8), st.integers(6, 22), st.floats(0.0, 1.0))
def test_compiled_and_reference_extend_backward_alike(seed: int, chance: int, first: int, share: float) -> None:
    seen = _scene(seed, 30, 1, chance, False)
    rng = np.random.default_rng(seed)
    hits: list[Hit] = [(frame, 0) for frame in seen[first:] if len(frame.assigned)]
    if not hits:
        return
    for frame in seen:
        frame.assigned[:] = rng.uniform(size=len(frame.assigned)) < share
    ours = earlier_hits(hits, seen, SIZE[1], S.max_backward_gap_s(0.04), S)
    theirs = earlier_hits_in_numpy(hits, seen, SIZE[1], S.max_backward_gap_s(0.04), S)
    assert [(s.frame.index, row) for s, row in ours] == [(s.frame.index, row) for s, row in theirs]


def test_an_empty_scan_has_no_matches() -> None:
    none = np.zeros((1, 0))
    matches = associate(
        Predictions(np.zeros((1, 2)), np.ones((1, 2)), np.zeros(1), np.zeros(1)), np.zeros((0, 8)), none, S
    )
    assert len(matches.tracks) == 0


@needs_library
def test_the_table_of_tracks_is_laid_out_as_the_c_structure() -> None:
    fields = dict(ffi.typeof("Track").fields)
    assert {name: field.offset for name, field in fields.items()} == {
        name: place[1] for name, place in (TRACK.fields or {}).items()
    }
    assert ffi.sizeof("Track") == TRACK.itemsize
