"""The camera tells what is wrong with its sight, when, and nothing else."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from visibility.facades import Picture, Sensor, Shown, blurred, facade, kinds, moved, street, watched

from edgecv.capture.file import VideoFile
from edgecv.detection import Detector
from edgecv.visibility import Reference, SceneMonitor, VisibilitySettings

WALL = facade()
STREET = street()
BLACK = np.full_like(WALL, 3.0)


def _after(event_s: float, before: Picture, during: Picture, back_s: float = 1e9) -> Shown:
    def shown(t_s: float) -> Picture:
        return during if event_s <= t_s < back_s else before

    return shown


def test_a_cover_begins_five_seconds_after_it_is_put_on_and_ends_when_it_is_taken_off() -> None:
    watch = SceneMonitor(None)
    paper = blurred(WALL, 80.0) * 0.7
    told = watched(watch, _after(30.0, WALL, paper, 50.0), 70.0)
    assert kinds(told) == [("covered", "begins"), ("covered", "ends")]
    assert told[0].since_s == pytest.approx(30.0, abs=1.3)
    assert told[1].since_s == pytest.approx(50.0, abs=1.3)
    assert "lens is covered" in told[0].text


def test_a_bright_picture_that_is_black_at_once_is_covered_and_not_night() -> None:
    watch = SceneMonitor(None)
    told = watched(watch, _after(30.0, WALL, BLACK), 80.0)
    assert kinds(told) == [("covered", "begins")]
    assert watch.blind == "covered"


def test_a_black_cover_that_gives_the_same_picture_again_and_again_is_not_a_frozen_camera() -> None:
    watch = SceneMonitor(None)
    told = watched(watch, WALL, 30.0)
    black = np.zeros(WALL.shape, np.uint8)
    for n in range(120):
        told += watch.update(black, 30.0 + n / 4.0, repeated=n > 0)
    assert kinds(told) == [("covered", "begins")]


def test_nightfall_without_a_lamp_is_told_as_night_and_the_morning_ends_it() -> None:
    watch = SceneMonitor(None)

    def evening(t_s: float) -> Picture:
        light = np.interp(t_s, [30.0, 120.0, 190.0, 240.0], [1.0, 0.01, 0.01, 0.8])
        return WALL * np.float32(light)

    told = watched(watch, evening, 260.0, fps=2.0, noise_sd=3.0)
    assert kinds(told) == [("night_without_infrared", "begins"), ("night_without_infrared", "ends")]
    assert 90.0 < told[0].since_s < 130.0
    assert watch.blind is None


def test_a_watch_that_starts_in_the_dark_says_so_without_a_reference() -> None:
    watch = SceneMonitor(None)
    told = watched(watch, BLACK, 40.0, noise_sd=4.0)
    assert kinds(told) == [("night_without_infrared", "begins")]
    assert watch.blind == "night"
    assert watch.reference is None


def test_infrared_night_with_other_light_is_no_change() -> None:
    rng = np.random.default_rng(5)
    y, x = np.mgrid[0 : WALL.shape[0], 0 : WALL.shape[1]].astype(np.float32)
    lamp = np.exp(-((x / WALL.shape[1] - 0.5) ** 2 + (y / WALL.shape[0] - 0.6) ** 2) * 3.0).astype(np.float32)
    night = WALL * 0.5 * lamp
    for _ in range(12):  # windows where somebody is at home
        u, v = int(rng.integers(0, 12)) * 70 + 20, int(rng.integers(0, 7)) * 60 + 30
        cv2.rectangle(night, (u, v), (u + 38, v + 34), 200.0, -1)
    watch = SceneMonitor(None)
    assert watched(watch, _after(30.0, WALL, night), 90.0, noise_sd=4.0) == []
    assert watch.blind is None


@pytest.mark.parametrize("sd_px", [4.0, 10.0])
def test_a_blurred_picture_is_defocused_after_half_a_minute_and_not_before(sd_px: float) -> None:
    watch = SceneMonitor(None)
    soft = blurred(WALL, sd_px)
    assert watched(watch, _after(30.0, WALL, soft, 50.0), 80.0) == []
    told = watched(watch, soft, 125.0, begin_s=80.0)
    assert kinds(told) == [("defocused", "begins")]
    assert watch.blind == "defocus"
    assert watch.measures()["sharpness"] < 0.5


def test_a_frozen_picture_is_told_after_ten_seconds_and_ends_with_the_first_new_one() -> None:
    watch = SceneMonitor(None)
    told = watched(watch, WALL, 20.0)
    still = Sensor(WALL.shape).read(WALL)
    for n in range(60):
        told += watch.update(still, 20.0 + n / 4.0, repeated=n > 0)
    assert kinds(told) == [("frozen", "begins")]
    assert watch.blind == "frozen"
    told += watch.update(Sensor(WALL.shape, seed=7).read(WALL), 35.0, repeated=False)
    assert kinds(told)[1:] == [("frozen", "ends")]


def test_a_live_picture_that_the_detector_takes_for_repeated_is_not_frozen() -> None:
    watch, sensor = SceneMonitor(None), Sensor(WALL.shape, 0.4)
    told = [c for n in range(160) for c in watch.update(sensor.read(WALL), n / 4.0, repeated=n > 40)]
    assert told == []


@pytest.mark.parametrize(("dx", "dy"), [(17.0, 0.0), (-3.0, 22.5), (70.0, -60.0), (160.0, 40.0)])
def test_a_turned_camera_is_told_with_the_pixels_it_turned_by(dx: float, dy: float) -> None:
    watch = SceneMonitor(Reference.of(np.round(WALL).astype(np.uint8)), px_per_floor=60.0)
    told = watched(watch, _after(15.0, WALL, moved(WALL, dx, dy)), 30.0)
    assert kinds(told) == [("turned", "begins")]
    found = told[0].measures
    assert (found["shift_x_px"], found["shift_y_px"]) == pytest.approx((dx, dy), abs=1.0)
    # a window further along looks nearly the same, yet is not taken for this one
    assert found["shift_floors"] == pytest.approx(np.hypot(dx, dy) / 60.0, abs=0.03)
    assert "of a floor" in told[0].text
    assert watch.blind == "moved"


def test_a_camera_that_is_put_back_has_no_longer_turned() -> None:
    watch = SceneMonitor(Reference.of(np.round(WALL).astype(np.uint8)))
    told = watched(watch, _after(5.0, WALL, moved(WALL, 25.0, 8.0), 25.0), 40.0)
    assert kinds(told) == [("turned", "begins"), ("turned", "ends")]


def test_a_mount_that_sags_slowly_is_found_out_although_the_recent_picture_follows_it() -> None:
    watch = SceneMonitor(None, settings=VisibilitySettings(learn_s=30.0))
    told = watched(watch, lambda t_s: moved(WALL, 0.0, max(0.0, t_s - 40.0) * 0.1), 200.0, fps=2.0)
    assert kinds(told) == [("turned", "begins")]


def test_a_camera_turned_while_the_box_was_off_is_told_by_the_stored_reference() -> None:
    first = SceneMonitor(None, settings=VisibilitySettings(learn_s=20.0))
    watched(first, WALL, 40.0)
    assert first.reference is not None
    assert first.reference_final
    second = SceneMonitor(Reference.from_npz(first.reference.to_npz()))
    assert kinds(watched(second, moved(WALL * 0.6, 20.0, 0.0), 12.0)) == [("turned", "begins")]


def test_swaying_within_the_tolerance_is_nothing() -> None:
    watch = SceneMonitor(None)
    told = watched(watch, lambda t_s: moved(WALL, 3.0 * np.sin(1.3 * t_s), 2.0 * np.sin(2.9 * t_s)), 40.0)
    assert told == []


def test_another_scene_is_told_and_the_old_one_ends_it() -> None:
    watch = SceneMonitor(None)
    told = watched(watch, _after(30.0, WALL, STREET, 55.0), 75.0)
    assert kinds(told) == [("scene_change", "begins"), ("scene_change", "ends")]


def test_a_scene_that_stays_becomes_the_usual_one() -> None:
    watch = SceneMonitor(None, settings=VisibilitySettings(learn_s=40.0))
    told = watched(watch, _after(30.0, WALL, STREET), 130.0)
    assert kinds(told) == [("scene_change", "begins"), ("scene_change", "ends")]


def test_a_lorry_that_stands_before_the_camera_for_three_seconds_is_nothing() -> None:
    lorry = WALL.copy()
    lorry[:, 60:900] = blurred(facade(seed=3), 12.0)[:, 60:900]
    assert watched(SceneMonitor(None), _after(30.0, WALL, lorry, 33.0), 50.0) == []


def test_snow_that_settles_on_the_sills_overnight_is_nothing() -> None:
    snowed = WALL.copy()
    for y in range(30, WALL.shape[0] - 40, 60):
        snowed[y + 30 : y + 40] = 235.0
    watch = SceneMonitor(None)
    told = watched(
        watch, lambda t_s: WALL + np.float32(np.clip((t_s - 20.0) / 60.0, 0.0, 1.0)) * (snowed - WALL), 110.0
    )
    assert told == []


@settings(max_examples=15, deadline=None)
@given(gain=st.floats(0.3, 1.5), offset=st.floats(-25.0, 60.0), flash=st.booleans())
def test_no_change_of_light_raises_anything(gain: float, offset: float, flash: bool) -> None:
    lit = np.clip((WALL - 128.0) * np.float32(gain) + np.float32(110.0 + offset), 0.0, 255.0).astype(np.float32)
    watch = SceneMonitor(Reference.of(np.round(WALL).astype(np.uint8)))
    told = watched(watch, _after(15.0, WALL, lit, 20.0 if flash else 1e9), 60.0, fps=2.0)
    assert told == []
    assert watch.blind is None


def test_open_sky_is_not_judged_by_what_is_in_it() -> None:
    sky = np.full_like(WALL, 190.0)
    cloudy = np.asarray(150.0 + blurred(facade(seed=2), 40.0) * 0.3, np.float32)
    assert watched(SceneMonitor(None), _after(20.0, sky, cloudy), 40.0) == []


def test_a_clock_that_jumps_begins_and_ends_nothing() -> None:
    watch = SceneMonitor(None)
    told = watched(watch, WALL, 30.0)
    told += watched(watch, blurred(WALL, 80.0), 32.0, begin_s=30.0)
    told += watched(watch, WALL, 4000.0, begin_s=3990.0)
    told += watched(watch, WALL, 20.0, begin_s=0.0)
    assert told == []


def test_another_size_of_picture_keeps_a_reference_of_the_same_shape_and_drops_any_other() -> None:
    watch = SceneMonitor(Reference.of(np.round(WALL).astype(np.uint8)))
    assert watched(watch, WALL, 10.0) == []
    half = np.asarray(cv2.resize(WALL, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.float32)
    told = watched(watch, moved(half, 10.0, 0.0), 25.0, begin_s=10.0)
    assert kinds(told) == [("turned", "begins")]
    assert told[0].measures["shift_x_px"] == pytest.approx(10.0, abs=0.7)
    assert kinds(watched(watch, np.ascontiguousarray(half[:, :300]), 50.0, begin_s=25.0)) == []


def test_the_given_picture_is_never_written_to() -> None:
    luma = np.round(WALL).astype(np.uint8)
    luma.setflags(write=False)
    watch = SceneMonitor(None)
    for n in range(40):
        watch.update(luma, n / 4.0, repeated=False)


@pytest.mark.parametrize("name", ["rain_yard.mp4", "tree_in_wind.avi", "brightness_change.avi", "front_yard.mp4"])
def test_real_weather_trees_light_and_passers_by_raise_nothing(clips: Path, name: str) -> None:
    watch, detector, told = SceneMonitor(None), Detector(), []
    with VideoFile(clips / name) as video:
        for frame in islice(video, 750):
            told += watch.update(frame.luma, frame.t_s, detector.detect(frame).repeated)
    assert told == []
    assert watch.measures()["brightness"] > 20.0
