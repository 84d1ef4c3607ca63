"""Falls at the rim of a fisheye, where a straight picture of the whole would be stretched many times."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgecv.detection import Detection
from edgecv.geometry import looking_at
from edgecv.simulation import FallingObject
from edgecv.tracking import Track, TrackPoint
from edgecv.trajectory import TrajectorySettings, View, explain
from edgecv.trajectory.model import fly

SIZE = (1920, 1080)


@pytest.mark.parametrize(("aside_m", "least_deg"), [(14.0, 35.0), (-22.0, 50.0), (30.0, 59.0)])
def test_a_fall_through_a_fisheye_begins_where_it_began(aside_m: float, least_deg: float) -> None:
    straight = looking_at((0.0, 2.0, 8.0), (0.0, 14.0, 0.0), 600.0, SIZE)
    camera = replace(straight, distortion=np.zeros(4))  # equidistant, 183 degrees across
    thing = FallingObject("thing", 0.3, 0.004, 0.1, 20.0, 1, "", (aside_m, 18.0, 0.3), (0.3, 0.2, 1.5), 0.0)
    times = np.arange(36) / 25.0
    world = thing.states(times).positions_m[0]
    local = camera.rotation @ (world[0] - camera.position_m)
    assert np.degrees(np.arctan2(np.hypot(local[0], local[1]), local[2])) > least_deg
    pixels = camera.project(world) + np.random.default_rng(1).normal(0.0, 0.3, (len(times), 2))
    points = tuple(
        TrackPoint(n, float(t), Detection(float(x), float(y), 6.0, 6.0, 36.0, 30.0, 10.0), (0.0, 0.0), 1e-6)
        for n, (t, (x, y)) in enumerate(zip(times, pixels, strict=True))
    )
    fall = explain(Track(points, len(points), SIZE, 0.04), View.calibrated(camera), TrajectorySettings())
    assert fall is not None
    assert fall.fit.model == "fall"
    assert fall.likelihoods.ratio > 5.0
    seen_by = fall.fit.view.camera
    assert seen_by is not None
    first = fly(fall.fit.view, fall.fit.parameters[None], np.zeros(1)).positions_m[0, 0]
    place = first @ seen_by.rotation + seen_by.position_m
    assert place == pytest.approx(world[round(fall.fit.start_s * 25.0)], abs=1.0)  # a third of a floor
