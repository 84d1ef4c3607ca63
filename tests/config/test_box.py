from __future__ import annotations

from pathlib import Path

import pytest

from edgecv.config import load_box
from edgecv.errors import ConfigError


@pytest.fixture
def box_path(tmp_path: Path) -> Path:
    (tmp_path / "configs").mkdir()
    (tmp_path / "calibration.yaml").write_text(
        "image_size: [100, 100]\npoints:\n"
        "  - {pixel: [0, 0], facade: [0, 30]}\n  - {pixel: [100, 0], facade: [10, 30]}\n"
        "  - {pixel: [0, 100], facade: [0, 0]}\n  - {pixel: [100, 100], facade: [10, 0]}\n"
    )
    path = tmp_path / "configs" / "box.yaml"
    path.write_text(
        "site: s\nfacades: {north: {floors: 3}}\ncameras:\n"
        "  north-1: {source: a, facade: north, calibration: ../calibration.yaml}\n  north-2: {source: b}\n"
    )
    return path


def test_a_camera_comes_with_its_facade_and_its_calibration_found_beside_the_box_file(box_path: Path) -> None:
    camera = load_box(box_path).camera("north-1")
    assert camera.id == "north-1"
    assert camera.settings.source == "a"
    assert camera.facade is not None
    assert camera.facade.floors == 3
    assert camera.calibration is not None
    assert camera.calibration.points[1].facade == (10, 30)


def test_a_camera_without_facade_and_calibration_has_neither(box_path: Path) -> None:
    camera = load_box(box_path).camera("north-2")
    assert camera.facade is None
    assert camera.calibration is None


def test_an_unknown_camera_names_the_file_the_id_and_the_nearest_known_one(box_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        load_box(box_path).camera("nort-2")
    assert str(raised.value) == (
        f"{box_path}: cameras: there is no camera 'nort-2'; known are north-1, north-2 (did you mean 'north-2'?)"
    )
