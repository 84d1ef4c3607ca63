"""Lenses as wide as they are sold, straight and bent: solved from points, or refused with the reason."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edgecv.errors import ConfigError
from edgecv.geometry import PinholeCamera, SolvedCamera, looking_at, solve_camera

Float64 = NDArray[np.float64]
SIZE = (1920, 1080)
CENTER = np.array([959.5, 539.5])
GRID = np.array([[x, y, 0.0] for x in np.linspace(-18.0, 18.0, 9) for y in np.linspace(0.0, 48.0, 13)])
STRAIGHT = (0.0, 0.0, 0.0, 0.0, 0.0)


def camera_of(focal_px: float, distance_m: float = 14.0, aside_m: float = 3.0) -> PinholeCamera:
    return looking_at((aside_m, 2.0, distance_m), (0.0, 22.0, 0.0), focal_px, SIZE)


def seen(camera: PinholeCamera, shape: str, points: Float64, lens: tuple[float, ...] = STRAIGHT) -> Float64:
    """Pixels by the lens's own formula, NaN outside of the picture."""
    flat = (points - camera.position_m) @ camera.rotation.T
    plane = flat[:, :2] / flat[:, 2:]
    radius = np.linalg.norm(plane, axis=1)
    angle = np.arctan(radius)
    k1, k2, _, _, k3 = lens
    radial = {
        "opencv": radius * (1.0 + k1 * radius**2 + k2 * radius**4 + k3 * radius**6),
        "equidistant": angle,
        "stereographic": 2.0 * np.tan(angle / 2.0),
        "equisolid": 2.0 * np.sin(angle / 2.0),
    }[shape]
    pixels = CENTER + camera.focal_px * plane * (radial / radius)[:, None]
    outside = ((pixels < 0.0) | (pixels > np.array(SIZE) - 1.0)).any(axis=1) | (flat[:, 2] <= 0.0)
    return np.asarray(np.where(outside[:, None], np.nan, pixels), np.float64)


def spread(pixels: Float64, count: int) -> NDArray[np.int64]:
    """Points that lie far apart in the picture, as somebody would choose them."""
    (inside,) = np.nonzero(np.isfinite(pixels).all(axis=1))
    chosen = [int(inside[np.argmax(np.linalg.norm(pixels[inside] - CENTER, axis=1))])]
    while len(chosen) < count:
        nearest = np.linalg.norm(pixels[inside][:, None] - pixels[chosen][None], axis=2).min(axis=1)
        chosen.append(int(inside[np.argmax(nearest)]))
    return np.array(chosen)


def solved(
    camera: PinholeCamera,
    shape: str = "opencv",
    lens: tuple[float, ...] = STRAIGHT,
    count: int = 12,
    sd_px: float = 0.0,
    seed: int = 0,
) -> SolvedCamera:
    pixels = seen(camera, shape, GRID, lens)
    chosen = spread(pixels, count)
    clicks = pixels[chosen] + np.random.default_rng(seed).normal(0.0, sd_px, (count, 2))
    return solve_camera(SIZE, clicks, GRID[chosen, :2])


def worst_height_m(found: SolvedCamera, camera: PinholeCamera, shape: str, lens: tuple[float, ...] = STRAIGHT) -> float:
    """The largest error of a height on the facade, wherever the picture shows it between the first and last floor."""
    pixels = seen(camera, shape, GRID, lens)
    inside = np.isfinite(pixels).all(axis=1)
    return float(np.nanmax(np.abs(found.camera.on_facade(pixels[inside])[:, 1] - GRID[inside, 1])))


@pytest.mark.parametrize("focal_px", [300.0, 450.0, 600.0, 760.0, 900.0])
@pytest.mark.parametrize(("distance_m", "aside_m"), [(9.0, 0.0), (14.0, 3.0), (25.0, -12.0)])
def test_twelve_exact_points_of_a_straight_wide_lens_are_solved_exactly(
    focal_px: float, distance_m: float, aside_m: float
) -> None:
    camera = camera_of(focal_px, distance_m, aside_m)
    found = solved(camera)
    assert found.camera.focal_px == pytest.approx(focal_px, rel=1e-4)
    assert found.camera.position_m == pytest.approx(camera.position_m, abs=1e-3)
    assert not found.camera.distortion.any()


