"""What goes the way that things go all day is at most a candidate, and says how often that happens."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
from known_paths import facade_camera, fall_track
from known_streets import at, pass_by

from edgecv.classification import Verdict, doubt_usual_motion
from edgecv.motion_map import MotionMap
from edgecv.trajectory import Fall, TrajectorySettings, View, explain

INCIDENT = Verdict("incident", "thrown_object", 0.99, {"thrown_object": 0.99, "other": 0.01}, ())


@cache
def _fall() -> Fall:
    fall = explain(fall_track(25.0), View.calibrated(facade_camera()), TrajectorySettings())
    assert fall is not None
    return fall


def _taught(passages: int, every_s: float) -> MotionMap:
    motion_map, now_s = MotionMap(), 0.0
    for n in range(passages):
        noise = np.random.default_rng(n).normal(0.0, 0.5, (len(_fall().track.points), 2))
        points = tuple(
            replace(p, detection=replace(p.detection, x_px=p.detection.x_px + dx, y_px=p.detection.y_px + dy))
            for p, (dx, dy) in zip(_fall().track.points, noise, strict=True)
        )
        now_s = pass_by(motion_map, at(replace(_fall().track, points=points), now_s), now_s, every_s)
    return motion_map


def test_what_passes_forty_times_an_hour_is_a_candidate_that_says_so() -> None:
    verdict = doubt_usual_motion(INCIDENT, _fall(), _taught(60, 90.0))
    assert verdict.tier == "candidate" and verdict.p == 0.5
    assert verdict.reasons == (
        "things go the same way here 40 times an hour, in place, direction, speed and brightness",
    )


def test_a_throw_and_five_that_went_the_same_way_are_incidents() -> None:
    assert doubt_usual_motion(INCIDENT, _fall(), MotionMap()) is INCIDENT
    assert doubt_usual_motion(INCIDENT, _fall(), _taught(5, 200.0)) is INCIDENT


def test_a_candidate_keeps_its_doubts_and_what_is_rejected_is_not_asked_about() -> None:
    motion_map = _taught(60, 90.0)
    candidate = replace(INCIDENT, tier="candidate", p=0.4, reasons=("seen for 0.4 s only",))
    verdict = doubt_usual_motion(candidate, _fall(), motion_map)
    assert verdict.tier == "candidate" and verdict.p == 0.4 and len(verdict.reasons) == 2
    rejected = replace(INCIDENT, tier="rejected")
    assert doubt_usual_motion(rejected, _fall(), motion_map) is rejected
