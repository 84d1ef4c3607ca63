"""One value of a box file is changed, and nothing else."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from edgecv.config.yaml_edit import with_value
from edgecv.errors import ConfigError

BOX = """\
# the box of the north side
site: s1
facades:
  north: {floors: 16}   # measured in May
cameras:
  north-1:
    source: rtsp://192.0.2.1/x   # do not touch
    facade: north
    masks:
      # the flag
      - reason: flag
        polygon: [[1, 2], [3, 4],
                  [5, 6]]

  # the other one
  north-2: {source: rtsp://192.0.2.2/x, facade: north}
storage: {keep_days: 30}
"""
MASKS = [{"reason": 'says: "旗" # no comment', "polygon": [[0, 0], [10.5, 0], [10, 10]]}]


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("cameras", "north-1", "masks"), MASKS),
        (("cameras", "north-1", "masks"), []),
        (("cameras", "north-2", "masks"), MASKS),
        (("cameras", "north-1", "calibration"), "north-1.calibration.yaml"),
        (("cameras", "north-2", "calibration"), "x.yaml"),
        (("facades", "north", "windows"), [{"name": "01", "left": 0.5, "right": 2.0}]),
        (("storage", "keep_days"), 7),
    ],
)
def test_the_value_is_there_and_everything_else_is_as_it_was(place: tuple[str, ...], value: object) -> None:
    edited = with_value(BOX, place, value)
    expected = yaml.safe_load(BOX)
    at = expected
    for key in place[:-1]:
        at = at[key]
    at[place[-1]] = value
    assert yaml.safe_load(edited) == expected
    for comment in ("# the box of the north side", "# measured in May", "# do not touch", "# the other one"):
        assert comment in edited
    assert with_value(edited, place, value) == edited


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=30)
"""What the reader of box files takes."""


@settings(deadline=None, max_examples=50)
@given(st.lists(st.fixed_dictionaries({"reason": TEXT, "polygon": st.just([[1, 2]])})))
def test_any_text_survives(masks: list[dict[str, object]]) -> None:
    edited = with_value(BOX, ("cameras", "north-1", "masks"), masks)
    assert yaml.safe_load(edited)["cameras"]["north-1"]["masks"] == masks


def test_text_that_no_box_file_may_hold_is_refused() -> None:
    with pytest.raises(ConfigError, match="holds a NUL"):
        with_value(BOX, ("cameras", "north-1", "facade"), "a\0b")


def test_a_place_that_is_not_there_is_refused() -> None:
    with pytest.raises(ConfigError, match="no such section"):
        with_value(BOX, ("cameras", "south", "masks"), MASKS)


@pytest.mark.parametrize(
    ("path", "value", "replaced"),
    [
        (("cameras", "north-1", "masks"), MASKS, range(10, 14)),
        (("cameras", "north-1", "facade"), "south", range(8, 9)),
        (("cameras", "north-2", "calibration"), "x.yaml", range(16, 17)),
        (("storage", "keep_days"), 7, range(17, 18)),
    ],
)
def test_every_other_line_is_the_same_to_the_byte(path: tuple[str, ...], value: object, replaced: range) -> None:
    lines = BOX.splitlines(keepends=True)
    edited = with_value(BOX, path, value).splitlines(keepends=True)
    rest = len(lines) - replaced.stop
    assert edited[: replaced.start - 1] == lines[: replaced.start - 1]
    assert edited[len(edited) - rest :] == lines[len(lines) - rest :]


def test_a_new_key_stands_in_its_own_section_before_the_comment_of_the_next() -> None:
    edited = with_value(BOX, ("cameras", "north-1", "calibration"), "x.yaml")
    assert edited.index('    calibration: "x.yaml"\n') < edited.index("  # the other one\n  north-2:")
    assert edited.replace('    calibration: "x.yaml"\n', "") == BOX


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &a [x]\n" + "\n".join(f"k{n}: &k{n} [{', '.join(['*a'] * 9)}]" for n in range(3000)), "too many values"),
        ("a: " + "[" * 100 + "]" * 100, "nested too deeply"),
        ("a: &x [*x]", "the box file:1: not valid YAML: an alias that contains itself"),
        ("a: 1\na: 2\n", "the box file:2: a: is given twice"),
    ],
)
def test_a_file_that_the_reader_refuses_is_not_edited(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        with_value(text, ("a",), 1)


def test_a_value_that_other_places_refer_to_is_not_edited() -> None:
    with pytest.raises(ConfigError, match="change it by hand"):
        with_value("a: &x {b: 1}\nc: *x\n", ("a", "b"), 2)
