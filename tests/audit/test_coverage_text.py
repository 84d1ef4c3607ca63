from __future__ import annotations

import pytest

from edgecv.audit.coverage_text import coverage_sentence, impairment_sentences, is_poor
from edgecv.visibility.coverage import IMPAIRMENTS, LOSSES, Coverage, Loss


def test_the_share_comes_first_and_then_why_not_the_rest() -> None:
    panned = Coverage(3.44, 0.16, 87, 5, (Loss("shake", 3.28, 82),))
    assert coverage_sentence(panned) == "5 % of this recording could be judged: the camera moved in 82 of 87 frames"
    assert is_poor(panned)


def test_nothing_is_said_to_be_nothing_and_all_to_be_all() -> None:
    nothing = Coverage(3.0, 0.0, 76, 0, (Loss("learning", 3.0, 76),))
    assert coverage_sentence(nothing).startswith("Nothing of this recording could be judged: the background was")
    whole = Coverage(60.0, 60.0, 1500, 1500)
    assert coverage_sentence(whole, "it") == "All of it could be judged"
    assert not is_poor(whole)


def test_a_share_is_never_rounded_to_a_certainty() -> None:
    almost = Coverage(3600.0, 3599.0, 90000, 89975, (Loss("learning", 1.0, 25),))
    assert coverage_sentence(almost).startswith("99 % of")
    hardly = Coverage(3600.0, 1.0, 90000, 25, (Loss("covered", 3599.0, 89975),))
    assert coverage_sentence(hardly).startswith("Less than 1 % of")


@pytest.mark.parametrize("cause", LOSSES)
def test_every_cause_has_its_words(cause: str) -> None:
    text = coverage_sentence(Coverage(10.0, 5.0, 250, 125, (Loss(cause, 5.0, 125),)))
    assert ("125 of 250 frames" in text) != ("5 s" in text)


def test_weather_masks_and_damage_are_told_beside_it() -> None:
    losses = tuple(Loss(cause, 4.0, 100) for cause in IMPAIRMENTS)
    sentences = impairment_sentences(Coverage(10.0, 10.0, 250, 250, (), losses, 0.31), decode_errors=3)
    assert len(sentences) == len(IMPAIRMENTS) + 2
    assert "Masks exclude 31 % of the picture." in sentences
    assert "3 frames or packets could not be decoded." in sentences
    assert impairment_sentences(Coverage(10.0, 10.0, 250, 250)) == []


def test_paths_without_a_verdict_are_told() -> None:
    (sentence,) = impairment_sentences(Coverage(10.0, 10.0, 250, 250), left_out=194)
    assert "194 paths" in sentence
