from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgecv.errors import ConfigError
from edgecv.geometry import FacadePlan, PinholeCamera, looking_at, solve_camera
from edgecv.native import AVAILABLE

SIZE = (1920, 1080)


@st.composite
def cameras(draw) -> PinholeCamera:
    """Cameras on the ground that look up at a facade."""
    distance = draw(st.floats(10.0, 60.0))
    target = draw(st.floats(0.3, 1.6)) * distance
    # a lens whose model holds over the whole picture, as that of any real camera does
    lens = (draw(st.floats(-0.1, 0.05)), draw(st.floats(0.0, 0.03)), 0.001, -0.001, 0.0)
    position = (draw(st.floats(-8.0, 8.0)), draw(st.floats(1.0, 4.0)), distance)
    return looking_at(position, (draw(st.floats(-4.0, 4.0)), target, 0.0), draw(st.floats(1100, 3000)), SIZE, lens)


def _facade_points(camera: PinholeCamera, count: int = 9) -> tuple[np.ndarray, np.ndarray]:
    """Points on the facade that the camera sees well inside its picture, spread over it."""
    grid = np.array([[x, y] for y in np.linspace(120, 960, 3) for x in np.linspace(200, 1720, 3)])[:count]
    facade = camera.on_facade(grid)
    return grid, facade


@given(cameras())
@settings(max_examples=60, deadline=None)
def test_a_pixel_carried_to_the_facade_and_back_is_the_same_pixel(camera) -> None:
    pixels, facade = _facade_points(camera)
    good = np.isfinite(facade).all(axis=1)
    back = camera.project(np.column_stack([facade[good], np.zeros(good.sum())]))
    assert np.allclose(back, pixels[good], atol=1e-3)


@pytest.mark.skipif(not AVAILABLE, reason="the C library was not built here: there was no C compiler")
@given(cameras(), st.lists(st.tuples(st.floats(-0.9, 0.9), st.floats(-0.6, 0.6)), max_size=20), st.floats(-0.01, 0.01))
def test_the_compiled_lens_model_is_inverted_to_the_same_bits(camera, points, k3) -> None:
    lens = replace(camera, distortion=np.array([*camera.distortion[:4], k3]))
    plane = np.array(points, np.float64).reshape(-1, 2)
    assert np.array_equal(lens._undistorted(plane, compiled=True), lens._undistorted(plane, compiled=False))


@given(cameras(), st.floats(-3, 3), st.floats(5, 30), st.floats(0.0, 5.0))
@settings(max_examples=60, deadline=None)
def test_the_ray_of_a_projected_point_passes_through_the_point(camera, x, y, z) -> None:
    point = np.array([x, y, z])
    pixel = camera.project(point)
    away = point - camera.position_m
    if not np.isfinite(pixel).all() or not (0 <= pixel[0] < SIZE[0] and 0 <= pixel[1] < SIZE[1]):
        return
    assert np.allclose(camera.ray(pixel), away / np.linalg.norm(away), atol=1e-5)


@given(cameras())
@settings(max_examples=60, deadline=None)
def test_pose_and_focal_length_come_back_from_points_on_the_facade(camera) -> None:
    pixels, facade = _facade_points(camera)
    if not np.isfinite(facade).all() or np.abs(facade).max() > 300:
        return
    solved = solve_camera(SIZE, pixels, facade, tuple(camera.distortion))
    # under a focal length that had to be assumed the lens bends by other pixels: by two where it decentres by 0.1 %
    assert solved.rms_px < (0.05 if solved.focal_determined else 2.0)
    if solved.focal_determined:
        assert solved.camera.focal_px == pytest.approx(camera.focal_px, rel=0.02)
        assert np.allclose(solved.camera.position_m, camera.position_m, atol=0.03 * camera.position_m[2])
    assert np.linalg.det(solved.camera.rotation) == pytest.approx(1.0)


def test_a_point_behind_the_camera_has_no_pixel() -> None:
    camera = looking_at((0.0, 1.5, 20.0), (0.0, 15.0, 0.0), 1000.0, SIZE)
    assert np.isnan(camera.project(np.array([0.0, 1.5, 40.0]))).all()


