"""What a calibration is solved from besides four points of a plane, how well it is known, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from edgecv.errors import ConfigError
from edgecv.geometry import FacadePlan, Neighbour, looking_at, solve_camera

SIZE = (1920, 1080)
CAMERA = looking_at((3.0, 1.6, 28.0), (0.0, 22.0, 0.0), 1200.0, SIZE)
PLANE = np.array([[x, y, 0.0] for y in (10.0, 20.0, 33.0) for x in (-8.0, 8.0)])


def _clicked(points: np.ndarray, seed: int, sd_px: float = 1.0) -> np.ndarray:
    return CAMERA.project(points) + np.random.default_rng(seed).normal(0.0, sd_px, (len(points), 2))


def test_the_stated_spread_of_heights_is_that_of_repeated_clicks() -> None:
    top = np.array([[0.0, 30.0]])
    pixel = CAMERA.project(np.array([[0.0, 30.0, 0.0]]))
    off, stated = [], []
    for seed in range(60):
        solved = solve_camera(SIZE, _clicked(PLANE, seed), PLANE)
        off.append(solved.camera.on_facade(pixel)[0, 1] - 30.0)
        stated.append(solved.place_sd_m(top)[0, 1])
    assert np.std(np.array(off) / np.array(stated)) == pytest.approx(1.0, abs=0.45)


def test_a_point_before_the_plane_tells_the_focal_length_that_a_square_view_leaves_open() -> None:
    square = looking_at((0.0, 20.0, 30.0), (0.0, 20.0, 0.0), 1100.0, SIZE)
    flat = np.array([[x, y, 0.0] for y in (13.0, 27.0) for x in (-9.0, 9.0)])
    deep = np.concatenate([flat, [[-5.0, 16.0, 6.0], [5.0, 24.0, 6.0]]])
    assert not solve_camera(SIZE, square.project(flat), flat).focal_determined
    solved = solve_camera(SIZE, square.project(deep), deep)
    assert solved.focal_determined
    assert solved.camera.focal_px == pytest.approx(1100.0, rel=0.01)


def test_known_verticals_narrow_what_four_noisy_points_leave_open() -> None:
    four = PLANE[[0, 1, 4, 5]]
    lines = [
        (tuple(CAMERA.project(np.array([x, 6.0, 0.0]))), tuple(CAMERA.project(np.array([x, 34.0, 0.0]))))
        for x in (-7.0, 0.0, 7.0)
    ]
    without = solve_camera(SIZE, _clicked(four, 2), four)
    helped = solve_camera(SIZE, _clicked(four, 2), four, verticals=lines)
    assert np.linalg.det(helped.covariance[:6, :6]) < np.linalg.det(without.covariance[:6, :6])


def test_a_facade_seen_edge_on_is_refused() -> None:
    flat = looking_at((0.0, 1.6, 1.5), (0.0, 40.0, 0.0), 1200.0, SIZE)
    places = np.array([[x, y, 0.0] for y in (25.0, 60.0, 90.0) for x in (-6.0, 6.0)])
    with pytest.raises(ConfigError, match="edge-on"):
        solve_camera(SIZE, flat.project(places), places)


def test_an_error_above_three_pixels_names_the_point_to_click_again() -> None:
    pixels = CAMERA.project(PLANE)
    pixels[3] += (45.0, -20.0)
    with pytest.raises(ConfigError, match=r"off by .* px \(at most 3\); point 4 at pixel"):
        solve_camera(SIZE, pixels, PLANE, focal_px=1200.0)


@pytest.mark.parametrize("turn", [-90.0, 35.0, 90.0])
def test_a_facade_beside_another_sees_the_same_world(turn: float) -> None:
    wing = Neighbour(FacadePlan.of([3.0] * 8, name="wing"), (9.0, 0.0, 2.0), turn)
    own = (1.5, 12.0, 0.4)
    seen = CAMERA.seen_from(wing.origin_m, wing.turn_deg)
    np.testing.assert_allclose(
        seen.project(np.array([own]))[0], CAMERA.project(np.array([wing.in_parent(own)]))[0], atol=1e-6
    )


def test_a_scaled_plan_has_every_length_scaled() -> None:
    plan = FacadePlan.of([4.0, 3.0], [("a", 1.0, 2.0, 1.2)]).scaled(1.5)
    assert plan.floor_edges_m.tolist() == [0.0, 6.0, 10.5]
    assert (plan.windows[0].left_m, plan.windows[0].right_m, plan.windows[0].balcony_m) == pytest.approx((1.5, 3, 1.8))


Lens = tuple[float, float, float, float, float]


@pytest.mark.parametrize("lens", [(-0.5, 0.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.5, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0, -6.0)])
def test_a_lens_that_folds_the_picture_is_refused_by_name_though_its_points_fit(
    lens: Lens,
) -> None:
    wide = looking_at((0.0, 5.0, 24.0), (0.0, 20.0, 0.0), 900.0, SIZE, lens)
    places = np.array([[x, y, 0.0] for y in (14.0, 18.0, 22.0) for x in (-4.0, 4.0)])
    with pytest.raises(ConfigError, match=r"distortion = \[.*\] folds the picture: \d+% of its pixels"):
        solve_camera(SIZE, wide.project(places), places, lens, 900.0)


def test_a_usual_wide_lens_is_taken() -> None:
    lens = (-0.3, 0.1, 0.001, -0.001, 0.0)
    wide = looking_at((0.0, 5.0, 24.0), (0.0, 20.0, 0.0), 1000.0, SIZE, lens)
    places = np.array([[x, y, 0.0] for y in (9.0, 18.0, 27.0) for x in (-8.0, 8.0)])
    assert solve_camera(SIZE, wide.project(places), places, lens, 1000.0).rms_px < 0.1


@pytest.mark.parametrize(
    "lens", [(0.0, 0.0, -0.4, 1000.0, 0.0), (1e300, 0.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0, -1e200)]
)
def test_a_lens_of_absurd_numbers_is_refused_in_one_line(lens: Lens) -> None:
    wide = looking_at((0.0, 5.0, 24.0), (0.0, 20.0, 0.0), 1000.0, SIZE)
    places = np.array([[x, y, 0.0] for y in (9.0, 18.0, 27.0) for x in (-8.0, 8.0)])
    pixels = wide.project(places)
    edges = [(tuple(pixels[0].tolist()), tuple(pixels[4].tolist()))]
    with pytest.raises(ConfigError):
        solve_camera(SIZE, pixels, places, lens, None, verticals=edges)