@settings(max_examples=12)
@given(st.floats(0.2, 4.0), st.integers(6, 14), st.floats(8.0, 30.0))
def test_a_straight_lens_of_any_focal_length_is_solved(share: float, count: int, distance_m: float) -> None:
    camera = camera_of(share * SIZE[0], distance_m)
    across_m = 0.9 * distance_m * np.hypot(20.0, distance_m) / distance_m / share
    step = min(across_m, 30.0) / 12.0
    target = np.array([0.0, 22.0])
    local = target + step * np.array([[x, y] for x in range(-5, 6, 2) for y in range(-3, 4, 2)])
    points = np.column_stack([local, np.zeros(len(local))])
    pixels = seen(camera, "opencv", points)
    if np.isfinite(pixels).all(axis=1).sum() < count:
        return
    chosen = spread(pixels, count)
    found = solve_camera(SIZE, pixels[chosen], points[chosen, :2])
    assert found.rms_px < 0.05 or not found.focal_determined


@pytest.mark.parametrize(
    ("shape", "focal_px", "lens"),
    [
        ("opencv", 700.0, (-0.2, 0.03, 0.0, 0.0, 0.0)),
        ("opencv", 900.0, (-0.35, 0.12, 0.0, 0.0, 0.0)),
        ("opencv", 1200.0, (-0.4, 0.2, 0.0, 0.0, 0.0)),
        ("stereographic", 800.0, STRAIGHT),  # 124 degrees across
        ("stereographic", 1100.0, STRAIGHT),
        ("equidistant", 900.0, STRAIGHT),  # 122 degrees: some 2.1 mm on a sensor of 1/2.7 inch
        ("equidistant", 1100.0, STRAIGHT),
        ("equisolid", 1100.0, STRAIGHT),
    ],
)
@pytest.mark.parametrize("sd_px", [0.0, 1.0])
def test_a_bent_lens_that_nobody_described_is_solved_with_the_pose(
    shape: str, focal_px: float, lens: tuple[float, ...], sd_px: float
) -> None:
    camera = camera_of(focal_px)
    found = solved(camera, shape, lens, 16, sd_px)
    assert found.camera.focal_px == pytest.approx(focal_px, rel=0.02)
    assert found.rms_px < 1.5 + sd_px  # half of what is refused
    assert worst_height_m(found, camera, shape, lens) < 0.3 + 0.2 * sd_px  # a tenth of a floor, and what clicks add


@pytest.mark.parametrize("count", [8, 20])
@pytest.mark.parametrize(
    ("shape", "half_width"),
    [
        ("equidistant", np.radians(65.0)),
        ("equidistant", np.radians(92.5)),
        ("equisolid", 2.0 * np.sin(np.radians(75.0) / 2.0)),
        ("equisolid", 2.0 * np.sin(np.radians(90.0) / 2.0)),
        ("stereographic", 2.0 * np.tan(np.radians(80.0) / 2.0)),
    ],
)
def test_a_fisheye_of_130_to_185_degrees_is_solved(shape: str, half_width: float, count: int) -> None:
    camera = camera_of(SIZE[0] / 2.0 / half_width, 8.0)
    found = solved(camera, shape, count=count, sd_px=0.8, seed=count)
    assert found.camera.is_fisheye
    assert found.camera.focal_px == pytest.approx(camera.focal_px, rel=0.02)
    assert worst_height_m(found, camera, shape) < 1.0  # of a facade of 48 m that is seen from 8 m


@pytest.mark.parametrize("angle_deg", [10.0, 60.0, 89.0, 100.0])
def test_a_fisheyes_rays_lead_back_to_their_pixels(angle_deg: float) -> None:
    lens = np.array([-0.02, 0.003, 0.0, 0.0])
    camera = replace(camera_of(560.0), distortion=lens)
    angle = np.radians(angle_deg)
    local = np.array(
        [[np.sin(angle) * np.cos(turn), np.sin(angle) * np.sin(turn), np.cos(angle)] for turn in (0.3, 4.0)]
    )
    points = camera.position_m + 7.0 * local @ camera.rotation
    pixels = camera.project(points)
    radius = angle * (1.0 - 0.02 * angle**2 + 0.003 * angle**4)
    assert np.linalg.norm(pixels - CENTER, axis=1) == pytest.approx(560.0 * radius)
    assert camera.ray(pixels) == pytest.approx(local @ camera.rotation, abs=1e-9)


