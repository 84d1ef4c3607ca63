"""Which part of a facade two cameras see."""

from __future__ import annotations

from dataclasses import replace

from two_cameras import SIZE, camera_at

from edgecv.calibration.calibrated_camera import CalibratedCamera
from edgecv.calibration.seen_twice import seen_twice, seen_twice_notes
from edgecv.geometry import FacadePlan, Neighbour, looking_at
from edgecv.joint import JointSettings

LIMITS = JointSettings()
PLAN = FacadePlan.of([3.0] * 16, [(f"{n:02d}", 3.0 * n - 16.0, 3.0 * n - 14.5) for n in range(1, 10)])
LEFT = CalibratedCamera("site", "left", camera_at(-20.0, 55.0), PLAN, image_size=SIZE, facade="north")
RIGHT = CalibratedCamera("site", "right", camera_at(20.0, 55.0), PLAN, image_size=SIZE, facade="north")


def test_two_cameras_that_see_all_of_a_facade_see_all_of_it_twice() -> None:
    (view,) = seen_twice(LEFT, RIGHT, LIMITS)
    assert (view.facade, view.share) == ("north", 1.0)
    assert view.floors == ("1", "16")
    assert view.windows == ("01", "09")
    assert 20.0 < view.angles_deg[0] < view.angles_deg[1] < 45.0
    assert view.narrow_share == 0.0


def test_a_camera_that_sees_the_upper_floors_shares_those() -> None:
    position = tuple(float(x) for x in camera_at(20.0, 45.0).position_m)
    upper = looking_at((position[0], position[1], position[2]), (0.0, 42.0, 0.0), 2500.0, SIZE)
    (view,) = seen_twice(LEFT, replace(RIGHT, pinhole=upper), LIMITS)
    assert view.floors[1] == "16"
    assert int(view.floors[0]) > 8
    assert 0.0 < view.share < 0.6


def test_what_one_of_them_masks_is_not_shared() -> None:
    width, height = SIZE
    lower_half = (
        (0.0, height / 2.0),
        (float(width), height / 2.0),
        (float(width), float(height)),
        (0.0, float(height)),
    )
    (view,) = seen_twice(LEFT, replace(RIGHT, masks=(lower_half,)), LIMITS)
    assert int(view.floors[0]) > 4


def test_cameras_side_by_side_see_it_under_too_small_an_angle() -> None:
    beside = replace(RIGHT, pinhole=camera_at(-19.0, 55.0))
    (view,) = seen_twice(LEFT, beside, LIMITS)
    assert view.narrow_share == 1.0
    assert "less than 5°" in seen_twice_notes([LEFT, beside])[0]


def test_another_facade_is_not_shared_and_one_beside_is() -> None:
    east = replace(RIGHT, facade="east")
    assert seen_twice(LEFT, east, LIMITS) == []
    north = Neighbour(replace(PLAN, name="north"), (0.0, 0.0, 0.0), 0.0)
    corner = replace(east, plan=replace(FacadePlan.of([3.0] * 4, name="east"), beside=(north,)))
    (view,) = seen_twice(LEFT, corner, LIMITS)
    assert (view.facade, view.share) == ("north", 1.0)


def test_a_camera_without_a_calibration_shares_nothing() -> None:
    assert seen_twice_notes([LEFT, replace(RIGHT, pinhole=None)]) == []


def test_the_words_name_facade_cameras_floors_and_windows() -> None:
    (text,) = seen_twice_notes([LEFT, RIGHT])
    assert text.startswith(
        "facade north: cameras left and right both see floors 1 to 16, windows 01 to 09 (100 % of it)"
    )
