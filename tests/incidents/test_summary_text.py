from __future__ import annotations

import pytest

from edgecv.incidents.record import (
    EvidenceRecord,
    FitRecord,
    Incident,
    Interval,
    Mass,
    Media,
    Motion,
    Origin,
    OriginCandidate,
    Software,
    TrackPointRecord,
    VerdictRecord,
)
from edgecv.incidents.summary_text import headline, interval_in_words, mass_in_words, number, origin_in_words, percent

WINDOW_07 = OriginCandidate(floor=14, window="07", p=0.91)
WINDOW_08 = OriginCandidate(floor=14, window="08", p=0.05)


def incident(mass_class: str, origin: Origin) -> Incident:
    return Incident(
        id="a",
        tier="incident",
        site="s",
        device="d",
        started_at="2024-01-01T00:00:00Z",
        ended_at="2024-01-01T00:00:01Z",
        media=Media(source="a.mp4", start_s=0.0, end_s=1.0),
        track=(TrackPointRecord(t=0.0, x=1.0, y=2.0, w=3.0, h=3.0),),
        origin=origin,
        fit=FitRecord(chi2_reduced=1.0, points=9, log_likelihood_ratio=20.0, gravity_px_s2=400.0, gravity_sd_px_s2=5.0),
        motion=Motion(duration_s=1.0),
        mass=Mass.model_validate({"class": mass_class, "p": {}}),
        verdict=VerdictRecord(label="thrown_object", p=0.99, labels={}),
        evidence=EvidenceRecord(),
        software=Software(version="0"),
    )


def test_headline_names_weight_floor_window_and_probability() -> None:
    origin = Origin(floor=14, window="07", candidates=(WINDOW_07, WINDOW_08))
    assert headline(incident("heavy", origin)) == "Something heavy fell from floor 14, window 07 (91 %)"


def test_headline_without_a_floor_gives_the_pixel_and_the_reason() -> None:
    origin = Origin(pixel=(811.2, 119.7), reason="the camera has no calibration.")
    expected = "Something light fell from pixel (811, 120); the floor is unknown: the camera has no calibration"
    assert headline(incident("light", origin)) == expected


def test_headline_claims_no_weight_that_is_undetermined() -> None:
    assert headline(incident("undetermined", Origin(floor=2))) == "Something fell from floor 2"


def test_origin_with_nothing_known_still_reads_as_english() -> None:
    assert origin_in_words(Origin()) == "an unknown place; the floor is unknown: no reason was recorded"


def test_probability_of_a_floor_without_window_is_that_of_all_its_windows() -> None:
    origin = Origin(floor=14, candidates=(WINDOW_07, WINDOW_08), reason="two windows are equally near")
    assert origin_in_words(origin) == "floor 14 (96 %); the window is unknown: two windows are equally near"


@pytest.mark.parametrize(
    ("p", "expected"), [(0.0, "< 1 %"), (0.004, "< 1 %"), (0.914, "91 %"), (0.9999, "> 99 %"), (1.0, "> 99 %")]
)
def test_probability_is_never_rounded_to_certainty(p: float, expected: str) -> None:
    assert percent(p) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1234.5, "1230"), (0.0, "0"), (-0.04567, "-0.0457"), (9.999, "10"), (1e6, "1000000"), (1e-14, "0")],
)
def test_numbers_have_three_digits_and_no_exponent(value: float, expected: str) -> None:
    assert number(value) == expected


def test_mass_gives_kilograms_with_their_interval() -> None:
    mass = Mass.model_validate(
        {
            "class": "heavy",
            "p": {"heavy": 0.87},
            "terminal_velocity": {"median": 31.2, "low": 22.4, "high": 55.1},
            "kg": {"median": 1.31, "low": 0.4, "high": 3.2},
            "impact_energy_j": {"median": 220.0, "low": 70.0, "high": 510.0},
        }
    )
    assert mass_in_words(mass) == (
        "Heavy (87 %); terminal velocity 31.2 m/s (22.4 to 55.1); 1.31 kg (0.4 to 3.2); impact energy 220 J (70 to 510)"
    )


def test_mass_without_kilograms_says_why() -> None:
    mass = Mass.model_validate({"class": "medium", "p": {}, "reason": "its size is not resolved"})
    assert mass_in_words(mass) == "Of medium weight; not given in kilograms: its size is not resolved"


def test_undetermined_mass_says_why() -> None:
    mass = Mass.model_validate({"class": "undetermined", "p": {"light": 0.4}})
    assert mass_in_words(mass) == "How heavy it was could not be told: no reason was recorded"


def test_missing_interval_stays_missing() -> None:
    assert interval_in_words(None, "kg") is None
    assert interval_in_words(Interval(median=2.0, low=1.0, high=4.0), "kg") == "2 kg (1 to 4)"
