"""What boxes write in English is read in Chinese, whatever numbers stand in it."""

from __future__ import annotations

import re
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecv.console.web.language import texts
from edgecv.console.web.record_words import PLOT_TEXTS, SENTENCES, SHOWN_CHARS, told
from edgecv.errors import ConfigError
from edgecv.geometry import FacadePlan, looking_at, solve_camera
from edgecv.handlers.hygiene.handler import _UNITS
from edgecv.handlers.limit import Limit
from edgecv.incidents import plot
from edgecv.trajectory.impact import hazard_in_words
from edgecv.trajectory.origin import WindowProbability, _name
from edgecv.trajectory.quantiles import Quantiles
from edgecv.trajectory.things import THINGS
from edgecv.watch.changes import Change
from edgecv.watch.words import _BEGINS, _ENDS, text_of

_LATIN = re.compile(r"[A-Za-z]{3,}")
_NAMES = {"DESR", "CFR"}


def _chinese(text: str | None) -> str:
    return told(text, texts("zh_CN").gettext)


def _is_chinese(text: str) -> bool:
    return not set(_LATIN.findall(text)) - _NAMES and any(ord(c) > 0x2E80 for c in text)


@pytest.mark.parametrize("low", [0.1, 10.0])
@pytest.mark.parametrize("median", [3.0, 20.0, 50.0, 200.0])
@pytest.mark.parametrize("high", [300.0, 60.0])
def test_every_hazard_is_told(low: float, median: float, high: float) -> None:
    assert _is_chinese(_chinese(hazard_in_words(Quantiles(median, low, max(high, median)))))


def test_everything_it_may_be_has_a_name() -> None:
    for thing in THINGS:
        assert _is_chinese(_chinese(thing.name)), thing.name


def _reasons() -> list[str]:
    """What the origin's own code says for posteriors that name no window."""
    plan = FacadePlan.of([3.0] * 9)
    found = []
    for p_roof, p_above, lowest, floors in (
        (0.9, 0.0, 9, {9: 0.05}),
        (0.0, 0.0, 5, {5: 0.3, 6: 0.3, 7: 0.3}),
        (0.0, 0.9, 5, {5: 0.3, 6: 0.3, 7: 0.3}),
        (0.0, 0.0, 9, {9: 0.4}),
        (0.0, 0.0, 8, {8: 0.4}),
        (0.0, 0.0, None, {}),
        (0.0, 0.0, 5, {5: 0.9}),
    ):
        chances = [WindowProbability(floor, None, None, p) for floor, p in floors.items()]
        named, reason = _name(chances, floors, p_roof, lowest, p_above, plan)
        assert reason is not None, (named, floors)
        found.append(reason)
    return found


def test_every_reason_of_the_origin_is_told() -> None:
    for reason in _reasons():
        assert _is_chinese(_chinese(reason)), (reason, _chinese(reason))


def test_what_a_camera_says_of_itself_is_told() -> None:
    for kind in _BEGINS:
        measures = {"shift_px": 12.0, "shift_floors": 0.4} if kind == "turned" else {}
        begins = Change.__new__(Change)
        for name, value in {"kind": kind, "state": "begins", "measures": measures}.items():
            object.__setattr__(begins, name, value)
        assert any(ord(c) > 0x2E80 for c in _chinese(text_of(begins))), kind
    for text in _ENDS.values():
        assert _is_chinese(_chinese(text)), text


def test_numbers_and_names_come_through() -> None:
    said = _chinese("the path is explained badly (reduced chi-squared 3.4, at most 2): no floor is named")
    assert "3.4" in said and "2" in said and _is_chinese(said)
    assert "3A" in _chinese("it came from above the picture: floor 3A or higher")


def test_the_plot_writes_nothing_that_is_not_translated() -> None:
    assert set(plot.TEXTS) <= set(PLOT_TEXTS)
    chinese = plot.height_time_plot(
        [(0.0, 5.0), (1.0, 1.0)],
        [(0.0, 5.0), (1.0, 1.0)],
        [(0.0, 5.0), (1.0, 0.0)],
        PLOT_TEXTS[0],
        ([(0.0, 4.0), (1.0, 0.0)], [(0.0, 6.0), (1.0, 2.0)]),
        text=texts("zh_CN").gettext,
    )
    written = re.findall(r"<(?:title|desc|text)[^>]*>([^<]*)<", chinese)
    assert len(written) > 8
    assert [text for text in written if _LATIN.search(text)] == []


