from __future__ import annotations

from collections.abc import Callable

from edgecv.evaluation.boxes import BoxPath
from edgecv.evaluation.matching import distance_px, match
from edgecv.evaluation.truth import NuisanceTrack, Truth, TruthEvent

Motion = Callable[[int], tuple[float, float]]


def _path(motion: Motion, frames: range, size: float = 4.0) -> BoxPath:
    return BoxPath.of((n, n / 25, *motion(n), size, size) for n in frames)


def _event(motion: Motion, frames: range, size: float = 4.0) -> TruthEvent:
    path = _path(motion, frames, size)
    return TruthEvent("stone", path, float(path.t_s[-1]), size)


def _falls(x: float, slope: float = 0.0) -> Motion:
    return lambda n: (x + slope * n, 0.5 * n * n)


def _roles(incidents: list[BoxPath], candidates: list[BoxPath], truth: Truth) -> list[tuple[str, int | None]]:
    return [(m.role, m.event) for m in match(incidents, candidates, truth)]


def test_a_path_beside_the_truth_within_six_pixels_is_the_same_thing() -> None:
    true = _path(_falls(100), range(0, 20))
    assert distance_px(_path(_falls(106), range(5, 15)), true) == 6.0
    assert distance_px(_path(_falls(106.5), range(5, 15)), true) is None


def test_a_large_streak_may_be_off_by_its_own_length() -> None:
    true = _path(_falls(100), range(0, 20), size=30.0)
    assert distance_px(_path(_falls(128), range(5, 15)), true) == 28.0


def test_truth_is_interpolated_where_the_object_was_hidden() -> None:
    true = BoxPath.of([(0, 0.0, 0.0, 0.0, 4.0, 4.0), (10, 0.4, 0.0, 100.0, 4.0, 4.0)])
    assert distance_px(_path(lambda n: (0.0, 10.0 * n), range(2, 9)), true) == 0.0


def test_less_than_a_third_of_the_frames_in_common_is_another_thing() -> None:
    true = _path(_falls(0), range(0, 20))
    assert distance_px(_path(_falls(0), range(17, 27)), true) == 0.0  # 3 of 10
    assert distance_px(_path(_falls(0), range(18, 28)), true) is None  # 2 of 10


def test_two_crossing_events_keep_their_own_findings() -> None:
    # they are 40 px apart at the ends and meet in the middle
    left, right = _falls(80, 2.0), _falls(120, -2.0)
    truth = Truth(events=(_event(left, range(0, 21)), _event(right, range(0, 21))))
    assert _roles([_path(right, range(2, 21)), _path(left, range(2, 21))], [], truth) == [("hit", 1), ("hit", 0)]


def test_two_findings_near_one_event_do_not_leave_the_other_missed() -> None:
    truth = Truth(events=(_event(_falls(100), range(0, 20)), _event(_falls(104), range(0, 20))))
    both_left = [_path(_falls(100), range(0, 20)), _path(_falls(101), range(0, 20))]
    assert _roles(both_left, [], truth) == [("hit", 0), ("hit", 1)]


def test_an_event_found_twice_is_one_hit_and_one_duplicate() -> None:
    truth = Truth(events=(_event(_falls(100), range(0, 20)),))
    found = [_path(_falls(103), range(0, 20)), _path(_falls(101), range(0, 20))]
    assert _roles(found, [], truth) == [("duplicate", 0), ("hit", 0)]


def test_an_incident_goes_before_a_nearer_candidate() -> None:
    truth = Truth(events=(_event(_falls(100), range(0, 20)),))
    roles = _roles([_path(_falls(104), range(0, 20))], [_path(_falls(100), range(0, 20))], truth)
    assert roles == [("hit", 0), ("duplicate", 0)]


def test_a_candidate_finds_the_event_that_no_incident_found() -> None:
    truth = Truth(events=(_event(_falls(100), range(0, 20)), _event(_falls(200), range(0, 20))))
    roles = _roles([_path(_falls(100), range(0, 20))], [_path(_falls(200), range(0, 20))], truth)
    assert roles == [("hit", 0), ("hit", 1)]


def test_a_mirror_image_is_neither_hit_nor_false() -> None:
    truth = Truth(events=(_event(_falls(100), range(0, 20)),), mirror_images=(_path(_falls(105), range(0, 20)),))
    found = [_path(_falls(100), range(0, 20)), _path(_falls(105), range(0, 20))]
    assert _roles(found, [], truth) == [("hit", 0), ("mirror_image", None)]


def test_a_false_incident_names_the_nuisance_it_follows() -> None:
    truth = Truth(
        nuisance_tracks=(
            NuisanceTrack("leaf", _path(_falls(300), range(0, 20))),
            NuisanceTrack("bird", _path(_falls(100), range(0, 20))),
        )
    )
    followed = [
        m.follows for m in match([_path(_falls(101), range(0, 20)), _path(_falls(600), range(0, 20))], [], truth)
    ]
    assert followed == ["bird", None]


def test_nothing_found_and_nothing_true_match_nothing() -> None:
    assert match([], [], Truth(events=(_event(_falls(1), range(0, 9)),))) == []
    assert _roles([_path(_falls(1), range(0, 9))], [], Truth()) == [("false", None)]
