"""A finished track is extended backwards, over a gap if need be, but not onto other objects."""

from __future__ import annotations

import numpy as np

from edgecv.detection import DetectedFrame
from edgecv.detection.detection import X, Y
from edgecv.tracking import TrackingSettings
from edgecv.tracking.backward_extension import earlier_hits
from edgecv.tracking.scan import Hit, Scan, gather
from edgecv.tracking.track_breaks import track_breaks

S = TrackingSettings()
H = 720
DENSITY = 2e-6


def _scans(places: list[list[tuple[float, float]]]) -> list[Scan]:
    frames = []
    for n, here in enumerate(places):
        rows = np.array([[x, y, 5.0, 5.0, 25.0, 30.0, 12.0, 0.0] for x, y in here]).reshape(-1, 8)
        frame = DetectedFrame(n, n * 0.04, ())
        frames.append(Scan(frame, rows, np.full(len(rows), DENSITY), np.zeros(len(rows), bool)))
    return frames


def _fall(n: int) -> tuple[float, float]:
    t = 0.04 * n
    return 300.0 + 40.0 * t, 80.0 + 0.5 * 400.0 * t * t


def _hits(scans: list[Scan], first: int) -> list[Hit]:
    for frame in scans[first:]:
        frame.assigned[0] = True
    return [(frame, 0) for frame in scans[first:]]


def _gap_s() -> float:
    return S.max_backward_gap_s(0.04)


def test_the_beginning_of_a_fall_is_found() -> None:
    scans = _scans([[_fall(n)] for n in range(30)])
    earlier = earlier_hits(_hits(scans, 12), scans, H, _gap_s(), S)
    assert [frame.frame.index for frame, _ in earlier] == list(range(12))


def test_the_piece_before_a_gap_is_joined_and_beyond_the_longest_gap_is_not() -> None:
    longest = int(_gap_s() / 0.04)
    for missed, joined in ((longest - 1, True), (longest + 2, False)):
        scans = _scans([[_fall(n)] if n < 12 or n >= 12 + missed else [] for n in range(40)])
        for frame in scans[:12]:
            frame.assigned[0] = True  # its own first piece was a track of its own
        earlier = earlier_hits(_hits(scans, 12 + missed), scans, H, _gap_s(), S)
        assert bool(earlier) is joined
        if joined:
            assert len(earlier) >= 8


def test_a_detection_of_another_track_beside_the_path_stays_with_it() -> None:
    # a bird passes 25 px to the side of where the thing came from
    scans = _scans([[(_fall(n)[0] + 25.0, _fall(n)[1])] if n < 12 else [_fall(n)] for n in range(30)])
    for frame in scans[:12]:
        frame.assigned[0] = True
    assert earlier_hits(_hits(scans, 12), scans, H, _gap_s(), S) == []


def test_a_bird_crossed_on_the_way_is_cut_off() -> None:
    flight = [[(100.0 + 12.0 * n, 80.0)] for n in range(15)]
    fall = [[(280.0, 80.0 + 0.5 * 600.0 * (0.04 * n) ** 2 + 4.0 * n)] for n in range(25)]
    scans = _scans(flight + fall)
    (where,) = track_breaks(*gather(_hits(scans, 0)), 0.04, S)
    assert abs(where - 15) <= 2


def test_what_stood_still_and_jumped_to_a_thing_falling_past_it_is_cut_off_at_the_jump() -> None:
    # a head over the parapet, then nothing for eight frames, then what was thrown, which is 60 px away by then
    head = [[(75.0, 10.0)]] * 30
    nothing: list[list[tuple[float, float]]] = [[]] * 8
    fall = [[(130.0 + 2.0 * n, 70.0 + 0.5 * 600.0 * (0.04 * n) ** 2 + 7.0 * n)] for n in range(25)]
    hits = [(frame, 0) for frame in _scans([*head, *nothing, *fall]) if len(frame.detections)]
    assert 30 in track_breaks(*gather(hits), 0.04, S)


def test_one_fall_is_not_cut() -> None:
    rng = np.random.default_rng(1)
    scans = _scans([[_fall(n)] for n in range(45)])
    for frame in scans:
        frame.detections[:, X : Y + 1] += rng.normal(0, 0.4, (1, 2))
    assert track_breaks(*gather(_hits(scans, 0)), 0.04, S) == []