@pytest.mark.parametrize(
    ("limit", "value"),
    [({"above": 8.0, "for_s": 1800.0}, 9.5), ({"below": 2.0, "for_s": 20.0}, 1.0), ({"above": 80.0}, 85.0)],
)
def test_what_handlers_say_of_a_limit_is_told(limit: dict[str, float], value: float) -> None:
    words = Limit.model_validate(limit).in_words()
    for unit in _UNITS.values():
        text = f"冷柜 3: {value:g} {unit}, 冷藏 ({words})" if unit else f"门 3: 门 is {value:g} ({words})"
        said = _chinese(text)
        assert f"{value:g}" in said, said
        assert words not in said and "is" not in said, said
        assert _is_chinese(said), said


@pytest.mark.parametrize(
    "text",
    [
        "井盖 17 was moved in the planned work of 市政",
        "井盖 17 was left open after the planned work of 市政",
        "井盖 17 was stolen: open, then silent",
        "井盖 17 was stolen: carried away",
        "井盖 17 has a broken loop",
        "井盖 17: 35 cm of water",
        "井盖 17: 12 % of the explosive limit",
        "井盖 17 has sent nothing for 30 min",
        "后厨: something small ran over the floor, seen 3 times",
        "the clock of 井盖 17 is 30 s ahead; its times are corrected",
    ],
)
def test_what_handlers_say_is_told_with_its_names_and_numbers(text: str) -> None:
    said = _chinese(text)
    assert _is_chinese(said), said
    for kept in re.findall(r"\d+|市政", text):
        assert kept in said


def _refusals() -> list[str]:
    """What the solver itself says of points that fix no camera."""
    square = np.array([[0.0, 3.0], [10.0, 3.0], [10.0, 30.0], [0.0, 30.0]])
    pixels = looking_at((3.0, 1.6, 28.0), (5.0, 15.0, 0.0), 800.0, (1280, 720)).project(
        np.column_stack([square, np.zeros(4)])
    )
    wrong = np.vstack([pixels, pixels[:1] + 60.0])
    for_five = np.vstack([square, square[:1]])
    line = np.column_stack([np.arange(4.0), np.arange(4.0)])
    three = np.array([[0.0, 0.0], [5.0, 0.0], [10.0, 0.0], [4.0, 20.0]])
    said = []
    for at, on in ((pixels[:3], square[:3]), (wrong, for_five), (pixels, line), (line * 50.0, square), (pixels, three)):
        with pytest.raises(ConfigError) as error:
            solve_camera((1280, 720), at, on)
        said.append(str(error.value))
    return said


def test_every_refusal_of_the_solver_is_told() -> None:
    for refusal in _refusals():
        assert _is_chinese(_chinese(refusal)), (refusal, _chinese(refusal))


@given(st.text(max_size=200))
def test_a_sentence_that_is_not_known_stays_as_it_is(text: str) -> None:
    english = told(text, str)
    assert english == text or english.replace("；", "; ") == text
    told(text, texts("zh_CN").gettext)


def test_english_stays_english() -> None:
    for sentence in SENTENCES:
        filled = re.sub(r"%\(\w+\)s", "7", sentence)
        assert told(filled, str) == filled


@pytest.mark.parametrize("piece", ["a", "a: ", "a: 1 ", "x is y (", ": sent nothing for ", "; ", ", (", "floor 1 to "])
def test_a_long_text_costs_no_more_than_a_short_one_and_ends_in_dots(piece: str) -> None:
    """Of processor time, which other programs do not change; recognising by trying every split took 26 s."""
    long = piece * (100_000 // len(piece))
    begun = time.process_time()
    said = _chinese(long)
    assert time.process_time() - begun < 2.0
    assert said.endswith("…") and len(said) <= SHOWN_CHARS + 1


def test_a_sentence_as_long_as_any_box_writes_is_whole() -> None:
    said = "x" * SHOWN_CHARS
    assert _chinese(said) == said
