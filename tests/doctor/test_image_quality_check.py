"""Focus, light and place, on pictures whose blur and shift are known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from doctor.small_video import UInt8, blurred, facade, noisy

from edgecv.doctor.check_result import CheckResult
from edgecv.doctor.image_quality_check import focus_findings, light_findings, place_findings, smallest_floor_px
from edgecv.geometry import FacadePlan, looking_at
from edgecv.visibility.reference_picture import Reference

WHERE = "camera a"
SHARP = blurred(facade(1280, 720), 0.6)


def in_a_row(picture: UInt8) -> tuple[UInt8, UInt8]:
    return noisy(picture, 2.0, 1), noisy(picture, 2.0, 2)


def test_a_sharp_picture_is_called_sharp() -> None:
    (finding,) = focus_findings(WHERE, in_a_row(SHARP))
    assert finding.level == "ok"
    assert "sharp" in finding.text


@pytest.mark.parametrize("sd_px", [2.0, 4.0])
def test_a_soft_picture_is_told_with_about_its_blur(sd_px: float) -> None:
    (finding,) = focus_findings(WHERE, in_a_row(blurred(facade(1280, 720), sd_px)))
    assert finding.level == "warning"
    told_px = float(finding.text.split("about ")[1].split(" px")[0])
    assert told_px == pytest.approx(sd_px, rel=0.35)


def test_a_picture_without_edges_is_not_called_soft() -> None:
    (finding,) = focus_findings(WHERE, in_a_row(np.full((720, 1280), 90, np.uint8)))
    assert finding.level == "ok"
    assert "cannot be judged" in finding.text


@pytest.mark.parametrize(("grey", "word"), [(5, "dark"), (250, "overexposed")])
def test_darkness_and_glare_are_told(grey: int, word: str) -> None:
    (finding,) = light_findings(WHERE, np.full((720, 1280), grey, np.uint8))
    assert (finding.level, word in finding.text) == ("warning", True)


def test_ordinary_light_is_no_news() -> None:
    assert light_findings(WHERE, SHARP) == []


def placed(luma: UInt8, floor_px: float | None = None) -> CheckResult:
    (finding,) = place_findings(WHERE, luma, Reference.of(SHARP), floor_px)
    return finding


def shifted(down: int, right: int) -> UInt8:
    return np.roll(SHARP, (down, right), axis=(0, 1))


def test_a_camera_that_stayed_is_told_so() -> None:
    assert "looks where it did" in placed(noisy(SHARP, 3.0, 5)).text


@pytest.mark.parametrize(("down", "right"), [(0, 40), (-30, 25), (60, 0)])
def test_a_turned_camera_is_told_by_how_much(down: int, right: int) -> None:
    finding = placed(noisy(shifted(down, right), 3.0, 5))
    assert finding.level == "warning"
    told_px = float(finding.text.split("by ")[1].split(" px")[0])
    assert told_px == pytest.approx(np.hypot(down, right), abs=3.0)


def test_a_small_turn_counts_where_floors_are_small() -> None:
    luma = noisy(shifted(6, 0), 3.0, 5)
    assert placed(luma).level == "ok"
    assert placed(luma, floor_px=12.0).level == "warning"


def test_another_scene_is_not_called_a_turn() -> None:
    random = np.random.default_rng(3)
    trees = np.full((720, 1280), 120, np.uint8)
    for x, y, radius, grey in random.integers((0, 0, 8, 20), (1280, 720, 60, 220), (150, 4)):
        cv2.circle(trees, (int(x), int(y)), int(radius), int(grey), -1)
    finding = placed(noisy(trees, 3.0, 5))
    assert finding.level == "ok"
    assert "too little of the same" in finding.text


def test_a_picture_of_another_size_cannot_be_compared() -> None:
    assert placed(facade(640, 360)).level == "warning"


def test_the_smallest_floor_is_the_farthest_that_is_in_the_picture() -> None:
    plan = FacadePlan.of([3.0] * 16)
    camera = looking_at((0.0, 1.5, 30.0), (0.0, 24.0, 0.0), 700.0, (1920, 1080))
    floor_px = smallest_floor_px(plan, camera, (1920, 1080))
    assert floor_px is not None
    top = camera.project(np.array([[0.0, 48.0, 0.0], [0.0, 45.0, 0.0]]))
    assert floor_px == pytest.approx(float(np.linalg.norm(top[0] - top[1])), rel=0.01)
    away = looking_at((0.0, 1.5, 30.0), (0.0, -40.0, 0.0), 3000.0, (1920, 1080))
    assert smallest_floor_px(plan, away, (1920, 1080)) is None
