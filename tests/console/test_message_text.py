"""What boxes write in English is read in Chinese, whatever numbers stand in it."""

from __future__ import annotations

import re
import time
from pathlib import Path

import numpy as np
import pytest
from console.in_chinese import LATIN, chinese, is_chinese
from hypothesis import given
from hypothesis import strategies as st
from known_bundles import record, sealed_bundle, sealed_chain

from edgecv.audit.replay_comparison import best_match, contradictions, disagreements
from edgecv.audit.verify import verify_bundle
from edgecv.console.web.language import texts
from edgecv.console.web.message_text import SHOWN_CHARS, message_text
from edgecv.console.web.plot_texts import PLOT_TEXTS
from edgecv.errors import ConfigError
from edgecv.evidence import flux_plot, height_time_plot
from edgecv.evidence.keys import BoxKey
from edgecv.evidence.subject import Subject
from edgecv.geometry import FacadePlan, looking_at, solve_camera
from edgecv.handlers.hygiene.handler import _TEXTS
from edgecv.handlers.thresholds import Limit
from edgecv.trajectory.impact import hazard_in_words
from edgecv.trajectory.object_prior import OBJECT_KINDS
from edgecv.trajectory.origin import WindowProbability, _name
from edgecv.trajectory.quantiles import Quantiles
from edgecv.visibility.event_texts import _BEGINS, _ENDS, text_of
from edgecv.visibility.scene_events import Change


@pytest.mark.parametrize("low", [0.1, 10.0])
@pytest.mark.parametrize("median", [3.0, 20.0, 50.0, 200.0])
@pytest.mark.parametrize("high", [300.0, 60.0])
def test_every_hazard_is_told(low: float, median: float, high: float) -> None:
    assert is_chinese(chinese(hazard_in_words(Quantiles(median, low, max(high, median)))))


def test_everything_it_may_be_has_a_name() -> None:
    for thing in OBJECT_KINDS:
        assert is_chinese(chinese(thing.name)), thing.name


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
        assert is_chinese(chinese(reason)), (reason, chinese(reason))


def test_what_a_camera_says_of_itself_is_told() -> None:
    for kind in _BEGINS:
        measures = {"shift_px": 12.0, "shift_floors": 0.4} if kind == "turned" else {}
        begins = Change.__new__(Change)
        for name, value in {"kind": kind, "state": "begins", "measures": measures}.items():
            object.__setattr__(begins, name, value)
        assert any(ord(c) > 0x2E80 for c in chinese(text_of(begins))), kind
    for text in _ENDS.values():
        assert is_chinese(chinese(text())), text.code


def test_numbers_and_names_come_through() -> None:
    said = chinese("the path is explained badly (reduced chi-squared 3.4, at most 2): no floor is named")
    assert "3.4" in said and "2" in said and is_chinese(said)
    assert "3A" in chinese("it came from above the picture: floor 3A or higher")


def test_the_plot_writes_nothing_that_is_not_translated() -> None:
    assert set(height_time_plot.TEXTS) <= set(PLOT_TEXTS)
    drawn = height_time_plot.height_time_plot(
        [(0.0, 5.0), (1.0, 1.0)],
        [(0.0, 5.0), (1.0, 1.0)],
        [(0.0, 5.0), (1.0, 0.0)],
        PLOT_TEXTS[0],
        ([(0.0, 4.0), (1.0, 0.0)], [(0.0, 6.0), (1.0, 2.0)]),
        text=texts("zh_CN").gettext,
    )
    written = re.findall(r"<(?:title|desc|text)[^>]*>([^<]*)<", drawn)
    assert len(written) > 8
    assert [text for text in written if LATIN.search(text)] == []


def test_the_plot_of_light_writes_nothing_that_is_not_translated() -> None:
    assert set(flux_plot.TEXTS) <= set(PLOT_TEXTS)
    points = tuple(flux_plot.LightPoint(0.1 * n, 0.01 - 0.001 * n, 0.001, float(n != 3)) for n in range(9))
    drawn = flux_plot.flux_plot(flux_plot.FluxLine(points, 0.01, 0.01), text=texts("zh_CN").gettext)
    written = re.findall(r"<(?:title|desc|text)[^>]*>([^<]*)<", drawn)
    assert len(written) > 8
    assert [text for text in written if LATIN.search(text)] == []


