from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from known_falls import known_fall
from known_paths import SIZE, facade_camera, fall_track, track_of

from edgecv.classification import ClassificationSettings, Grouper, Verdict, judge
from edgecv.classification.track_association import belong_together
from edgecv.tracking import Falling, Track
from edgecv.trajectory import Fall, TrajectorySettings, View, explain

SETTINGS = TrajectorySettings()


def _explain(track: Track, calibrated: bool = True) -> Fall | None:
    view = View.calibrated(facade_camera()) if calibrated else View.uncalibrated(track.picture_size_px, SETTINGS)
    return explain(track, view, SETTINGS)


def _judge(track: Track, calibrated: bool = False) -> Verdict | None:
    fall = _explain(track, calibrated)
    return None if fall is None else judge(fall, ClassificationSettings())


@pytest.mark.parametrize("calibrated", [True, False])
@pytest.mark.parametrize("terminal", [6.0, 12.0, 35.0])
def test_a_real_fall_is_an_incident_with_and_without_a_calibration(terminal: float, calibrated: bool) -> None:
    verdict = _judge(fall_track(terminal), calibrated)
    assert verdict is not None
    assert verdict.tier == "incident"
    assert verdict.reasons == ()
    assert verdict.label == "thrown_object"


@pytest.mark.parametrize(
    ("terminal_mps", "diameter_m", "tier"), [(2.0, 0.1, "candidate"), (2.0, 0.3, "incident"), (7.0, 0.1, "incident")]
)
def test_what_sinks_as_leaves_do_is_an_incident_only_if_its_size_can_be_told(
    terminal_mps: float, diameter_m: float, tier: str
) -> None:
    verdict = judge(
        known_fall(terminal_mps=terminal_mps, diameter_m=diameter_m, contrast=60.0), ClassificationSettings()
    )
    assert verdict.tier == tier


def _noisy(path: np.ndarray, seed: int = 0) -> np.ndarray:
    return path + np.random.default_rng(seed).normal(0, 0.5, path.shape)


T = np.arange(0, 2.4, 0.04)


@pytest.mark.parametrize(
    "path",
    [
        np.column_stack([200 + 300 * T, 400 + 40 * T]),  # somebody walks
        np.column_stack([600 + 20 * T, 50 + 420 * T]),  # rain: straight down, no acceleration
        np.column_stack([900 - 250 * T, 300 + 120 * np.sin(2.2 * T)]),  # a bird in waves
        np.column_stack([500 + 60 * np.sin(4 * T), 300 + 60 * T]),  # a leaf
        np.column_stack([500 + 260 * T, 700 - 260 * T + 40 * T**2]),  # something that rises
    ],
)
def test_what_does_not_fall_is_no_incident(path: np.ndarray) -> None:
    verdict = _judge(track_of(T, _noisy(path)))
    assert verdict is None or verdict.tier != "incident"


@pytest.mark.parametrize("seed", range(8))
def test_a_flapping_bird_that_dives_is_no_incident(seed: int) -> None:
    rng = np.random.default_rng(seed)
    # acceleration that wanders, pulled downwards in the middle of the path: level flight, dive, pull-up
    pull = 500.0 * np.exp(-(((T - 1.2) / 0.35) ** 2)) - 420.0 * np.exp(-(((T - 1.9) / 0.3) ** 2))
    wander = np.cumsum(rng.normal(0, 60, (len(T), 2)), axis=0)
    acceleration = np.column_stack([wander[:, 0], wander[:, 1] + pull])
    velocity = np.cumsum(acceleration, axis=0) * 0.04 + [220.0, 10.0]
    path = np.cumsum(velocity, axis=0) * 0.04 + [300.0, 250.0]
    verdict = _judge(track_of(T, _noisy(path, seed)))
    assert verdict is None or verdict.tier != "incident"


def test_unrelated_detections_in_a_tree_are_no_incident() -> None:
    for seed in range(10):
        rng = np.random.default_rng(seed)
        path = np.column_stack([600 + rng.normal(0, 12, len(T)), np.sort(rng.uniform(300, 420, len(T)))])
        verdict = _judge(track_of(T, path))
        assert verdict is None or verdict.tier != "incident"


def test_a_thing_that_would_have_to_be_metres_wide_is_only_a_candidate() -> None:
    # the path of a fall 300 m away (g is 35 px/s²), but 60 px across: a person on a ramp, not a thing
    t = np.arange(0, 4.0, 0.04)
    path = np.column_stack([600 + 10 * t, 200 + 0.5 * 35 * t**2])
    verdict = _judge(track_of(t, _noisy(path), size_px=60.0))
    assert verdict is None or verdict.tier != "incident"
    if verdict is not None and verdict.tier == "candidate":
        assert any("across" in reason for reason in verdict.reasons)