def test_a_fisheye_that_faces_a_pixel_sees_the_same_world() -> None:
    camera = replace(camera_of(560.0, 8.0), distortion=np.zeros(4))
    pixel = np.array([1450.0, 700.0])
    turned = camera.facing(pixel).facing(np.array([200.0, 300.0])).facing(pixel)
    assert turned.rotation @ turned.ray(pixel) == pytest.approx([0.0, 0.0, 1.0], abs=1e-9)
    assert turned.project(GRID) == pytest.approx(camera.project(GRID), abs=1e-6, nan_ok=True)
    assert turned.on_facade(pixel) == pytest.approx(camera.on_facade(pixel))


def test_too_few_points_for_a_bent_lens_say_how_many_are_needed() -> None:
    with pytest.raises(ConfigError, match="mark 8 points or more instead of 7, out to the edges"):
        solved(camera_of(900.0), "equidistant", count=7)


@pytest.mark.parametrize("count", [8, 10])
def test_eight_points_solve_a_lens_of_one_family(count: int) -> None:
    assert solved(camera_of(900.0), "equidistant", count=count, sd_px=1.0, seed=count).rms_px < 2.5


@pytest.mark.parametrize(
    ("shape", "focal_px", "off_px", "count"),
    [
        ("equidistant", 650.0, (110.0, -160.0), 8),
        ("equidistant", 650.0, (-25.0, 20.0), 12),
        ("opencv", 1200.0, (110.0, -160.0), 8),
    ],
)
def test_the_outermost_click_is_named_where_it_is_wrong(
    shape: str, focal_px: float, off_px: tuple[float, float], count: int
) -> None:
    pixels = seen(camera_of(focal_px, 10.0), shape, GRID)
    chosen = spread(pixels, count)  # the first is the outermost
    clicks = pixels[chosen] + np.random.default_rng(count).normal(0.0, 0.8, (count, 2))
    clicks[0] += off_px
    with pytest.raises(ConfigError, match=r"point 1 at pixel .* click it again"):
        solve_camera(SIZE, clicks, GRID[chosen, :2])


@pytest.mark.parametrize("off_px", [15.0, 45.0, 120.0])
def test_a_wrong_click_is_no_bent_lens(off_px: float) -> None:
    camera = camera_of(1200.0)
    pixels = seen(camera, "opencv", GRID)
    chosen = spread(pixels, 12)
    clicks = pixels[chosen] + np.random.default_rng(3).normal(0.0, 0.7, (12, 2))
    clicks[4] += (0.8 * off_px, -0.6 * off_px)
    with pytest.raises(ConfigError, match=r"point 5 at pixel .* click it again"):
        solve_camera(SIZE, clicks, GRID[chosen, :2])


@pytest.mark.parametrize(("point", "off_px"), [(2, (40.0, 20.0)), (5, (12.0, 8.0)), (7, (-60.0, 90.0))])
@pytest.mark.parametrize(("shape", "lens"), [("equidistant", STRAIGHT), ("opencv", (-0.35, 0.12, 0.0, 0.0, 0.0))])
def test_one_wrong_click_through_a_bent_lens_is_named_and_not_the_lens(
    point: int, off_px: tuple[float, float], shape: str, lens: tuple[float, ...]
) -> None:
    pixels = seen(camera_of(900.0), shape, GRID, lens)
    chosen = spread(pixels, 12)
    clicks = pixels[chosen] + np.random.default_rng(12).normal(0.0, 1.0, (12, 2))
    clicks[point] += off_px
    with pytest.raises(ConfigError, match=rf"point {point + 1} at pixel .* click it again"):
        solve_camera(SIZE, clicks, GRID[chosen, :2])


def test_a_lens_that_was_described_is_not_solved_anew() -> None:
    camera, lens = camera_of(900.0), (-0.35, 0.12, 0.0, 0.0, 0.0)
    pixels = seen(camera, "opencv", GRID, lens)
    chosen = spread(pixels, 12)
    found = solve_camera(SIZE, pixels[chosen], GRID[chosen, :2], distortion=lens)
    assert found.camera.distortion.tolist() == list(lens)
    with pytest.raises(ConfigError, match="click it again"):
        solve_camera(SIZE, pixels[chosen], GRID[chosen, :2], distortion=(0.2, 0.0, 0.0, 0.0, 0.0))