def test_a_point_that_the_lens_model_folds_back_into_the_picture_has_no_pixel() -> None:
    camera = looking_at((0.0, 1.0, 10.0), (0.0, 3.0, 0.0), 800.0, SIZE, (-0.15, 0.0, 0.001, -0.001, 0.0))
    assert np.isnan(camera.project(np.array([0.0, 22.0, 5.0]))).all()
    assert np.isfinite(camera.project(np.array([0.0, 6.0, 0.0]))).all()


def test_elevation_is_the_angle_of_the_optical_axis() -> None:
    camera = looking_at((0.0, 0.0, 10.0), (0.0, 10.0, 0.0), 1000.0, SIZE)
    assert camera.elevation_deg == pytest.approx(45.0)


@pytest.mark.parametrize(
    ("facade", "words"),
    [
        ([[0, 0], [5, 5], [10, 10]], "at least 4"),
        ([[0, 0], [5, 5], [10, 10], [15, 15], [20, 20]], "in a line"),
        ([[0, 0], [5, 0], [10, 0], [5, 9]], "three of the four"),
    ],
)
def test_degenerate_points_are_refused_with_the_reason(facade, words) -> None:
    camera = looking_at((3.0, 1.5, 25.0), (5.0, 8.0, 0.0), 1200.0, SIZE)
    points = np.array(facade, float)
    pixels = camera.project(np.column_stack([points, np.zeros(len(points))]))
    with pytest.raises(ConfigError, match=words):
        solve_camera(SIZE, pixels, points)


def test_a_wrong_point_is_named() -> None:
    camera = looking_at((3.0, 1.5, 25.0), (0.0, 12.0, 0.0), 1200.0, SIZE)
    pixels, facade = _facade_points(camera)
    pixels[4] += (60.0, -40.0)
    with pytest.raises(ConfigError, match="point 5 at pixel"):
        solve_camera(SIZE, pixels, facade)


def test_a_camera_square_to_the_facade_cannot_tell_its_focal_length() -> None:
    camera = looking_at((0.0, 12.0, 30.0), (0.0, 12.0, 0.0), 1500.0, SIZE)
    pixels, facade = _facade_points(camera)
    assert not solve_camera(SIZE, pixels, facade).focal_determined


@given(st.lists(st.floats(2.2, 6.0), min_size=1, max_size=30), st.floats(-3.0, 3.0))
def test_every_height_between_foot_and_roof_is_on_exactly_its_floor(heights, ground) -> None:
    plan = FacadePlan.of(heights, ground_m=ground)
    for floor in range(1, plan.floor_count + 1):
        foot, top = plan.floor_span_m(floor)
        assert plan.floor_at((foot + top) / 2) == floor
    assert plan.floor_at(ground - 0.01) is None
    assert plan.floor_at(float(plan.floor_edges_m[-1]) + 0.01) is None


def test_windows_are_found_from_left_to_right_with_the_wall_shared_between_them() -> None:
    plan = FacadePlan.of([3.0], [("b", 4.0, 6.0), ("a", 0.0, 2.0)])
    assert plan.window_at(1.0) == (0, "a")
    assert plan.window_at(2.9) == (0, "a")
    assert plan.window_at(3.1) == (1, "b")
    assert plan.window_at(9.0) is None


def test_overlapping_windows_and_flat_floors_are_refused() -> None:
    with pytest.raises(ValueError, match="overlap"):
        FacadePlan.of([3.0], [("a", 0.0, 2.0), ("b", 1.5, 3.0)])
    with pytest.raises(ValueError, match="above 0 m"):
        FacadePlan.of([3.0, 0.0])


def test_many_places_are_given_the_windows_that_claim_them() -> None:
    plan = FacadePlan.of([3.0], [("a", 0.0, 1.0), ("b", 3.0, 4.0)])
    # the wall between two windows is shared at its middle; 1 m beyond the outermost nothing is claimed
    assert plan.windows_at(np.array([-1.1, -0.9, 0.5, 1.9, 2.1, 4.9, 5.1])).tolist() == [-1, 0, 0, 0, 1, 1, -1]
    assert FacadePlan.of([3.0]).windows_at(np.array([0.0])).tolist() == [-1]
