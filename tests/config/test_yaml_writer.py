"""What is written of a box file is read back as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgecv.config import Box, load_box
from edgecv.config.yaml_writer import single_camera_box, yaml_text
from edgecv.errors import ConfigError

EXAMPLE = Path(__file__).parents[2] / "configs" / "box.example.yaml"


@pytest.fixture
def box() -> Box:
    return load_box(EXAMPLE)


def written(box: Box, camera_id: str, folder: Path) -> Box:
    """The box file of one camera, written and read again."""
    (folder / "box.yaml").write_text(yaml_text(single_camera_box(box, camera_id, "clip.mp4", "calibration.yaml")))
    (folder / "calibration.yaml").write_text(yaml_text(box.calibrations[camera_id]))
    return load_box(folder / "box.yaml")


def test_one_camera_is_read_back_with_its_facades_masks_and_calibration(box: Box, tmp_path: Path) -> None:
    before, after = box.camera("north-1"), written(box, "north-1", tmp_path).camera("north-1")
    assert (after.facade, after.beside, after.calibration) == (before.facade, before.beside, before.calibration)
    assert after.settings.masks == before.settings.masks


def test_nothing_but_that_camera_is_written(box: Box, tmp_path: Path) -> None:
    after = written(box, "north-1", tmp_path)
    assert after.camera_ids == ("north-1",)
    text = (tmp_path / "box.yaml").read_text()
    assert box.settings.cameras["north-1"].source not in text
    assert "login" not in text
    assert "upstream" not in text


def test_a_camera_that_the_box_has_not_is_refused(box: Box) -> None:
    with pytest.raises(ConfigError, match="no camera"):
        single_camera_box(box, "south-9", "clip.mp4", "calibration.yaml")
