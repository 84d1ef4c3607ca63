"""Which paths of two cameras are one fall, and which are two."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from two_cameras import PLAN, Throw, camera_at, seen_by, track_of_throw

from edgecv.geometry import PinholeCamera
from edgecv.joint import CameraPath, associate

CAMERAS = (camera_at(-15.0, 30.0), camera_at(35.0, 40.0))
CUP = Throw((0.2, 31.0, 0.2), (0.5, 0.2, 1.0), 14.0)


def _seen(
    throws: list[Throw], camera: PinholeCamera, *, behind_s: float = 0.0, seed: int = 1, clock_sd_s: float = 0.7
) -> list[CameraPath]:
    rng = np.random.default_rng(seed)
    paths = [seen_by(track_of_throw(throw, camera, rng, behind_s=behind_s), camera, clock_sd_s) for throw in throws]
    return [path for path in paths if path is not None]


def test_one_fall_seen_twice_is_one() -> None:
    falls = associate(_seen([CUP], CAMERAS[0]), _seen([CUP], CAMERAS[1], behind_s=-1.1, seed=2), PLAN)
    assert [(fall.first, fall.second) for fall in falls] == [(0, 0)]
    assert falls[0].clock_s == pytest.approx(-1.1, abs=0.01)
    assert falls[0].ratio > 8.0
    assert 20.0 < falls[0].angle_deg < 70.0


def test_two_falls_within_a_second_in_one_column_stay_two() -> None:
    throws = [CUP, replace(CUP, released_s=0.6)]
    falls = associate(_seen(throws, CAMERAS[0]), _seen(throws[::-1], CAMERAS[1], behind_s=0.9, seed=2), PLAN)
    assert [(fall.first, fall.second) for fall in falls] == [(0, 1), (1, 0)]


def test_falls_from_different_places_are_not_joined() -> None:
    lower = replace(CUP, position_m=(7.2, 22.0, 0.2))
    assert associate(_seen([CUP], CAMERAS[0]), _seen([lower], CAMERAS[1]), PLAN) == []


def test_a_stone_and_a_cup_are_not_joined() -> None:
    stone = replace(CUP, terminal_mps=35.0)
    assert associate(_seen([CUP], CAMERAS[0]), _seen([stone], CAMERAS[1]), PLAN) == []


def test_what_may_be_either_of_two_falls_is_joined_with_none() -> None:
    throws = [CUP, replace(CUP, released_s=0.3)]
    assert associate(_seen(throws, CAMERAS[0]), _seen(throws[:1], CAMERAS[1], behind_s=0.15), PLAN) == []


def test_clocks_that_are_known_tell_which_of_two_falls_it_was() -> None:
    throws = [CUP, replace(CUP, released_s=0.3)]
    both, later = _seen(throws, CAMERAS[0], clock_sd_s=0.02), _seen(throws[1:], CAMERAS[1], clock_sd_s=0.02)
    assert [(fall.first, fall.second) for fall in associate(both, later, PLAN)] == [(1, 0)]


def test_cameras_that_look_from_the_same_side_say_nothing_new() -> None:
    beside = camera_at(-13.0, 31.0)
    assert associate(_seen([CUP], CAMERAS[0]), _seen([CUP], beside), PLAN) == []


def test_falls_of_different_minutes_are_not_compared() -> None:
    later = [replace(path, ahead_s=60.0) for path in _seen([CUP], CAMERAS[1])]
    assert associate(_seen([CUP], CAMERAS[0]), later, PLAN) == []


def test_no_paths_are_no_falls() -> None:
    assert associate([], _seen([CUP], CAMERAS[1]), PLAN) == []


def test_a_first_sighting_at_the_hand_makes_no_second_fall() -> None:
    first, second = _seen([CUP], CAMERAS[0]), _seen([CUP], CAMERAS[1], behind_s=0.4, seed=2)
    path = first[0].fall.path
    off = path.uv_px.copy()
    off[0] += [2.7, -1.5]
    hand = replace(first[0], fall=replace(first[0].fall, path=replace(path, uv_px=off)))
    (fall,) = associate([hand], second, PLAN)
    assert fall.clock_s == pytest.approx(0.4, abs=0.01)


def test_a_sharp_camera_and_a_soft_one_see_one_fall() -> None:
    rng = np.random.default_rng(3)
    sharp, soft = (
        seen_by(track_of_throw(CUP, camera, rng, noise_px=noise), camera)
        for camera, noise in zip(CAMERAS, (0.08, 0.6), strict=True)
    )
    assert sharp is not None
    assert soft is not None
    assert len(associate([sharp], [soft], PLAN)) == 1
