"""Many passages over a long time make a way usual; what crosses it, or is unlike it, is not touched."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from known_paths import SIZE, track_of
from known_streets import at, car, fall, pass_by

from edgecv.motion_map import MotionMap, MotionMapSettings
from edgecv.tracking import Track


def follows(motion_map: MotionMap, track: Track) -> bool:
    return motion_map.follows(motion_map.usual(track.points, track.picture_size_px))


@cache
def street(across: bool) -> MotionMap:
    """After three hundred cars, one in 20 s."""
    motion_map, now_s, rng = MotionMap(), 0.0, np.random.default_rng(3)
    for _ in range(300):
        now_s = pass_by(motion_map, car(rng, across=across), now_s, 20.0)
    return motion_map


@pytest.mark.parametrize("across", [True, False])
def test_hundreds_of_cars_make_the_next_one_usual_and_say_how_many_an_hour(across: bool) -> None:
    rng = np.random.default_rng(8)
    cars = [car(rng, across=across) for _ in range(40)]
    usual = [street(across).usual(track.points, SIZE) for track in cars]
    assert np.mean([street(across).follows(one) for one in usual]) > 0.85
    assert 40.0 < np.median([one.rate_per_hour for one in usual]) < 250.0  # 180 pass; fewer are as fast and as bright
    assert 0.02 < (street(across).usual_cells().max(axis=2) > 0.0).mean() < 0.3


@settings(max_examples=100, deadline=None)
@given(
    st.booleans(),
    st.floats(-14.0, 12.0),
    st.floats(4.0, 26.0),
    st.floats(8.0, 45.0),
    st.floats(3.0, 12.0),
    st.floats(0.3, 9.0),
)
def test_a_throw_before_the_facade_is_never_usual_though_its_last_metres_cross_the_street(
    across: bool, x_m: float, y_m: float, terminal_mps: float, size_px: float, z_m: float
) -> None:
    track = fall(x_m, y_m, terminal_mps, size_px, z_m)
    if track is not None:
        assert not follows(street(across), track)


def test_a_brick_that_is_seen_over_the_street_alone_is_told_by_its_direction_speed_and_size() -> None:
    track = fall(-9.0, 16.0, 40.0, 6.0, 6.0)
    assert track is not None
    last = track_of(
        np.array([p.t_s for p in track.points[-14:]]),
        np.array([[p.detection.x_px, p.detection.y_px] for p in track.points[-14:]]),
    )
    assert not follows(street(False), last)


def test_five_throws_of_a_child_and_one_busy_minute_make_nothing_usual() -> None:
    throw = fall(2.0, 14.0)
    assert throw is not None
    child, busy, now_s = MotionMap(), MotionMap(), 0.0
    for _ in range(5):
        now_s = pass_by(child, throw, now_s, 90.0)
    assert not follows(child, throw)
    now_s = 0.0
    for _ in range(40):
        now_s = pass_by(busy, throw, now_s, 1.4)
    assert not follows(busy, throw)


def test_an_object_counts_once_a_cell_however_many_parts_it_is_seen_in() -> None:
    motion_map, now_s = MotionMap(), 0.0
    track = car(np.random.default_rng(4), across=True)
    for _ in range(12):  # minutes
        now_s = pass_by(motion_map, track, now_s, 60.0)
        for _ in range(9):
            motion_map.learn(at(track, now_s))
    assert not follows(motion_map, track)  # 12 passages, not 120
    assert motion_map.counts[..., 0].max() == pytest.approx(12.0, rel=0.05)


def test_what_stays_in_place_or_wanders_teaches_nothing() -> None:
    motion_map, rng = MotionMap(), np.random.default_rng(5)
    t = np.arange(0.0, 4.0, 0.04)
    flag = track_of(t, 500.0 + 8.0 * np.column_stack([np.sin(9.0 * t), np.cos(7.0 * t)]))
    insect = track_of(t, 800.0 + np.cumsum(rng.normal(0.0, 12.0, (len(t), 2)), axis=0))
    now_s = 0.0
    for _ in range(60):
        now_s = pass_by(motion_map, flag, now_s, 30.0)
    assert not motion_map.counts.any()
    motion_map.learn(insect)
    assert not motion_map.counts.any()


def _drip(x_px: float, size_px: float = 2.0, contrast: float = 12.0, seed: int = 0) -> Track:
    t = np.arange(0.0, 1.2, 0.04)
    rng = np.random.default_rng(seed)
    uv = np.column_stack([x_px + rng.normal(0.0, 0.6, len(t)), 300.0 + 147.0 * t**2 * 2.0 + 30.0 * t])
    return track_of(t, uv, size_px, SIZE, contrast)


def test_a_drip_makes_its_own_column_and_faintness_usual_and_no_brick_beside_or_in_it() -> None:
    motion_map, now_s = MotionMap(), 0.0
    for n in range(120):
        now_s = pass_by(motion_map, _drip(700.0, seed=n), now_s, 30.0)
    assert follows(motion_map, _drip(700.5, seed=999))
    assert not follows(motion_map, _drip(727.0, seed=999))  # the same cell, another column
    assert not follows(motion_map, _drip(700.0, 6.0, 40.0, seed=999))  # the same column, a brick


def _rain_drop(rng: np.random.Generator) -> Track:
    t = np.arange(0.0, 1.4, 0.04)
    return track_of(t, np.column_stack([np.full_like(t, rng.uniform(5.0, 1915.0)), 750.0 * t]), 2.0, SIZE, 12.0)


def test_rain_over_the_whole_facade_makes_no_fall_usual() -> None:
    maps = MotionMap(), MotionMap(MotionMapSettings(wide_share=1.0))
    for motion_map in maps:
        now_s, rng = 0.0, np.random.default_rng(6)
        for _ in range(1000):
            now_s = pass_by(motion_map, _rain_drop(rng), now_s, 1.0)
    drops = [_rain_drop(np.random.default_rng(seed)) for seed in range(30)]
    assert not any(follows(maps[0], drop) for drop in drops)
    assert np.mean([follows(maps[1], drop) for drop in drops]) > 0.5  # and only because it is everywhere


def test_a_way_that_nobody_goes_any_more_is_forgotten() -> None:
    motion_map, now_s, rng = MotionMap(MotionMapSettings(memory_s=3600.0)), 0.0, np.random.default_rng(3)
    for _ in range(150):
        now_s = pass_by(motion_map, car(rng, across=True), now_s, 20.0)
    track = car(rng, across=True)
    assert motion_map.usual_cells().any()
    for _ in range(int(4 * 3600 / 4.9)):
        now_s += 4.9
        motion_map.watch(now_s)
    assert not motion_map.usual_cells().any() and not follows(motion_map, track)


def test_pictures_of_another_size_begin_a_new_map() -> None:
    motion_map = MotionMap()
    pass_by(motion_map, car(np.random.default_rng(1)), 0.0, 5.0)
    t = np.arange(0.0, 2.0, 0.04)
    other = track_of(t, np.column_stack([20.0 + 200.0 * t, 100.0 + 0.0 * t]), 8.0, (640, 360))
    motion_map.learn(other)
    assert motion_map.size_px == (640, 360) and motion_map.counts[..., 0].max() == 1.0
    assert motion_map.usual(car(np.random.default_rng(1)).points, SIZE).share == 0.0


def test_time_counts_while_frames_come_and_not_over_a_break() -> None:
    motion_map = MotionMap()
    for t_s in (0.0, 1.0, 2.0, 500.0, 501.0, 0.0, 0.5):
        motion_map.watch(t_s)
    assert motion_map.age_s == pytest.approx(3.5)


@given(st.lists(st.tuples(st.floats(-50.0, 2000.0), st.floats(-50.0, 1200.0)), min_size=3, max_size=60))
@settings(max_examples=60, deadline=None)
def test_no_path_breaks_it_or_makes_it_larger(places: list[tuple[float, float]]) -> None:
    motion_map = MotionMap()
    size = motion_map.counts.nbytes
    track = track_of(0.04 * np.arange(len(places)), np.array(places))
    motion_map.watch(0.0)
    motion_map.watch(1.0)
    motion_map.learn(track)
    usual = motion_map.usual(track.points, SIZE)
    assert np.isfinite(motion_map.counts).all() and motion_map.counts.nbytes == size
    assert 0.0 <= usual.share <= 1.0 and usual.rate_per_hour >= 0.0
