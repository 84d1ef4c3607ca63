"""Looked at again along its path, a fall that was detected in pieces is seen whole; what is nowhere stays unseen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from known_paths import SIZE, fall_track

from edgecv.detection.camera_motion import CameraMotion
from edgecv.detection.difference_history import DifferenceHistory
from edgecv.tracking import Track
from edgecv.trajectory import Fall, TrajectorySettings, View, explain
from edgecv.trajectory.second_look import SecondLook

SETTINGS = TrajectorySettings()
SHAPE = (SIZE[1] // 2, SIZE[0] // 2)
LEVEL = np.ones((17, 30), np.float32)
START = 25
"""Frame in which the object is let go; before it there is noise alone."""


def _later(track: Track) -> Track:
    return replace(
        track, points=tuple(replace(p, frame=p.frame + START, t_s=p.t_s + START * 0.04) for p in track.points)
    )


def _history(track: Track, strength: float, rng: np.random.Generator) -> DifferenceHistory:
    """Noise, and the object in every picture, brighter or darker than the wall by turns of five pictures."""
    history = DifferenceHistory(SHAPE, 2, lag=3, max_s=100.0, max_bytes=1 << 26)
    noise = rng.normal(0.0, 2.0, (SHAPE[0] + 100, SHAPE[1] + 100)).round().astype(np.int8)
    at = {p.frame: p.detection for p in track.points}
    for n in range(START + len(track.points) + 12):
        _, response = history.advance(LEVEL)
        row, column = (int(v) for v in rng.integers(0, 100, 2))
        response[:] = noise[row : row + SHAPE[0], column : column + SHAPE[1]]
        if n in at:
            x, y = round((at[n].x_px + 0.5) / 2 - 0.5), round((at[n].y_px + 0.5) / 2 - 0.5)
            response[y - 1 : y + 2, x - 1 : x + 2] += np.int8(strength if n // 5 % 2 else -strength)
        history.label(n, n * 0.04, n * 0.04, CameraMotion())
    return history


def _looked_at(track: Track, picked: slice, strength: float) -> tuple[Fall, Fall]:
    """The fall of some of a track's sightings before and after a second look at pictures with all of them."""
    seen = replace(track, points=track.points[picked])
    seen = replace(seen, scan_count=seen.points[-1].frame - seen.points[0].frame + 1)
    fall = explain(seen, View.uncalibrated(SIZE, SETTINGS), SETTINGS)
    assert fall is not None
    return fall, SecondLook(SETTINGS).look(fall, _history(track, strength, np.random.default_rng(7)))


@pytest.mark.parametrize("picked", [slice(None, None, 3), slice(12, 36)])
def test_sightings_between_and_beyond_are_added_where_the_object_was(picked: slice) -> None:
    track = _later(fall_track(30.0))
    fall, again = _looked_at(track, picked, 30.0)
    assert len(again.path.points) > 0.85 * len(track.points)
    true = {p.frame: p.detection for p in track.points}
    added = [p for p in again.path.points if p.is_second_look]
    assert all(p.frame in true for p in added)
    off = [np.hypot(p.detection.x_px - true[p.frame].x_px, p.detection.y_px - true[p.frame].y_px) for p in added]
    assert max(off) < 4.0
    assert again.likelihoods.chance > fall.likelihoods.chance
    assert abs(again.path.points[0].frame - track.points[0].frame) <= 2


def test_where_nothing_is_nothing_is_added() -> None:
    track = _later(fall_track(30.0))
    for picked in (slice(None, None, 3), slice(12, 36)):
        fall, again = _looked_at(track, picked, 0.0)
        assert sum(p.is_second_look for p in again.path.points) <= 1
        assert again.likelihoods.ratio <= fall.likelihoods.ratio + 1.0


def test_size_and_contrast_are_those_of_the_detections() -> None:
    track = _later(fall_track(30.0))
    fall, again = _looked_at(track, slice(None, None, 3), 30.0)
    assert again.path.size_px == fall.path.size_px
    assert again.path.contrast == fall.path.contrast


def test_looks_are_rationed_so_that_traffic_costs_little() -> None:
    track = _later(fall_track(30.0))
    seen = replace(track, points=track.points[::3])
    fall = explain(seen, View.uncalibrated(SIZE, SETTINGS), SETTINGS)
    assert fall is not None
    history = _history(track, 30.0, np.random.default_rng(8))
    second_look = SecondLook(SETTINGS)
    looks = sum(second_look.look(fall, history) is not fall for _ in range(20))
    assert looks <= SETTINGS.second_look_burst + SETTINGS.second_looks_per_s * fall.track.end_s
    assert looks >= SETTINGS.second_look_burst
