"""Signs by which a path is worth the time of the physics."""

from dataclasses import replace

import numpy as np
import pytest
from known_paths import fall_track, track_of

from edgecv.tracking import Track
from edgecv.trajectory import FallSigns, TrajectorySettings, bent_track, fall_signs

S = TrajectorySettings()


def _signs(track: Track) -> FallSigns:
    bent = bent_track(track, S)
    assert bent is not None
    return fall_signs(bent)


def test_a_dark_object_is_as_dark_as_a_bright_one_is_bright() -> None:
    bright = fall_track(20.0)
    levels = float(np.median([p.detection.contrast for p in bright.points]))
    dark = replace(
        bright,
        points=tuple(replace(p, detection=replace(p.detection, contrast=-p.detection.contrast)) for p in bright.points),
    )
    assert _signs(bright).brightness == pytest.approx(levels)
    assert _signs(dark).darkness == pytest.approx(levels)
    assert _signs(dark).light == pytest.approx(_signs(bright).light)


def test_what_begins_at_rest_speeds_up_by_all_of_its_speed_and_a_flake_by_little() -> None:
    t = np.arange(40) * 0.04

    def falling(first_px_s: float) -> Track:
        return track_of(t, np.column_stack([np.full(40, 300.0), 20.0 + first_px_s * t + 100.0 * t * t]))

    last = 200.0 * t[-1]
    assert _signs(falling(0.0)).speed_up == pytest.approx(1.0, abs=0.02)
    assert _signs(falling(400.0)).speed_up == pytest.approx(last / (800.0 + last), abs=0.02)
