"""One fall, or two flakes of which the second came by where the first was lost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from known_paths import SIZE, facade_camera, fall_track, track_of

from edgecv.tracking import Track
from edgecv.trajectory import Fall, TrajectorySettings, View, explain
from edgecv.trajectory.fall import cut, examine
from edgecv.trajectory.joined_pieces import joined_log_ratio

S = TrajectorySettings()
SNOW, CLEAR = 7e-5, 1e-7


def _in(track: Track, clutter: float, gap: slice) -> Track:
    points = track.points[: gap.start] + track.points[gap.stop :]
    return replace(track, points=tuple(replace(p, clutter_px2=clutter) for p in points))


def _fall(track: Track) -> Fall:
    fall = explain(track, View.calibrated(facade_camera()), S)
    assert fall is not None
    return fall


def _flakes() -> Track:
    """One that goes down slowly, and from where it is lost another, faster one: both together, the bend of a fall."""
    t = np.arange(0.0, 2.8, 0.04)
    slow, fast = 55.0 * t, 55.0 * 0.8 + 190.0 * (t - 0.7)
    uv = np.column_stack([np.full(len(t), 900.0), 300.0 + np.where(t < 0.7, slow, fast)])
    return track_of(t, uv + np.random.default_rng(5).normal(0.0, 0.4, uv.shape), size_px=3.0, size=SIZE)


@pytest.mark.parametrize("terminal", [8.0, 14.0, 30.0])
def test_one_fall_through_a_gap_stays_one_in_snow(terminal: float) -> None:
    ratio = joined_log_ratio(_fall(_in(fall_track(terminal), SNOW, slice(24, 34))), S)
    assert ratio is not None
    assert ratio > 12.0


def test_two_flakes_are_two() -> None:
    track = _in(_flakes(), SNOW, slice(15, 22))
    fall = examine(track, cut(track, track.points, S), View.calibrated(facade_camera()), S, float(max(SIZE)))
    ratio = joined_log_ratio(fall, S)
    assert ratio is not None
    assert ratio < 3.0


def test_without_a_gap_or_without_weather_there_is_nothing_to_compare() -> None:
    whole = fall_track(14.0)
    assert joined_log_ratio(_fall(_in(whole, SNOW, slice(14, 14))), S) is None
    assert joined_log_ratio(_fall(_in(whole, CLEAR, slice(14, 24))), S) is None
