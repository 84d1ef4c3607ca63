from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from known_bundles import record

from edgecv.audit.replay_comparison import best_match, disagreements
from edgecv.incidents.record import Incident, TrackPointRecord

RECORDED = record()


def replayed(
    *, start_s: float = 10.0, dx: float = 0.0, every: int = 1, floor: int | None = 8, mass: str = "heavy"
) -> Incident:
    """What a replay of the recorded incident's clip, which begins at ``start_s``, could give."""
    other = record(floor=floor, mass=mass)
    points = (TrackPointRecord(t=p.t - start_s, x=p.x + dx, y=p.y, w=p.w, h=p.h) for p in other.track[::every])
    return other.model_copy(update={"track": tuple(points)})


def said(other: Incident, clip_start_s: float | None = 10.0, *, same_setup: bool = True) -> list[str]:
    match = best_match(RECORDED, [other], clip_start_s)
    assert match is not None
    return disagreements(RECORDED, match, same_setup=same_setup)


def test_the_same_incident_agrees() -> None:
    assert said(replayed(dx=0.4)) == []


@given(st.floats(-50.0, 50.0), st.integers(0, 3))
def test_where_nobody_wrote_when_the_clip_begins_the_tracks_tell(start_s: float, cut: int) -> None:
    other = replayed(start_s=start_s)
    other = other.model_copy(update={"track": other.track[cut:]})
    match = best_match(RECORDED, [other], None)
    assert match is not None
    assert match.clip_start_s == pytest.approx(start_s, abs=1e-6)
    assert disagreements(RECORDED, match, same_setup=True) == []


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (replayed(dx=2.5), "the replayed track lies 2.5 px from the record's"),
        (replayed(every=3), "the replayed clip shows the object at 17 of the record's 50 sightings"),
        (replayed(floor=7), "the replayed clip names floor 7, the record floor 8 (to which the replay gives 90 %)"),
        (replayed(floor=None), "the replayed clip names no floor, the record floor 8 (to which the replay gives 90 %)"),
        (replayed(mass="light"), "the replayed clip gives the mass as light, the record as heavy"),
    ],
)
def test_what_differs_is_told_in_plain_words(other: Incident, words: str) -> None:
    assert said(other) == [words]


def test_a_floor_that_the_record_leaves_open_is_told() -> None:
    match = best_match(record(floor=None), [replayed()], 10.0)
    assert match is not None
    assert disagreements(record(floor=None), match, same_setup=True) == [
        "the replayed clip names floor 8, the record none"
    ]


def test_without_the_calibration_only_the_track_is_compared() -> None:
    assert said(replayed(floor=None, mass="light"), same_setup=False) == []
    assert said(replayed(floor=None, dx=2.5), same_setup=False) != []


def test_of_several_the_nearest_is_compared() -> None:
    beside = replayed(dx=60.0, floor=3)
    match = best_match(RECORDED, [beside, replayed(), beside], 10.0)
    assert match is not None
    assert match.median_px == pytest.approx(0.0)
    assert match.replayed.origin.floor == 8


def test_what_fell_at_another_time_is_no_match() -> None:
    assert best_match(RECORDED, [replayed(start_s=40.0)], 10.0) is None
    assert best_match(RECORDED, [], 10.0) is None
    assert best_match(RECORDED, [], None) is None


def test_frames_between_those_of_the_record_are_not_taken_for_the_same_time() -> None:
    between = replayed(start_s=10.02)
    assert best_match(RECORDED, [between], 10.0) is None
    match = best_match(RECORDED, [replayed(start_s=10.004)], 10.0)
    assert match is not None
    assert replace(match, clip_start_s=0.0).matched == 50