@pytest.mark.parametrize(
    ("limit", "value"),
    [({"above": 8.0, "for_s": 1800.0}, 9.5), ({"below": 2.0, "for_s": 20.0}, 1.0), ({"above": 80.0}, 85.0)],
)
def test_what_handlers_say_of_a_limit_is_told(limit: dict[str, float], value: float) -> None:
    words = Limit.model_validate(limit).in_words()
    for template in _TEXTS.values():
        text = str(template(name="冷柜 3", value=value, rule="冷藏", why=words))
        said = chinese(text)
        assert f"{value:g}" in said, said
        assert words not in said and "is" not in said, said
        assert is_chinese(said), said


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
    said = chinese(text)
    assert is_chinese(said), said
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
        assert is_chinese(chinese(refusal)), (refusal, chinese(refusal))


def test_a_lens_that_folds_the_picture_is_told() -> None:
    square = np.array([[0.0, 3.0], [10.0, 3.0], [10.0, 30.0], [0.0, 30.0]])
    lens = (-0.5, 0.0, 0.0, 0.0, 0.0)
    camera = looking_at((3.0, 1.6, 28.0), (5.0, 15.0, 0.0), 800.0, (1280, 720), lens)
    with pytest.raises(ConfigError) as error:
        solve_camera((1280, 720), camera.project(np.column_stack([square, np.zeros(4)])), square, lens)
    assert "folds the picture" in str(error.value)
    assert is_chinese(chinese(str(error.value)), "OpenCV"), chinese(str(error.value))


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        (Subject("b"), ("a", "b")),
        (Subject("a", "西区"), ("jialinglu-3", "西区")),
        (Subject("a", None, "南二"), ("north-1", "南二")),
    ],
)
def test_evidence_of_another_incident_site_or_device_is_told_with_both_names(
    tmp_path: Path, asked: Subject, names: tuple[str, ...]
) -> None:
    key = BoxKey.load_or_create(tmp_path / "state")
    folder = sealed_bundle(tmp_path, key)
    lines = verify_bundle(folder, key.public, replay=False, expected=asked).problems
    assert lines
    for line in lines:
        said = chinese(line.replace(f"{folder}/", ""))
        assert is_chinese(said, "manifest.json", "incident.json", "--incident", *names), said
        assert all(name in said for name in names)


def test_files_that_are_damaged_are_told(tmp_path: Path) -> None:
    key = BoxKey.load_or_create(tmp_path / "state")
    huge, foreign, unsigned = sealed_chain(tmp_path, key, "abc")
    (huge / "manifest.json").write_bytes(b" " * (16 * 2**20 + 1))
    (foreign / "incident.json").write_text("{}")
    (unsigned / "manifest.sig").write_text("?")
    for folder in (huge, foreign, unsigned):
        for line in verify_bundle(folder, key.public, replay=False).problems:
            said = chinese(line.replace(f"{folder}/", ""))
            assert is_chinese(said, *(path.name for path in folder.iterdir()), "edgecv"), said


def test_what_a_replay_says_otherwise_is_told() -> None:
    recorded = record()
    moved = tuple(point.model_copy(update={"x": point.x + 2.5, "t": point.t - 10.0}) for point in recorded.track[::3])
    other = record(floor=7, mass="light").model_copy(update={"track": moved})
    unnamed = record(floor=None).model_copy(update={"track": moved})
    lines = []
    for again in (other, unnamed):
        match = best_match(recorded, [again], 10.0)
        assert match is not None
        lines += disagreements(recorded, match, same_setup=True)
    lines += contradictions(recorded, 3, None, same_setup=True)
    lines += contradictions(recorded, len(recorded.track), None, same_setup=True)
    assert len(lines) >= 6
    for line in lines:
        for said in (chinese(line), chinese(f"a second look: {line}")):
            assert is_chinese(said, "light", "heavy"), said


@given(st.text(max_size=200))
def test_a_sentence_that_is_not_known_stays_as_it_is(text: str) -> None:
    assert message_text(text, str) == text
    message_text(text, texts("zh_CN").gettext)


@pytest.mark.parametrize("piece", ["a", "a: ", "a: 1 ", "x is y (", ": sent nothing for ", "; ", ", (", "floor 1 to "])
def test_a_long_text_costs_no_more_than_a_short_one_and_ends_in_dots(piece: str) -> None:
    """Of processor time, which other programs do not change; recognising by trying every split took 26 s."""
    long = piece * (100_000 // len(piece))
    begun = time.process_time()
    said = chinese(long)
    assert time.process_time() - begun < 2.0
    assert said.endswith("…") and len(said) <= SHOWN_CHARS + 1


def test_a_sentence_as_long_as_any_box_writes_is_whole() -> None:
    said = "x" * SHOWN_CHARS
    assert chinese(said) == said
