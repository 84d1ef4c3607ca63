"""Frame rate against the height of the tower, by the physics of a fall without drag."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecv.doctor.sampling_check import ENOUGH, fall_findings, fall_from
from edgecv.geometry import FacadePlan, PinholeCamera, looking_at

SIZE = (1920, 1080)
TOWER = FacadePlan.of([3.0] * 16, [("01", -5.0, 5.0)])
WHOLE = looking_at((0.0, 1.5, 40.0), (0.0, 24.0, 0.0), 700.0, SIZE)


def upper_part(focal_px: float) -> PinholeCamera:
    """A camera that sees the tower around floor 8 only."""
    return looking_at((0.0, 1.5, 20.0), (0.0, 22.5, 0.0), focal_px, SIZE)


def test_without_a_calibration_the_whole_fall_is_counted() -> None:
    seen = fall_from(45.0, TOWER, None, SIZE)
    assert seen.visible_s == pytest.approx(math.sqrt(2 * 45.0 / 9.81))
    assert seen.fastest_mps == pytest.approx(math.sqrt(2 * 9.81 * 45.0))


@given(st.floats(3.0, 100.0), st.floats(300.0, 3000.0))
def test_no_camera_sees_a_fall_for_longer_than_it_lasts(height_m: float, focal_px: float) -> None:
    duration_s = fall_from(height_m, TOWER, None, SIZE).visible_s
    seen = fall_from(height_m, TOWER, upper_part(focal_px), SIZE)
    assert seen.visible_s <= duration_s + 0.01
    assert seen.fastest_mps <= 9.81 * duration_s + 0.01


def test_a_camera_that_sees_a_band_sees_what_passes_it_for_as_long_as_physics_says() -> None:
    camera = upper_part(3000.0)
    seen = fall_from(46.0, TOWER, camera, SIZE)
    top_m, bottom_m = (_height_at(camera, y) for y in (0.0, 1079.0))
    expected_s = math.sqrt(2 * (46.0 - bottom_m) / 9.81) - math.sqrt(2 * (46.0 - top_m) / 9.81)
    assert seen.visible_s == pytest.approx(expected_s, rel=0.05)
    assert seen.fastest_mps == pytest.approx(math.sqrt(2 * 9.81 * (46.0 - bottom_m)), rel=0.02)


def _height_at(camera: PinholeCamera, row_px: float) -> float:
    """Where the middle column's ray meets the plane in which the fall happens, half a metre before the facade."""
    ray = camera.ray(np.array([959.5, row_px]))
    along = (0.5 - camera.position_m[2]) / ray[2]
    return float(camera.position_m[1] + along * ray[1])


def test_a_tower_seen_whole_at_25_frames_is_well_but_for_its_lowest_floors() -> None:
    found = fall_findings("camera a", 25.0, TOWER, WHOLE, SIZE)
    assert {finding.level for finding in found} == {"ok"}
    assert "floor 16 (46 m, 30 m/s at the end)" in found[0].text
    assert not any("floor 3" in finding.text for finding in found)


@pytest.mark.parametrize(("sightings", "level"), [(7, "warning"), (12, "ok"), (4, "problem")])
def test_too_few_sightings_are_told_with_the_rate_that_is_needed(sightings: int, level: str) -> None:
    camera = upper_part(2400.0)
    visible_s = fall_from(46.0, TOWER, camera, SIZE).visible_s
    finding = fall_findings("camera a", (sightings + 0.5) / visible_s, TOWER, camera, SIZE)[0]
    assert finding.level == level
    assert f"about {sightings} times" in finding.text
    if level != "ok":
        assert f"{math.ceil(ENOUGH / visible_s)} or more" in finding.advice


def test_a_fall_beside_the_picture_is_a_problem() -> None:
    away = looking_at((0.0, 1.5, 40.0), (60.0, 10.0, 0.0), 3000.0, SIZE)
    (finding,) = fall_findings("camera a", 25.0, TOWER, away, SIZE)
    assert finding.level == "problem"
    assert "not in the picture" in finding.text


def test_what_rushes_through_the_picture_of_a_close_camera_cannot_begin_a_path() -> None:
    close = looking_at((0.0, 1.5, 6.0), (0.0, 3.0, 0.0), 3000.0, SIZE)
    levels = [finding.level for finding in fall_findings("camera a", 200.0, TOWER, close, SIZE)]
    assert "warning" in levels
