from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgecv.calibration.calibration_file import write_calibration
from edgecv.calibration.control_points import floor_number, read_points
from edgecv.config import Calibration
from edgecv.config.load import validated
from edgecv.config.yaml_document import read_document
from edgecv.errors import ConfigError
from edgecv.geometry import FacadePlan, looking_at, solve_camera

SIZE = (1920, 1080)
PLAN = FacadePlan.of(
    [4.5, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0],
    [("01", -6.0, -4.0), ("02", 4.0, 6.0)],
    ["G", "1", "2", "3", "4", "12A", "6", "7"],
)
CAMERA = looking_at((1.0, 1.6, 25.0), (0.0, 13.0, 0.0), 1100.0, SIZE)


def _pixel(x: float, y: float) -> str:
    at = CAMERA.project(np.array([x, y, 0.0]))
    return f"[{at[0]:.2f}, {at[1]:.2f}]"


def _by_name(tmp_path: Path, change: str = "") -> Path:
    """Points told by floor and window: sills of floors G, 2, 12A at both windows' outer edges."""
    lines = ["points:"]
    for floor, foot in (("G", 0.0), ("2", 7.5), ("12A", 16.5)):
        for window, side, x in (("01", "left", -6.0), ("02", "right", 6.0)):
            place = f'floor: "{floor}", window: "{window}", side: {side}, above: 0.9'
            lines.append(f"  - {{pixel: {_pixel(x, foot + 0.9)}, {place}}}")
    file = tmp_path / "points.yaml"
    old, _, new = change.partition("|")
    file.write_text("\n".join(lines).replace(old, new) if change else "\n".join(lines))
    return file


def test_points_told_by_floor_and_window_fix_the_camera_that_saw_them(tmp_path: Path) -> None:
    calibration = read_points(_by_name(tmp_path), SIZE, PLAN)
    assert [p.facade for p in calibration.points][:3] == [(-6.0, 0.9), (6.0, 0.9), (-6.0, 8.4)]
    solved = solve_camera(
        SIZE,
        np.array([p.pixel for p in calibration.points]),
        np.array([p.facade for p in calibration.points]),
    )
    np.testing.assert_allclose(solved.camera.position_m, CAMERA.position_m, atol=0.1)
    assert solved.camera.focal_px == pytest.approx(1100.0, rel=0.01)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ('floor: "G"|floor: "13"', "floor = 13: the facade has no such floor; its 8 floors are G to 7"),
        ('window: "02"|window: "03"', "window = 03: the facade has no such window; known are 01, 02"),
        ("above: 0.9}|above: 0.9, facade: [1, 2]}", "tell the place once"),
        ('window: "01", |', "name the window"),
    ],
)
def test_a_wrong_place_is_named_with_what_there_is(change: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="points") as error:
        read_points(_by_name(tmp_path, change), SIZE, PLAN)
    assert told in str(error.value)


def test_points_of_a_smaller_copy_of_the_picture_are_refused(tmp_path: Path) -> None:
    file = _by_name(tmp_path, "points:|image_size: [960, 540]\npoints:")
    with pytest.raises(ConfigError, match="the picture is 1920x1080"):
        read_points(file, SIZE, PLAN)


def test_a_floor_is_found_by_name_before_its_number() -> None:
    assert floor_number(PLAN, "1") == 2  # called 1, the second from the ground
    assert floor_number(PLAN, "12A") == 6
    assert floor_number(PLAN, "8") == 8  # nobody calls a floor 8: the eighth
    with pytest.raises(ConfigError, match="--lowest-floor"):
        floor_number(PLAN, "9", "--lowest-floor")


def test_what_is_written_reads_back_the_same(tmp_path: Path) -> None:
    calibration = Calibration.model_validate(
        {
            "image_size": SIZE,
            "points": [
                {"pixel": (10.0 * n, 7.25 * n * n), "facade": (n, 1.5 * n * n), "depth": 0.0} for n in range(1, 6)
            ]
            + [{"pixel": (700.0, 20.0), "facade": (3.0, 9.0), "depth": 1.25, "of": "east"}],
            "verticals": [((1.0, 2.0), (3.0, 400.0))],
            "distortion": (-0.27, 0.1139, 0.0, 0.0, 0.0),
            "focal_px": 1234.5,
        }
    )
    file = tmp_path / "new" / "c.yaml"
    write_calibration(file, calibration, ["camera c1"])
    assert validated(read_document(file), Calibration) == calibration
    assert file.read_text().startswith("# camera c1\n")
    assert [p.name for p in file.parent.iterdir()] == ["c.yaml"]
