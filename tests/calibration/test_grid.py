"""The window grid of a still: rendered facades with known truth, and a real one."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edgecv.calibration.camera import solved_of
from edgecv.calibration.floor_periodicity import contrast_of, find_rows, repetitions
from edgecv.calibration.grid import WindowGrid, find_grid
from edgecv.calibration.rectify import rectify
from edgecv.calibration.single_image import calibrate_from_grid
from edgecv.calibration.vanishing import vanishing_points
from edgecv.errors import ConfigError
from edgecv.geometry import FacadePlan, PinholeCamera, looking_at

SIZE = (1280, 720)
WINDOWS = [("01", -9.0, -7.4), ("02", -5.0, -3.8), ("03", -1.6, 0.4), ("04", 3.0, 4.2), ("05", 7.2, 9.0)]
PLAN = FacadePlan.of([3.0] * 18, WINDOWS)
SILL, HEAD = 0.9, 2.3


def facade_picture(camera: PinholeCamera, seed: int = 0, supersample: int = 2) -> np.ndarray:
    """A wall with joints, windows that differ in brightness and clutter, seen by a camera: ``(h, w) uint8``."""
    rng = np.random.default_rng(seed)
    width, height = SIZE
    across, down = np.meshgrid(np.arange(width * supersample), np.arange(height * supersample))
    pixels = (np.stack([across, down], -1) + 0.5) / supersample - 0.5
    place = camera.on_facade(pixels)
    x, y = np.nan_to_num(place[..., 0], nan=1e6), np.nan_to_num(place[..., 1], nan=1e6)
    shade = np.full(x.shape, 150.0)
    shade[np.abs(np.mod(y, 1.0) - 0.5) > 0.485] -= 25.0  # joints of the tiles, three a floor
    glass = rng.uniform(30.0, 95.0, (18, len(WINDOWS)))
    for n, (_, left, right) in enumerate(WINDOWS):
        for floor in range(18):
            inside = (x > left) & (x < right) & (y > 3.0 * floor + SILL) & (y < 3.0 * floor + HEAD)
            shade[inside] = glass[floor, n]
            frame = inside & ((np.abs(x - (left + right) / 2.0) < 0.05) | (x < left + 0.07) | (x > right - 0.07))
            shade[frame] = 215.0
    shade[(np.abs(x) > 11.0) | (y > 54.0) | (y < 0.0)] = 200.0
    small = cv2.resize(shade, SIZE, interpolation=cv2.INTER_AREA) + rng.normal(0.0, 2.0, (height, width))
    return np.clip(small, 0, 255).astype(np.uint8)


def grid_of(grey: np.ndarray) -> WindowGrid:
    front = rectify(grey, vanishing_points(grey))
    contrast = contrast_of(front)
    plane = repetitions(front, contrast)[0]
    return find_grid(front, contrast, plane, find_rows(front, contrast, plane))


CAMERAS = {
    "square": looking_at((0.5, 1.6, 26.0), (0.0, 22.0, 0.0), 800.0, SIZE),
    "from the side": looking_at((9.0, 1.6, 24.0), (-1.0, 22.0, 0.0), 850.0, SIZE),
    "bent by its lens": looking_at((-4.0, 2.0, 26.0), (0.0, 22.0, 0.0), 800.0, SIZE, (-0.16, 0.03, 0.0, 0.0, 0.0)),
}


@pytest.mark.parametrize("camera", CAMERAS.values(), ids=CAMERAS.keys())
def test_every_window_is_found_and_floors_stand_where_they_are(camera: PinholeCamera) -> None:
    grid = grid_of(facade_picture(camera))
    assert grid.pixels.shape[1] == len(WINDOWS)
    lowest = PLAN.floor_at(float(np.nanmedian(camera.on_facade(grid.pixels[0])[:, 1])))
    assert lowest is not None
    found = calibrate_from_grid(grid, SIZE, PLAN, lowest)
    assert found.matched and [w.name for w in found.windows] == [name for name, *_ in WINDOWS]
    solved = solved_of(found.calibration, PLAN)
    places = np.array([[x, y, 0.0] for x in (-8.0, 0.0, 8.0) for y in np.arange(12.0, 50.0, 3.0)])
    pixels = camera.project(places)
    inside = ((pixels > 0) & (pixels < SIZE)).all(axis=1)
    off = solved.camera.on_facade(pixels[inside]) - places[inside, :2]
    assert inside.sum() > 12
    upwards = np.abs(off[:, 1])
    among = (places[inside, 1] > 3.0 * found.floors[0] - 3.0) & (places[inside, 1] < 3.0 * found.floors[1])
    assert upwards[among].max() < 0.4  # of floors of 3 m
    assert upwards.max() < 0.75  # and beyond the rows that were found
    assert np.abs(off[:, 0]).max() < 0.3


def test_without_a_list_of_windows_the_columns_come_out_as_wide_as_they_are() -> None:
    camera = CAMERAS["from the side"]
    grid = grid_of(facade_picture(camera, 3))
    bare = FacadePlan.of([3.0] * 18)
    lowest = PLAN.floor_at(float(np.nanmedian(camera.on_facade(grid.pixels[0])[:, 1])))
    found = calibrate_from_grid(grid, SIZE, bare, lowest or 1)
    assert not found.matched
    middles = np.array([(w.left_m + w.right_m) / 2.0 for w in found.windows])
    true = np.array([(left + right) / 2.0 for _, left, right in WINDOWS])
    # how long a metre sideways is follows from the slant, which vanishing points tell to some per cent
    np.testing.assert_allclose(middles - middles[0], true - true[0], rtol=0.08)


def test_more_rows_than_the_facade_has_floors_are_refused_with_what_to_correct() -> None:
    grid = grid_of(facade_picture(CAMERAS["square"]))
    with pytest.raises(ConfigError, match="correct --lowest-floor"):
        calibrate_from_grid(grid, SIZE, PLAN, 14)


def test_pictures_without_a_facade_are_refused_with_the_way_out() -> None:
    rng = np.random.default_rng(1)
    noise = cv2.GaussianBlur(rng.uniform(0, 255, (720, 1280)), (0, 0), 4.0)
    for grey in (np.full((720, 1280), 90, np.uint8), np.clip(noise * 3.0 - 255.0, 0, 255).astype(np.uint8)):
        with pytest.raises(ConfigError, match="mark points by hand"):
            grid_of(grey)


def test_the_real_tower_gives_a_regular_grid_of_its_three_columns(clips: Path) -> None:
    grey = cv2.imread(str(clips / "facade_tower.jpg"), cv2.IMREAD_GRAYSCALE)
    assert grey is not None
    grid = grid_of(np.asarray(grey, np.uint8))
    # counted in the picture: the dark bay in front has columns of one narrow, one narrow and one wide window
    assert grid.pixels.shape[1] == 3
    assert grid.pixels.shape[0] >= 11
    assert np.isfinite(grid.pixels).all(axis=(1, 2)).sum() >= 10
    found = calibrate_from_grid(grid, (grey.shape[1], grey.shape[0]), FacadePlan.of([2.9] * 30), 5)
    assert solved_of(found.calibration, None).rms_px < 2.0
    # read off the picture by eye: middles of two of the wide windows, which are some 130 and 100 pixels wide
    for mark in ((1737.0, 888.0), (1644.0, 464.0)):
        assert np.linalg.norm(grid.pixels[:, 2] - mark, axis=1).min() < 25.0
