"""A finished track is followed backwards, over a gap if need be, but not onto other things."""

from __future__ import annotations

import numpy as np

from edgecv.detection import DetectedFrame
from edgecv.detection.detection import X, Y
from edgecv.tracking import TrackingSettings
from edgecv.tracking.backward_extension import breaks_in, earlier_sightings
from edgecv.tracking.detection_frames import Hit, SeenFrame

S = TrackingSettings()
H = 720
DENSITY = 2e-6


def _seen(places: list[list[tuple[float, float]]]) -> list[SeenFrame]:
    frames = []
    for n, here in enumerate(places):
        rows = np.array([[x, y, 5.0, 5.0, 25.0, 30.0, 12.0, 0.0] for x, y in here]).reshape(-1, 8)
        frame = DetectedFrame(n, n * 0.04, ())
        frames.append(SeenFrame(frame, rows, np.full(len(rows), DENSITY), np.zeros(len(rows), bool)))
    return frames


def _fall(n: int) -> tuple[float, float]:
    t = 0.04 * n
    return 300.0 + 40.0 * t, 80.0 + 0.5 * 400.0 * t * t


def _hits(seen: list[SeenFrame], first: int) -> list[Hit]:
    for frame in seen[first:]:
        frame.taken[0] = True
    return [(frame, 0) for frame in seen[first:]]


def _gap_s() -> float:
    return S.max_gap_back_s


def test_the_beginning_of_a_fall_is_found() -> None:
    seen = _seen([[_fall(n)] for n in range(30)])
    found = earlier_sightings(_hits(seen, 12), seen, H, _gap_s(), S)
    assert [frame.frame.index for frame, _ in found] == list(range(12))


def test_the_piece_before_a_gap_is_joined_and_beyond_the_longest_gap_is_not() -> None:
    longest = int(_gap_s() / 0.04)
    for missed, joined in ((longest - 1, True), (longest + 2, False)):
        seen = _seen([[_fall(n)] if n < 12 or n >= 12 + missed else [] for n in range(40)])
        for frame in seen[:12]:
            frame.taken[0] = True  # its own first piece was a track of its own
        found = earlier_sightings(_hits(seen, 12 + missed), seen, H, _gap_s(), S)
        assert bool(found) is joined
        if joined:
            assert len(found) >= 8


def test_what_another_track_has_taken_beside_the_path_stays_with_it() -> None:
    # a bird passes 25 px to the side of where the thing came from
    seen = _seen([[(_fall(n)[0] + 25.0, _fall(n)[1])] if n < 12 else [_fall(n)] for n in range(30)])
    for frame in seen[:12]:
        frame.taken[0] = True
    assert earlier_sightings(_hits(seen, 12), seen, H, _gap_s(), S) == []


def test_a_bird_crossed_on_the_way_is_cut_off() -> None:
    flight = [[(100.0 + 12.0 * n, 80.0)] for n in range(15)]
    fall = [[(280.0, 80.0 + 0.5 * 600.0 * (0.04 * n) ** 2 + 4.0 * n)] for n in range(25)]
    seen = _seen(flight + fall)
    (where,) = breaks_in(_hits(seen, 0))
    assert abs(where - 15) <= 2


def test_what_stood_still_and_jumped_to_a_thing_falling_past_it_is_cut_off_at_the_jump() -> None:
    # a head over the parapet, then nothing for eight frames, then what was thrown, which is 60 px away by then
    head, nothing = [[(75.0, 10.0)]] * 30, [[]] * 8
    fall = [[(130.0 + 2.0 * n, 70.0 + 0.5 * 600.0 * (0.04 * n) ** 2 + 7.0 * n)] for n in range(25)]
    hits = [(frame, 0) for frame in _seen([*head, *nothing, *fall]) if len(frame.detections)]
    assert 30 in breaks_in(hits)


def test_one_fall_is_not_cut() -> None:
    rng = np.random.default_rng(1)
    seen = _seen([[_fall(n)] for n in range(45)])
    for frame in seen:
        frame.detections[:, X : Y + 1] += rng.normal(0, 0.4, (1, 2))
    assert breaks_in(_hits(seen, 0)) == []