def test_a_drip_seen_for_a_third_of_a_second_is_no_incident() -> None:
    t = np.arange(0, 0.34, 1 / 30)
    path = np.column_stack([160 + 0 * t, 40 + 600 * t + 0.5 * 1500 * t**2])
    verdict = _judge(track_of(t, path, size_px=3.0, size=(368, 640)))
    assert verdict is None or verdict.tier != "incident"


def _found(*tracks: Track) -> list:
    grouper = Grouper()
    for track in tracks:
        fall = _explain(track)
        assert fall is not None
        verdict = judge(fall, ClassificationSettings())
        if verdict.tier != "rejected":
            grouper.add(fall, verdict)
    return grouper.release(1e9, [])


def test_an_object_and_its_mirror_image_in_the_glass_are_one_finding_and_the_object_is_named() -> None:
    throw: dict[str, Any] = {"velocity": (0.4, 0.5, 3.0)}
    found = _found(fall_track(25.0, **throw, size_px=9.0), fall_track(25.0, **throw, mirrored=True, size_px=6.0))
    assert len(found) == 1
    assert found[0].fall.path.size_px == 9.0
    assert len(found[0].companions) == 1


def test_a_faint_ghost_that_trails_an_object_by_a_frame_is_no_second_finding() -> None:
    track = fall_track(25.0)
    t = np.array([p.t_s for p in track.points])
    uv = np.array([(p.detection.x_px, p.detection.y_px) for p in track.points])
    ghost = track_of(t[1:], uv[:-1], size_px=9.0, contrast=4.0)
    found = _found(track, ghost)
    assert len(found) == 1
    assert found[0].fall.path.contrast == 30.0


def test_two_things_thrown_a_second_apart_from_different_windows_are_two_findings() -> None:
    found = _found(fall_track(25.0, x=-4.0), fall_track(30.0, x=4.0, y=31.0, release_s=1.0))
    assert len(found) == 2


def test_a_bounce_belongs_to_the_fall_that_ended_there() -> None:
    t = np.arange(0, 1.6, 0.04)
    down = np.column_stack([600 + 30 * t, 100 + 0.5 * 500 * t**2])
    s = np.arange(0, 1.4, 0.04)
    up = np.column_stack([650 + 60 * s, 738 - 350 * s + 0.5 * 500 * s**2])
    view = View.uncalibrated(SIZE, SETTINGS)
    fall = explain(track_of(t, _noisy(down)), view, SETTINGS)
    bounce = explain(track_of(s + t[-1] + 0.04, _noisy(up)), view, SETTINGS)
    assert fall is not None
    assert bounce is not None
    assert belong_together(fall, bounce)


def test_a_group_waits_for_what_is_still_falling_and_is_told_once() -> None:
    fall = _explain(fall_track(25.0))
    assert fall is not None
    verdict = judge(fall, ClassificationSettings())
    column = float(fall.path.uv_px[-1, 0])
    grouper = Grouper()
    grouper.add(fall, verdict)
    began_s, now_s = fall.fit.start_s + 0.3, fall.fit.end_s + 0.1
    assert grouper.release(now_s, [Falling(began_s, column, 0.0, 8.0, 1500.0)]) == []
    # what falls far to the side, or as slowly as a snowflake, is another thing and is not waited for
    others = [Falling(began_s, column + 500.0, 0.0, 8.0, 1500.0), Falling(began_s, column, 0.0, 8.0, 150.0)]
    assert len(grouper.release(now_s + 0.25, others)) == 1
    grouper.add(fall, verdict)  # its bounce, found later, is no second incident
    assert grouper.release(fall.fit.end_s + 0.3, []) == []


def test_an_incident_is_told_even_where_a_candidate_of_the_same_thing_was_told_before() -> None:
    fall = _explain(fall_track(25.0))
    assert fall is not None
    incident = judge(fall, ClassificationSettings())
    assert incident.tier == "incident"
    candidate = replace(incident, tier="candidate", reasons=("seen 8 times only",))
    grouper = Grouper()
    grouper.add(fall, candidate)
    assert [f.verdict.tier for f in grouper.release(fall.fit.end_s + 0.1, [])] == ["candidate"]
    grouper.add(fall, incident)
    assert [f.verdict.tier for f in grouper.release(fall.fit.end_s + 0.2, [])] == ["incident"]
    grouper.add(fall, incident)
    assert grouper.release(fall.fit.end_s + 0.3, []) == []


def test_a_far_drone_that_hovers_and_sinks_slowly_is_no_incident() -> None:
    """Ten pixels in five seconds, seen to a tenth of a pixel: a smooth drift, no fall."""
    t = np.arange(0.0, 5.4, 0.04)
    path = np.column_stack([600.0 - 8.0 * t + 0.8 * t**2, 400.0 - 4.0 * t + 3.2 * t**2])
    rng = np.random.default_rng(2)
    track = track_of(t, path + rng.normal(0, 0.15, path.shape), size_px=3.0)
    verdict = _judge(track)
    assert verdict is None or verdict.tier != "incident"
