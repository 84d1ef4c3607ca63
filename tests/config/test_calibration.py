from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from edgecv.config import load_calibration
from edgecv.errors import ConfigError

GOOD: dict[str, Any] = {
    "image_size": [1920, 1080],
    "points": [
        {"pixel": [400.5, 88], "facade": [-14, 45]},
        {"pixel": [1500, 90], "facade": [14, 45]},
        {"pixel": [300, 900], "facade": [-14, 12]},
        {"pixel": [1600, 905], "facade": [14, 12]},
    ],
}


@pytest.fixture
def complaint(tmp_path: Path) -> Callable[[dict[str, Any]], str]:
    """What loading a calibration file with this content complains about."""

    def load(content: dict[str, Any]) -> str:
        path = tmp_path / "c.yaml"
        path.write_text(yaml.safe_dump(content))
        with pytest.raises(ConfigError) as raised:
            load_calibration(path)
        return str(raised.value).replace(str(path), "c.yaml")

    return load


def test_distortion_and_focal_length_may_be_left_out(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(yaml.safe_dump(GOOD))
    calibration = load_calibration(path)
    assert calibration.image_size == (1920, 1080)
    assert calibration.points[0].pixel == (400.5, 88.0)
    assert calibration.distortion == (0, 0, 0, 0, 0)
    assert calibration.focal_px is None


def test_three_points_are_too_few(complaint: Callable[[dict[str, Any]], str]) -> None:
    assert "points = [{…}, {…}, {…}]: must have at least 4, has 3" in complaint(GOOD | {"points": GOOD["points"][:3]})


def test_a_bad_point_is_not_also_called_a_missing_one(complaint: Callable[[dict[str, Any]], str]) -> None:
    lines = complaint(GOOD | {"points": [*GOOD["points"][:3], {"pixel": ["x", 1], "facade": [1, 2]}]}).splitlines()
    assert len(lines) == 1
    assert "points[3].pixel[0] = 'x': must be a number" in lines[0]


def test_a_pixel_outside_the_picture_is_told(complaint: Callable[[dict[str, Any]], str]) -> None:
    assert "points[3].pixel = [1600, 905]: lies outside the picture" in complaint(GOOD | {"image_size": [1601, 900]})


def test_points_on_one_line_fix_no_plane(complaint: Callable[[dict[str, Any]], str]) -> None:
    points = [{"pixel": p["pixel"], "facade": [i, 2 * i]} for i, p in enumerate(GOOD["points"])]
    assert "the facade points lie on one line" in complaint(GOOD | {"points": points})


def test_the_same_point_twice_is_told(complaint: Callable[[dict[str, Any]], str]) -> None:
    points = [*GOOD["points"], {"pixel": [7, 8], "facade": [14, 12]}]
    assert "points[4].facade = [14, 12]: is the same as that of points[3]" in complaint(GOOD | {"points": points})


@pytest.mark.parametrize("focal_px", [0, -1500, True, "1500"])
def test_a_focal_length_is_a_number_above_zero(complaint: Callable[[dict[str, Any]], str], focal_px: object) -> None:
    assert "focal_px = " in complaint(GOOD | {"focal_px": focal_px})


def test_distortion_takes_five_numbers(complaint: Callable[[dict[str, Any]], str]) -> None:
    assert "distortion" in complaint(GOOD | {"distortion": [0, 0, 0, 0]})
    assert "distortion" in complaint(GOOD | {"distortion": [0, 0, 0, 0, 0, 0]})
