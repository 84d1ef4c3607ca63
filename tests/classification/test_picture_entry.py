from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from known_paths import SIZE, facade_camera, fall_track, track_of

from edgecv.classification import ClassificationSettings, judge
from edgecv.classification.picture_entry import entered_from_side
from edgecv.tracking import Track
from edgecv.trajectory import TrajectorySettings, View, explain

SETTINGS = ClassificationSettings()
REASON = "it came in from the side of the picture at speed: nobody saw it leave the building"


def _aside(speed_mps: float, scale_px_per_m: float = 40.0) -> Track:
    """Something that falls as a stone does, and comes in from the left."""
    t = np.arange(0.0, 1.6, 0.04)
    uv = np.column_stack([4.0 + speed_mps * scale_px_per_m * t, 250.0 + 0.5 * 9.8 * scale_px_per_m * t**2])
    return track_of(t, uv + np.random.default_rng(3).normal(0, 0.3, uv.shape))


def _entered(track: Track, view: View) -> bool:
    fall = explain(track, view, TrajectorySettings())
    assert fall is not None
    return entered_from_side(fall, SETTINGS)


@pytest.mark.parametrize("mirrored", [False, True])
def test_what_comes_in_from_either_side_at_speed_was_not_seen_leaving_the_building(mirrored: bool) -> None:
    track = _aside(7.0)
    if mirrored:
        turned = tuple(
            replace(p, detection=replace(p.detection, x_px=SIZE[0] - 1.0 - p.detection.x_px)) for p in track.points
        )
        track = replace(track, points=turned)
    fall = explain(track, View.uncalibrated(SIZE, TrajectorySettings()), TrajectorySettings())
    assert fall is not None
    verdict = judge(fall, SETTINGS)
    assert verdict.tier == "candidate"
    assert REASON in verdict.reasons


def test_what_begins_inside_the_picture_or_drifts_in_did_not_enter_at_speed() -> None:
    view = View.uncalibrated(SIZE, TrajectorySettings())
    inside = replace(
        _aside(7.0),
        points=tuple(
            replace(p, detection=replace(p.detection, x_px=p.detection.x_px + 300.0)) for p in _aside(7.0).points
        ),
    )
    assert not _entered(inside, view)
    assert not _entered(_aside(0.8), view)


def test_a_calibrated_path_that_leads_back_to_the_facade_may_be_a_throw() -> None:
    track = fall_track(30.0, velocity=(3.0, 0.3, 1.2))
    first = track.points[0].detection.x_px
    cut = tuple(replace(p, shift_px=(4.0 - first, 0.0)) for p in track.points)
    assert not _entered(replace(track, points=cut), View.calibrated(facade_camera()))
