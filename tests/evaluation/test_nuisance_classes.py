from __future__ import annotations

from pathlib import Path

import pytest

from edgecv.evaluation.boxes import BoxPath
from edgecv.evaluation.intervals import poisson_upper
from edgecv.evaluation.nuisance_classes import class_of_clip, class_of_label, count_classes, presence_s
from edgecv.evaluation.result import ClipResult, FindingResult, Tier
from edgecv.evaluation.truth import NuisanceTrack, Truth


def _track(label: str, start_s: float, end_s: float, fps: float = 10.0) -> NuisanceTrack:
    frames = range(round(start_s * fps), round(end_s * fps) + 1)
    return NuisanceTrack(label, BoxPath.of([n, n / fps, 5.0, 5.0, 2.0, 2.0] for n in frames))


def _finding(tier: Tier, follows: str | None) -> FindingResult:
    return FindingResult(tier, "false", 1.0, 2.0, 10.0, 20.0, 4.0, 9.0, follows, ())


def _clip(
    findings: tuple[FindingResult, ...],
    presence: dict[str, float],
    nuisances: tuple[str, ...] = (),
    real: bool = False,
) -> ClipResult:
    return ClipResult(
        "a.mp4", 3600.0, 100, ("day",), nuisances, False, (), findings, (), None, 1.0, 4.0, None, real, presence
    )


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("not_thrown/V_BIRD_003.mp4", "v_bird"),
        ("birds_thermal_026.mp4", "birds_thermal"),
        ("traffic_camera.mp4", "traffic_camera"),
        ("street/0012.mp4", "street"),
        ("Rain-Yard 2 (copy).mkv", "rain-yard"),
    ],
)
def test_a_clip_is_of_the_class_of_its_name_or_folder(path: str, name: str) -> None:
    assert class_of_clip(Path(path)) == name


def test_a_class_is_there_while_one_of_its_tracks_is_seen_and_weather_all_the_time() -> None:
    tracks = (_track("bird", 1.0, 3.0), _track("bird", 2.0, 5.0), _track("bird", 8.0, 9.0), _track("drip", 4.0, 4.5))
    present = presence_s(Truth(nuisances=("bird", "rain"), nuisance_tracks=tracks), 20.0)
    assert present == {"bird": pytest.approx(5.0), "drip": pytest.approx(0.5), "rain": 20.0}


def test_rain_is_there_all_the_time_and_cars_that_nobody_sees_are_not() -> None:
    truth = Truth(nuisances=("rain", "car"), nuisance_tracks=(_track("rain_snow", 1.0, 2.0),))
    assert presence_s(truth, 20.0) == {"rain": 20.0}
    assert presence_s(Truth(nuisances=("car",), real=True), 20.0) == {"car": 20.0}


def test_a_shared_label_is_the_class_that_is_switched_on() -> None:
    assert class_of_label("rain_snow", ("bird", "rain")) == "rain"
    assert class_of_label("person_laundry", ("person", "laundry")) == "person_laundry"
    assert class_of_label("bird", ()) == "bird"


def test_false_findings_count_for_what_they_follow_over_the_time_it_was_there() -> None:
    clips = [
        _clip((_finding("incident", "bird"), _finding("candidate", None)), {"bird": 1800.0, "rain": 3600.0}, ("bird",)),
        _clip((_finding("incident", "bird"),), {"bird": 1800.0}, ("bird",)),
    ]
    classes = count_classes(clips)
    assert (classes["bird"].incidents.count, classes["bird"].incidents.hours) == (2, 1.0)
    assert classes["bird"].incidents.bound_per_hour == pytest.approx(poisson_upper(2))
    assert classes["rain"].incidents.bound_per_hour == pytest.approx(2.9957, rel=1e-4)
    assert (classes["nothing known"].candidates.count, classes["nothing known"].candidates.hours) == (1, 2.0)


def test_what_is_found_in_real_footage_of_one_class_belongs_to_it() -> None:
    classes = count_classes([_clip((_finding("incident", None),), {"traffic": 3600.0}, real=True)])
    assert list(classes) == ["traffic"]
    assert classes["traffic"].incidents.count == 1
