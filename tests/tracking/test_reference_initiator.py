"""Three detections of one accelerated motion start a track; those that chance would align as well do not."""

from __future__ import annotations

import numpy as np
import pytest

from edgecv.tracking import TrackingSettings
from edgecv.tracking.reference_initiator import FreeDetections, Triplet, find_starts

S = TrackingSettings()
H = 720
QUIET = 2e-6  # two detections a frame of 1280 x 720


def _frames(
    places: list[list[tuple[float, float]]], density: float = QUIET, sides: float = 4.0, dt_s: float = 0.04
) -> list[FreeDetections]:
    """Frames in order of time, ``(x, y)`` each; returned newest first, as the tracker gives them."""
    frames = []
    for n, here in enumerate(places):
        rows = np.array([[x, y, sides, sides, sides**2, 30.0, 12.0, 0.0] for x, y in here]).reshape(-1, 8)
        frames.append(FreeDetections(n * dt_s, np.arange(len(rows)), rows, np.full(len(rows), density), len(rows)))
    return frames[::-1]


def _triplets(recent: list[FreeDetections], height_px: int, settings: TrackingSettings) -> list[Triplet]:
    return [start.triplet for start in find_starts(recent, height_px, settings)]


def _fall(n: int, g: float = 500.0, v: float = 100.0, x: float = 300.0) -> tuple[float, float]:
    t = 0.04 * n
    return x + 20.0 * t, 100.0 + v * t + 0.5 * g * t * t


def test_a_fall_seen_three_times_in_a_row_starts_a_track() -> None:
    assert _triplets(_frames([[_fall(n)] for n in range(3)]), H, S) == [((2, 0), (1, 0), (0, 0))]


@pytest.mark.parametrize("missed", [1, 2, 3])
def test_one_of_four_frames_may_miss_it(missed: int) -> None:
    frames = _frames([[] if n == 3 - missed else [_fall(n)] for n in range(4)])
    starts = _triplets(frames, H, S)
    ages = [age for age in (3, 2, 1, 0) if age != missed]
    assert starts == [tuple((age, 0) for age in ages)]


def test_two_detections_are_not_enough() -> None:
    assert _triplets(_frames([[_fall(0)], [_fall(1)], []]), H, S) == []
    assert _triplets(_frames([[], [_fall(1)], [_fall(2)]]), H, S) == []


def test_detections_that_jump_about_are_no_motion() -> None:
    # back and forth by 100 px within 80 ms would be an acceleration of 170 H/s²
    assert _triplets(_frames([[(300.0, 100.0)], [(400.0, 100.0)], [(300.0, 100.0)]]), H, S) == []


def test_faster_than_anything_falls_is_no_motion() -> None:
    step = 1.2 * S.max_speed_h_s * H * 0.04
    assert _triplets(_frames([[(100.0 + n * step, 100.0)] for n in range(3)]), H, S) == []


def test_two_falls_side_by_side_are_two_tracks() -> None:
    starts = _triplets(_frames([[_fall(n), _fall(n, x=600.0)] for n in range(3)]), H, S)
    assert sorted(starts) == [((2, 0), (1, 0), (0, 0)), ((2, 1), (1, 1), (0, 1))]


def test_in_clutter_only_a_closer_agreement_counts() -> None:
    # 6 px from where constant velocity puts it: rare in a quiet picture, common where every 30 px a leaf moves
    motion = [[(300.0, 100.0)], [(310.0, 100.0)], [(320.0, 106.0)]]
    assert len(_triplets(_frames(motion), H, S)) == 1
    assert _triplets(_frames(motion, density=1e-2), H, S) == []


def test_an_object_does_not_become_ten_times_as_large() -> None:
    frames = _frames([[_fall(n)] for n in range(3)])
    frames[0].detections[0, 4] *= 10.0
    assert _triplets(frames, H, S) == []
