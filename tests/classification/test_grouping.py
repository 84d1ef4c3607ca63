"""Images, pieces, bounces and ghosts of one object are one finding; two throws are two.

The falls are made from known physics and seen by a known camera; their fits hold the truth, so only grouping is tested.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from known_paths import SIZE

from edgecv.classification import Grouper, Verdict
from edgecv.classification.grouping import Finding, belong_together
from edgecv.detection import Detection
from edgecv.geometry import looking_at
from edgecv.simulation import FallingObject
from edgecv.tracking import Falling, Track, TrackPoint
from edgecv.trajectory import Fall, TrajectorySettings, View
from edgecv.trajectory.fall import Likelihoods
from edgecv.trajectory.fit import FallFit
from edgecv.trajectory.model import DOWN, ELEVATION, LOG_DEPTH, LOG_VT, ROLL
from edgecv.trajectory.path import path_of

FPS = 25.0
CAMERA = looking_at((0.0, 1.6, 40.0), (0.0, 15.0, 0.0), 900.0, SIZE)  # sees the ground and 13 storeys
VIEW = View.calibrated(CAMERA)
WINDOW = (1.0, 30.0, 0.3)
INCIDENT = Verdict("incident", "thrown_object", 0.99, {"thrown_object": 0.99, "other": 0.01}, ())
CANDIDATE = Verdict("candidate", "other", 0.5, {"thrown_object": 0.5, "other": 0.5}, ("seen 8 times only",))
Vector = tuple[float, float, float]


def fall(
    position_m: Vector = WINDOW,
    velocity_mps: Vector = (0.3, 0.2, 2.0),
    *,
    terminal_mps: float = 25.0,
    released_s: float = 0.0,
    seen_s: tuple[float, float] = (0.0, 2.0),
    diameter_m: float = 0.3,
    contrast: float = 30.0,
    chance: float = 100.0,
    mirrored: bool = False,
    late_frames: int = 0,
) -> Fall:
    """A thing let go at an instant, or its image in the facade, seen for a while; ``late_frames`` make it a ghost."""
    area = 0.004
    mass = terminal_mps**2 * 1.2 * area / (2.0 * 9.80665)
    thing = FallingObject("thing", mass, area, 0.1, 20.0, 1, "", position_m, velocity_mps, released_s)
    t = np.arange(round(seen_s[0] * FPS), round(seen_s[1] * FPS) + 1) / FPS
    states = thing.states(t - late_frames / FPS)
    side = np.array([1.0, 1.0, -1.0 if mirrored else 1.0])
    world, velocity = states.positions_m[0] * side, states.velocities_mps[0] * side
    uv, local = CAMERA.project(world), (world - CAMERA.position_m) @ CAMERA.rotation.T
    axes = VIEW.axes(np.array([VIEW.elevation_rad[0]]), np.array([VIEW.roll_rad[0]]))
    level = [float(axis[0] @ CAMERA.rotation @ velocity[0]) for axis in axes]
    parameters = np.array([*uv[0], np.log(local[0, 2]), *level, np.log(terminal_mps), 0.0, 0.0, 0.0, 0.0])
    parameters[ELEVATION], parameters[ROLL] = VIEW.elevation_rad[0], VIEW.roll_rad[0]
    covariance = np.zeros((11, 11))
    covariance[LOG_DEPTH, LOG_DEPTH], covariance[LOG_VT, LOG_VT], covariance[DOWN, DOWN] = 0.01, 0.01, 0.04
    fit = FallFit(VIEW, parameters, covariance, float(t[0]), float(t[-1]), 1.0, 0.0, len(t))
    size = 900.0 * diameter_m / local[:, 2]
    points = tuple(
        TrackPoint(round(s * FPS), float(s), Detection(*p, d, d, d * d, contrast, 10.0), (0.0, 0.0), 1e-6)
        for s, p, d in zip(t, uv.tolist(), size.tolist(), strict=True)
    )
    path = path_of(points, len(points), TrajectorySettings())
    return Fall(Track(points, len(points), SIZE, 1.0 / FPS), path, fit, Likelihoods(50.0, 50.0, chance), (), ())


def found(*falls: Fall) -> list[Finding]:
    """All findings of some incidents, once nothing more can come."""
    grouper = Grouper()
    for one in falls:
        grouper.add(one, INCIDENT)
    return grouper.release(1e9, [])


THROWS = {
    "velocity_mps": st.tuples(st.floats(-1.0, 1.0), st.floats(-0.5, 1.5), st.floats(0.5, 3.5)),
    "position_m": st.tuples(st.floats(-8.0, 8.0), st.floats(20.0, 34.0), st.floats(0.1, 0.6)),
    "terminal_mps": st.floats(9.0, 40.0),
}


def test_the_falls_made_here_are_where_their_fits_say() -> None:
    one = fall(released_s=0.2, seen_s=(0.4, 2.0), mirrored=True)
    assert np.abs(one.fit.pixels_at(one.path.t_s) - one.path.uv_px).max() < 0.1


@settings(max_examples=30, deadline=None)
@given(st.fixed_dictionaries(THROWS), st.floats(2.0, 3.5), st.integers(0, 10))
def test_a_thing_and_its_smaller_image_in_the_facade_are_one_and_the_thing_is_named(
    throw: dict, outwards_mps: float, unseen: int
) -> None:
    throw["velocity_mps"] = (*throw["velocity_mps"][:2], outwards_mps)
    thing = fall(**throw, chance=80.0)
    image = fall(**throw, mirrored=True, seen_s=(unseen / FPS, 1.8), chance=120.0)
    assume(image.path.size_px < 0.9 * thing.path.size_px)
    (finding,) = found(image, thing)
    assert finding.fall is thing
    assert finding.companions == (image,)


@settings(max_examples=30, deadline=None)
@given(st.fixed_dictionaries(THROWS), st.floats(0.2, 1.0), st.integers(0, 10))
def test_a_thing_that_falls_close_to_the_facade_and_its_image_are_one(
    throw: dict, outwards_mps: float, unseen: int
) -> None:
    throw["velocity_mps"] = (*throw["velocity_mps"][:2], outwards_mps)
    image = fall(**throw, mirrored=True, seen_s=(unseen / FPS, 1.8))
    assert belong_together(fall(**throw), image)


@settings(max_examples=40, deadline=None)
@given(st.fixed_dictionaries(THROWS), st.fixed_dictionaries(THROWS), st.integers(0, 40))
def test_it_does_not_matter_which_of_two_falls_is_asked_about(one: dict, other: dict, later: int) -> None:
    release_s = later / FPS
    a, b = fall(**one), fall(**other, released_s=release_s, seen_s=(release_s, release_s + 2.0))
    assert belong_together(a, b) == belong_together(b, a)


@settings(max_examples=30, deadline=None)
@given(st.fixed_dictionaries(THROWS), st.integers(30, 75))
def test_a_second_throw_from_the_same_window_is_another_thing(throw: dict, later: int) -> None:
    release_s = later / FPS
    second = fall(**throw, released_s=release_s, seen_s=(release_s, release_s + 2.0))
    assert not belong_together(fall(**throw), second)


def _came_off(beside_m: float) -> Fall:
    whole = fall()
    at = fall(seen_s=(1.2, 1.4))
    states = np.array(CAMERA.ray(at.path.uv_px[:1])[0])
    depth = float(np.exp(whole.fit.parameters_at(1.2)[LOG_DEPTH]))
    place = CAMERA.position_m + states / float((CAMERA.rotation @ states)[2]) * depth
    return fall(
        (float(place[0]) + beside_m, float(place[1]), float(place[2])),
        (-1.5, -2.0, 1.0),
        terminal_mps=9.0,
        released_s=1.2,
        seen_s=(1.2, 2.4),
        diameter_m=0.1,
        chance=300.0,
    )


def test_a_piece_that_comes_off_in_the_air_belongs_to_the_thing_and_what_starts_beside_it_does_not() -> None:
    (finding,) = found(fall(), _came_off(0.0))
    assert finding.fall.path.duration_s == pytest.approx(2.0)
    assert len(finding.companions) == 1
    assert len(found(fall(), _came_off(4.0))) == 2


def _bounce(after_s: float, beside_m: float = 0.0) -> Fall:
    ground = CAMERA.on_facade(fall().path.uv_px[-1:])[0]
    start_s = 2.0 + after_s
    where = (float(ground[0]) + beside_m, float(ground[1]), 0.0)
    return fall(where, (0.5, 4.0, 0.5), released_s=start_s, seen_s=(start_s, start_s + 0.9), chance=300.0)


@pytest.mark.parametrize(("after_s", "beside_m", "one"), [(0.08, 0, True), (0.6, 0, True), (1.2, 0, False)])
def test_a_bounce_follows_at_once_or_is_none(after_s: float, beside_m: float, one: bool) -> None:
    findings = found(_bounce(after_s, beside_m), fall())
    assert (len(findings) == 1) is one
    # however well the bounce was seen, the fall is what happened
    assert findings[0].fall.fit.start_s == 0.0


def test_what_starts_far_from_where_a_fall_ended_is_no_bounce() -> None:
    assert len(found(fall(), _bounce(0.08, 9.0))) == 2


@pytest.mark.parametrize(("hidden_s", "one"), [(0.3, True), (0.6, True), (1.0, False)])
def test_a_fall_that_goes_on_behind_a_sign_is_one(hidden_s: float, one: bool) -> None:
    above, below = fall(seen_s=(0.0, 1.0)), fall(seen_s=(1.0 + hidden_s, 2.4))
    assert belong_together(above, below) is one


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_pieces_of_one_path_are_joined_in_whatever_order_they_come(order: tuple[int, ...]) -> None:
    pieces = [fall(seen_s=span) for span in ((0.0, 0.8), (1.0, 1.4), (1.6, 2.4))]
    assert not belong_together(pieces[0], pieces[2])
    (finding,) = found(*(pieces[k] for k in order))
    assert finding.fall is pieces[0]
    assert {id(f) for f in finding.companions} == {id(f) for f in pieces[1:]}


def test_a_thing_followed_twice_is_one_and_the_better_seen_path_is_named() -> None:
    whole, part = fall(chance=150.0), fall(seen_s=(0.4, 1.2), diameter_m=0.31, chance=40.0)
    (finding,) = found(part, whole)
    assert finding.fall is whole
    assert finding.companions == (part,)


@pytest.mark.parametrize("late_frames", [1, 2, 3])
@pytest.mark.parametrize("diameter_m", [0.2, 0.6])
def test_the_ghost_that_trails_a_thing_is_fainter_however_large_and_well_seen(
    late_frames: int, diameter_m: float
) -> None:
    thing = fall(chance=100.0)
    ghost = fall(late_frames=late_frames, seen_s=(0.2, 2.0), contrast=4.0, diameter_m=diameter_m, chance=140.0)
    (finding,) = found(ghost, thing)
    assert finding.fall is thing


def test_among_the_members_an_incident_is_named_before_a_candidate() -> None:
    seen_well, proven = fall(chance=200.0), fall(seen_s=(0.4, 1.2), chance=60.0)
    grouper = Grouper()
    grouper.add(seen_well, CANDIDATE)
    grouper.add(proven, INCIDENT)
    (finding,) = grouper.release(1e9, [])
    assert finding.fall is proven
    assert finding.verdict is INCIDENT


def test_a_badly_fitted_thing_is_named_before_its_image() -> None:
    image = fall(mirrored=True, chance=60.0)
    thing = fall(seen_s=(0.4, 2.0), diameter_m=0.6, chance=150.0)
    wrong = thing.fit.parameters.copy()
    wrong[LOG_VT] -= 1.2  # the fit has it brake, so that it is not in step with its image
    thing = replace(thing, fit=replace(thing.fit, parameters=wrong))
    (finding,) = found(image, thing)
    assert finding.fall is thing


def test_findings_are_told_in_order_of_time() -> None:
    late, early = fall(released_s=3.0, seen_s=(3.0, 5.0)), fall((-7.0, 25.0, 0.3))
    assert [f.fall for f in found(late, early)] == [early, late]


def _speed_px_s(one: Fall) -> float:
    v = one.path.uv_px[:, 1]
    return float(v[-1] - v[-2]) * FPS


@pytest.mark.parametrize(
    ("began_s", "beside_px", "times_size", "times_speed", "after_s", "waits"),
    [
        (0.3, 0.0, 1.0, 1.0, 0.3, True),  # an image or a piece that is still falling
        (0.3, 0.0, 1.0, 1.0, 0.5, False),  # of equal size: by now it would have come
        (0.3, 0.0, 1.6, 1.0, 0.5, True),  # larger: the object of an image
        (0.3, 0.0, 1.6, 1.0, 1.1, False),  # nothing is waited for so long
        (0.3, 200.0, 1.6, 1.0, 0.3, True),  # a tenth of the picture to the side is beside
        (0.3, -400.0, 1.6, 1.0, 0.3, False),  # a fifth is not
        (0.3, 0.0, 1.6, 0.3, 0.3, False),  # a flake
        (1.4, 0.0, 1.6, 1.0, 0.3, True),
        (1.6, 0.0, 1.6, 1.0, 0.3, False),  # came into sight much later
    ],
)
def test_a_group_waits_only_for_what_may_belong_to_it(
    began_s: float, beside_px: float, times_size: float, times_speed: float, after_s: float, waits: bool
) -> None:
    one = fall()
    last = one.path.points[-1].detection
    thing = Falling(began_s, last.x_px + beside_px, times_size * last.w_px, times_speed * _speed_px_s(one))
    grouper = Grouper()
    grouper.add(one, INCIDENT)
    assert (grouper.release(one.fit.end_s + after_s, [thing]) == []) is waits


def test_what_was_told_is_remembered_for_three_seconds_and_no_longer() -> None:
    for after_s, news in ((2.9, 0), (3.1, 1)):
        grouper = Grouper()
        grouper.add(fall(), INCIDENT)
        assert len(grouper.release(2.1, [])) == 1
        assert grouper.release(2.0 + after_s, []) == []
        grouper.add(fall(seen_s=(0.4, 2.0)), INCIDENT)
        assert len(grouper.release(2.0 + after_s, [])) == news
