"""The box file is changed by the console only as a whole that is right, and only by who saw its latest version."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgecv.config import load_box
from edgecv.console.cameras.box_file_editor import BoxFileEditor
from edgecv.errors import ConfigError

BOX = """\
site: s1
facades: {north: {floors: 16}}
cameras:
  north-1: {source: "rtsp://192.0.2.1/x", facade: north}  # the only one
"""
MASKS = [{"reason": "flag", "polygon": [[0, 0], [10.5, 0], [10, 10]]}]


def test_a_change_that_makes_the_box_wrong_or_comes_late_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "box.yaml"
    file.write_text(BOX)
    desk = BoxFileEditor(file)
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
