"""One value of a box file is changed, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from edgecv.config import load_box
from edgecv.console.cameras.box_file_editor import CameraDesk
from edgecv.console.cameras.yaml_edit import with_value
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
    made = with_value(BOX, place, value)
    wanted = yaml.safe_load(BOX)
    at = wanted
    for key in place[:-1]:
        at = at[key]
    at[place[-1]] = value
    assert yaml.safe_load(made) == wanted
    for comment in ("# the box of the north side", "# measured in May", "# do not touch", "# the other one"):
        assert comment in made
    assert with_value(made, place, value) == made


@settings(deadline=None, max_examples=50)
@given(st.lists(st.fixed_dictionaries({"reason": st.text(min_size=1, max_size=30), "polygon": st.just([[1, 2]])})))
def test_any_text_survives(masks: list[dict[str, object]]) -> None:
    made = with_value(BOX, ("cameras", "north-1", "masks"), masks)
    assert yaml.safe_load(made)["cameras"]["north-1"]["masks"] == masks


def test_a_place_that_is_not_there_is_refused() -> None:
    with pytest.raises(ConfigError, match="no such section"):
        with_value(BOX, ("cameras", "south", "masks"), MASKS)


def test_a_change_that_makes_the_box_wrong_or_comes_late_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "box.yaml"
    file.write_text(BOX)
    desk = CameraDesk(file)
    place = ("cameras", "north-1", "masks")
    with pytest.raises(ConfigError, match="polygon"):
        desk.change(desk.version(), {place: [{"reason": "x", "polygon": [[1, 2]]}]})
    with pytest.raises(ConfigError, match="changed meanwhile"):
        desk.change("another", {place: MASKS})
    assert file.read_text() == BOX
    assert [path.name for path in tmp_path.iterdir()] == ["box.yaml"]
    desk.change(desk.version(), {place: MASKS})
    assert load_box(file).settings.cameras["north-1"].masks[0].polygon[1] == (10.5, 0.0)
    assert (tmp_path / "box.yaml.bak").read_text() == BOX
