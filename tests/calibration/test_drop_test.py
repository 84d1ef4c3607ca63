from __future__ import annotations

import numpy as np
import pytest
from known_paths import SIZE, facade_camera, fall_track

from edgecv.calibration.drop_test import DropResult, combine, measure_drop
from edgecv.errors import EdgecvError
from edgecv.geometry import PinholeCamera
from edgecv.trajectory import Fall, TrajectorySettings, View, explain


def _seen_through(scale: float, first: float = 1.0) -> tuple[Fall, PinholeCamera]:
    """A ball's fall, seen through a calibration whose metres are ``scale`` true metres."""
    true = facade_camera()
    camera = PinholeCamera(true.focal_px, true.center_px, true.rotation, true.position_m / scale, true.distortion)
    track = fall_track(24.0, velocity=(0.0, 0.0, 0.2))
    points = track.points[: int(first * len(track.points))]
    fall = explain(type(track)(points, len(points), SIZE, 0.04), View.calibrated(camera), TrajectorySettings())
    assert fall is not None
    return fall, camera


@pytest.mark.parametrize("scale", [0.8, 1.0, 1.25])
def test_gravity_tells_how_long_a_metre_of_the_calibration_is(scale: float) -> None:
    result = measure_drop(*_seen_through(scale))
    assert result.scale == pytest.approx(scale, rel=0.04)
    low, high = result.interval
    assert low < result.scale < high
    assert abs(np.log(result.scale / scale)) < 3.0 * result.log_sd


def test_a_drop_over_a_few_metres_says_that_it_is_too_short() -> None:
    fall, camera = _seen_through(1.0, 0.45)
    with pytest.raises(EdgecvError, match=r"followed over .* m only; 6 m are needed"):
        measure_drop(fall, camera)


def test_several_drops_weigh_by_how_well_each_is_known() -> None:
    sure = DropResult(1.1, 0.01, (0.0, 0.0), 0.3, 40, 20.0)
    vague = DropResult(1.4, 0.10, (0.0, 0.0), 0.3, 10, 8.0)
    scale, log_sd = combine([sure, vague])
    assert 1.1 < scale < 1.11
    assert log_sd < 0.01
