"""The most promising paths are judged first, no more than there is time for, and by media time alone."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from known_paths import track_of

from edgecv.classification import ClassificationSettings
from edgecv.classification.waiting_paths import WaitingPaths
from edgecv.trajectory import BentTrack, FallSigns

SETTINGS = ClassificationSettings(judged_per_s=2.0, judged_burst=3.0, judged_within_s=1.0)


def _signs(
    bend_sd: float, sightings: float = 10.0, light: float = 20.0, levels: float = 10.0, speed_up: float = 0.3
) -> FallSigns:
    return FallSigns(bend_sd, sightings, light, 10.0, -levels, levels, speed_up)


def _track(n: int) -> BentTrack:
    return BentTrack(track_of(np.arange(3) * 0.04 + n, np.zeros((3, 2))), ())


def test_few_paths_are_judged_at_once_in_the_order_in_which_they_ended() -> None:
    waiting = WaitingPaths(SETTINGS)
    tracks = tuple(_track(n) for n in range(3))
    for track, promise in zip(tracks, (6.0, 9.0, 7.0), strict=True):
        waiting.add(track, _signs(promise), 1.0)
    due = waiting.due(1.0)
    assert due.to_judge == tracks
    assert due.left_out == ()


def test_of_many_the_most_promising_are_judged_and_the_last_are_left_out() -> None:
    waiting = WaitingPaths(SETTINGS)
    tracks = [_track(n) for n in range(8)]
    for n, track in enumerate(tracks):
        waiting.add(track, _signs(5.0 + n), 0.0)
    assert waiting.due(0.0).to_judge == tuple(tracks[5:])
    assert waiting.due(0.5).to_judge == (tracks[4],)  # half a second earns one more
    due = waiting.due(1.01)
    assert due.to_judge == (tracks[3],)
    assert set(due.left_out) == set(tracks[:3])


def test_what_comes_late_and_is_more_promising_goes_first() -> None:
    waiting = WaitingPaths(SETTINGS)
    for n in range(4):
        waiting.add(_track(n), _signs(6.0), 0.0)
    waiting.due(0.0)
    throw = _track(9)
    waiting.add(throw, _signs(60.0), 0.5)
    assert waiting.due(0.5).to_judge == (throw,)


def test_a_throw_is_unusual_among_drops_though_they_bend_more() -> None:
    rng, waiting = np.random.default_rng(0), WaitingPaths(SETTINGS)
    for n in range(200):
        signs = _signs(float(rng.uniform(20.0, 110.0)), float(rng.uniform(6.0, 12.0)), float(rng.uniform(10.0, 40.0)))
        waiting.add(_track(n), signs, 0.1 * n)
        waiting.due(0.1 * n)
    throw = _track(300)
    waiting.add(throw, _signs(42.0, 25.0, 400.0), 20.0)
    for n in range(20):  # at once
        waiting.add(_track(400 + n), _signs(110.0, 11.0, 30.0), 20.0)
    assert throw in waiting.due(20.0).to_judge


def test_at_the_end_of_a_video_no_more_are_judged_than_would_have_been() -> None:
    waiting = WaitingPaths(SETTINGS)
    for n in range(20):
        waiting.add(_track(n), _signs(float(n)), 0.0)
    due = waiting.flush()
    assert len(due.to_judge) == 5
    assert len(due.left_out) == 15


@given(st.lists(st.tuples(st.floats(0.0, 0.5), st.floats(5.0, 50.0)), min_size=1, max_size=60))
def test_each_path_is_judged_or_left_out_once_and_the_work_is_bounded(arrivals: list[tuple[float, float]]) -> None:
    waiting = WaitingPaths(SETTINGS)
    now_s = 0.0
    judged: list[BentTrack] = []
    left_out: list[BentTrack] = []
    for n, (pause_s, promise) in enumerate(arrivals):
        now_s += pause_s
        waiting.add(_track(n), _signs(promise), now_s)
        due = waiting.due(now_s)
        judged.extend(due.to_judge)
        left_out.extend(due.left_out)
        assert len(judged) <= SETTINGS.judged_burst + SETTINGS.judged_per_s * now_s
    due = waiting.flush()
    judged.extend(due.to_judge)
    left_out.extend(due.left_out)
    assert sorted(bent.track.start_s for bent in (*judged, *left_out)) == [float(n) for n in range(len(arrivals))]


def test_a_short_dark_path_and_one_from_rest_are_unusual_among_flakes_seen_for_long() -> None:
    rng = np.random.default_rng(0)
    for throw in (_signs(14.0, 30.0, 90.0, levels=-10.0), _signs(14.0, 30.0, 90.0, speed_up=0.95)):
        waiting = WaitingPaths(SETTINGS)
        for n in range(200):
            bend_sd, sightings, light = rng.uniform((6.0, 40.0, 40.0), (60.0, 230.0, 200.0)).tolist()
            speed_up = float(rng.uniform(0.05, 0.5))
            waiting.add(_track(n), _signs(bend_sd, sightings, light, float(rng.uniform(3, 12)), speed_up), 0.0)
        track = _track(999)
        waiting.add(track, throw, 0.0)
        assert track in waiting.due(0.0).to_judge
