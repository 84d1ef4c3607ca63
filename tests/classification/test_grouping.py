"""Images, pieces, bounces and ghosts of one object are one finding; two throws are two."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from known_falls import CAMERA, FPS
from known_falls import known_fall as fall

from edgecv.classification import Grouper, Verdict
from edgecv.classification.grouping import Finding
from edgecv.classification.track_association import belong_together
from edgecv.tracking import Falling
from edgecv.trajectory import Fall
from edgecv.trajectory.model import LOG_DEPTH, LOG_VT

INCIDENT = Verdict("incident", "thrown_object", 0.99, {"thrown_object": 0.99, "other": 0.01}, ())
CANDIDATE = Verdict("candidate", "other", 0.5, {"thrown_object": 0.5, "other": 0.5}, ("seen 8 times only",))


def found(*falls: Fall) -> list[Finding]:
    """All findings of some incidents, once nothing more can come."""
    grouper = Grouper()
    for one in falls:
        grouper.add(one, INCIDENT)
    return grouper.release(1e9, [])


def vague(one: Fall) -> Fall:
    """The same fall, whose fit tells little of where it leads."""
    return replace(one, fit=replace(one.fit, covariance=400.0 * one.fit.covariance))


def same(falls: Iterable[Fall], expected: Iterable[Fall]) -> bool:
    """The very same falls in the same order, told without printing them."""
    return [id(f) for f in falls] == [id(f) for f in expected]


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
    assert same([finding.fall], [thing])
    assert same(finding.companions, [image])


@settings(max_examples=30, deadline=None)
@given(st.fixed_dictionaries(THROWS), st.floats(0.2, 1.0), st.integers(0, 10))
def test_a_thing_that_falls_close_to_the_facade_and_its_image_are_one(
    throw: dict, outwards_mps: float, unseen: int
) -> None:
    throw["velocity_mps"] = (*throw["velocity_mps"][:2], outwards_mps)
    image = fall(**throw, mirrored=True, seen_s=(unseen / FPS, 1.8))
    together = belong_together(fall(**throw), image)
    assert together


@settings(max_examples=40, deadline=None)
@given(st.fixed_dictionaries(THROWS), st.fixed_dictionaries(THROWS), st.integers(0, 40))
def test_it_does_not_matter_which_of_two_falls_is_asked_about(one: dict, other: dict, later: int) -> None:
    release_s = later / FPS
    a, b = fall(**one), fall(**other, released_s=release_s, seen_s=(release_s, release_s + 2.0))
    one_way, the_other = belong_together(a, b), belong_together(b, a)
    assert one_way == the_other


@settings(max_examples=30, deadline=None)
@given(st.fixed_dictionaries(THROWS), st.integers(30, 75))
def test_a_second_throw_from_the_same_window_is_another_thing(throw: dict, later: int) -> None:
    release_s = later / FPS
    second = fall(**throw, released_s=release_s, seen_s=(release_s, release_s + 2.0))
    together = belong_together(fall(**throw), second)
    assert not together


@pytest.mark.parametrize("later", [0, 5, 10, 15])
def test_things_let_go_far_from_each_other_are_two_however_close_in_time(later: int) -> None:
    release_s = later / FPS
    left = fall((-7.0, 30.0, 0.3))
    right = fall((7.0, 32.0, 0.3), released_s=release_s, seen_s=(release_s, release_s + 2.0))
    assert len(found(left, right)) == 2


@pytest.mark.parametrize(
    ("beside_m", "later_s", "terminal_mps"), [(-3.9, 0.44, 25.0), (3.9, 0.36, 5.0), (-4.9, 0.56, 8.0)]
)
def test_an_image_that_is_in_step_with_two_things_makes_them_no_single_one(
    beside_m: float, later_s: float, terminal_mps: float
) -> None:
    throw: dict[str, Any] = {"position_m": (beside_m, 30.0, 0.3), "released_s": later_s, "terminal_mps": terminal_mps}
    earlier = fall((0.0, 30.0, 0.3))
    later = fall(**throw, seen_s=(later_s, later_s + 1.8), chance=300.0)
    image = fall(**throw, mirrored=True, seen_s=(later_s + 0.6, later_s + 1.0), diameter_m=0.15, chance=30.0)
    both = [belong_together(earlier, image), belong_together(later, image), belong_together(earlier, later)]
    assert both == [True, True, False], "the test is of what is in step with both"
    assert same([f.fall for f in found(earlier, image, later)], [earlier, later])


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
    above, below = vague(fall(seen_s=(0.0, 1.0))), vague(fall(seen_s=(1.0 + hidden_s, 2.4)))
    assert len(found(above, below)) == (1 if one else 2)


@pytest.mark.parametrize("hidden_s", [0.3, 0.9, 1.3])
def test_however_long_a_fall_was_unseen_its_fit_leads_to_the_rest(hidden_s: float) -> None:
    above, below = fall(seen_s=(0.0, 0.7)), fall(seen_s=(0.7 + hidden_s, 2.6))
    (finding,) = found(above, below)
    assert same([finding.fall, *finding.companions], [above, below])


def test_an_unseen_fall_does_not_lead_to_the_next_throw_or_to_one_beside() -> None:
    above = fall(seen_s=(0.0, 0.7))
    later, beside = fall(released_s=1.2, seen_s=(2.0, 3.2)), fall(position_m=(4.0, 30.0, 0.3), seen_s=(1.6, 2.6))
    assert len(found(above, later)) == 2
    assert len(found(above, beside)) == 2


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_pieces_of_one_path_are_joined_in_whatever_order_they_come(order: tuple[int, ...]) -> None:
    pieces = [vague(fall(seen_s=span)) for span in ((0.0, 0.8), (1.0, 1.4), (1.6, 2.4))]
    assert len(found(pieces[0], pieces[2])) == 2
    (finding,) = found(*(pieces[k] for k in order))
    assert same([finding.fall], pieces[:1])
    assert same(sorted(finding.companions, key=lambda f: f.fit.start_s), pieces[1:])


@pytest.mark.parametrize("diameter_m", [0.25, 0.45])
def test_a_thing_followed_twice_is_one_and_the_better_seen_path_is_named(diameter_m: float) -> None:
    whole, part = fall(chance=150.0), fall(seen_s=(0.4, 1.2), diameter_m=diameter_m, chance=40.0)
    (finding,) = found(part, whole)
    assert same([finding.fall], [whole])
    assert same(finding.companions, [part])


@pytest.mark.parametrize("late_frames", [1, 2, 3])
@pytest.mark.parametrize("diameter_m", [0.2, 0.6])
def test_the_ghost_that_trails_a_thing_is_fainter_however_large_and_well_seen(
    late_frames: int, diameter_m: float
) -> None:
    thing = fall(chance=100.0)
    ghost = fall(late_frames=late_frames, seen_s=(0.2, 2.0), contrast=4.0, diameter_m=diameter_m, chance=140.0)
    (finding,) = found(ghost, thing)
    assert same([finding.fall], [thing])


def test_a_ghost_belongs_to_what_it_trails_even_where_both_are_seen_for_a_moment_only() -> None:
    assert len(found(fall(), fall(late_frames=3, seen_s=(1.68, 2.48), contrast=4.0))) == 1


@pytest.mark.parametrize(("contrast", "named"), [(3.0, "small"), (12.0, "large")])
def test_of_things_in_step_the_larger_is_named_if_it_is_really_there(contrast: float, named: str) -> None:
    # side by side, as pieces or an object and its image are; a codec's ghost may be large, but it is hardly there
    small = fall(diameter_m=0.3, contrast=30.0, chance=150.0)
    large = fall((4.0, 30.0, 0.3), diameter_m=0.45, contrast=contrast, chance=90.0)
    (finding,) = found(small, large)
    assert same([finding.fall], [{"small": small, "large": large}[named]])


def test_among_the_members_an_incident_is_named_before_a_candidate() -> None:
    seen_well, proven = fall(chance=200.0), fall(seen_s=(0.4, 1.2), chance=60.0)
    grouper = Grouper()
    grouper.add(seen_well, CANDIDATE)
    grouper.add(proven, INCIDENT)
    (finding,) = grouper.release(1e9, [])
    assert same([finding.fall], [proven])
    assert finding.verdict is INCIDENT


def test_a_badly_fitted_thing_is_named_before_its_image() -> None:
    image = fall(mirrored=True, chance=60.0)
    thing = fall(seen_s=(0.4, 2.0), diameter_m=0.6, chance=150.0)
    wrong = thing.fit.parameters.copy()
    wrong[LOG_VT] -= 2.0  # the fit has it brake, so that it is not in step with its image
    thing = replace(thing, fit=replace(thing.fit, parameters=wrong))
    (finding,) = found(image, thing)
    assert same([finding.fall], [thing])


def test_findings_are_told_in_order_of_time() -> None:
    late, early = fall(released_s=3.0, seen_s=(3.0, 5.0)), fall((-7.0, 25.0, 0.3))
    assert same([f.fall for f in found(late, early)], [early, late])


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
        (1.9, 0.0, 1.6, 1.0, 0.3, False),  # came into sight much later
    ],
)
def test_a_group_waits_only_for_what_may_belong_to_it(
    began_s: float, beside_px: float, times_size: float, times_speed: float, after_s: float, waits: bool
) -> None:
    one = fall()
    last = one.path.points[-1].detection
    elsewhere = (last.x_px + beside_px, last.y_px - 200.0)
    thing = Falling(began_s, *elsewhere, times_size * last.w_px, times_speed * _speed_px_s(one))
    grouper = Grouper()
    grouper.add(one, INCIDENT)
    assert len(grouper.release(one.fit.end_s + after_s, [thing])) == (0 if waits else 1)


def test_what_goes_on_where_the_fit_leads_is_waited_for_until_it_has_been_judged() -> None:
    one = fall(seen_s=(0.0, 1.4))
    grouper = Grouper()
    grouper.add(one, INCIDENT)
    size_px = one.path.points[-1].detection.w_px
    for now_s in (1.8, 2.1, 2.3):
        x, y = one.fit.pixels_at(np.array([now_s]))[0].tolist()
        assert grouper.release(now_s, [Falling(1.3, x, y, size_px, _speed_px_s(one))]) == []
    assert grouper.release(2.4, []) == []  # it ended, and its verdict comes some pictures later
    grouper.add(fall(seen_s=(0.0, 2.3)), INCIDENT)
    assert len(grouper.release(2.6, [])) == 1


def test_what_belongs_to_something_told_is_no_news_even_if_it_belongs_to_something_untold_too() -> None:
    above, between, below = (vague(fall(seen_s=span)) for span in ((0.0, 0.8), (1.0, 1.4), (1.6, 2.4)))
    last = below.path.points[-1].detection
    grouper = Grouper()
    grouper.add(below, INCIDENT)
    grouper.add(above, INCIDENT)
    # what came into sight 1.55 s after the first but just before the second keeps the second waiting
    companion = Falling(1.55, last.x_px, last.y_px, last.w_px, 2.0 * _speed_px_s(below))
    assert same([f.fall for f in grouper.release(2.45, [companion])], [above])
    grouper.add(between, INCIDENT)
    (finding,) = grouper.release(3.0, [])
    assert same([finding.fall, *finding.companions], [below])


def test_the_rest_of_a_slow_things_path_is_no_news_however_long_it_takes() -> None:
    slow: dict = {"position_m": (-2.0, 30.0, 0.3), "velocity_mps": (0.3, 0.0, 0.3), "terminal_mps": 5.0}
    above, below = fall(**slow, seen_s=(0.0, 2.0)), fall(**slow, seen_s=(2.4, 5.6))
    grouper = Grouper()
    grouper.add(above, INCIDENT)
    assert same([f.fall for f in grouper.release(2.5, [])], [above])
    assert grouper.release(5.9, []) == []
    grouper.add(below, INCIDENT)
    assert grouper.release(6.0, []) == []


def test_what_was_told_is_remembered_for_twenty_seconds_and_no_longer() -> None:
    for after_s, news in ((19.9, 0), (20.1, 1)):
        grouper = Grouper()
        grouper.add(fall(), INCIDENT)
        assert len(grouper.release(2.1, [])) == 1
        assert len(grouper.release(2.0 + after_s, [])) == 0
        grouper.add(fall(seen_s=(0.4, 2.0)), INCIDENT)
        assert len(grouper.release(2.0 + after_s, [])) == news
