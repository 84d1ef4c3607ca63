from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgecv.simulation.drawing import blend, blend_streaks, smear

SIZE = (96, 80)


def _centroid(cover: np.ndarray, x0: int, y0: int) -> tuple[float, float]:
    ys, xs = np.mgrid[0 : cover.shape[0], 0 : cover.shape[1]]
    return float((cover * xs).sum() / cover.sum() + x0), float((cover * ys).sum() / cover.sum() + y0)


@settings(max_examples=60, deadline=None)
@given(
    st.floats(30.0, 60.0),
    st.floats(30.0, 50.0),
    st.floats(0.3, 8.0),
    st.floats(1.0, 3.0),
    st.floats(0.0, 3.14),
)
def test_what_is_drawn_is_centred_within_a_tenth_of_a_pixel(
    x: float, y: float, radius: float, aspect: float, angle: float
) -> None:
    patch = smear(np.array([[x, y]]), np.array([radius * aspect, radius]), angle, SIZE)
    assert patch is not None
    assert _centroid(patch.cover, patch.x0, patch.y0) == pytest.approx((x, y), abs=0.1)


@settings(max_examples=40, deadline=None)
@given(st.floats(30.0, 60.0), st.floats(30.0, 50.0), st.floats(0.2, 8.0))
def test_the_light_is_that_of_the_area(x: float, y: float, radius: float) -> None:
    patch = smear(np.array([[x, y]]), np.array([radius, radius]), 0.0, SIZE)
    assert patch is not None
    assert patch.cover.sum() == pytest.approx(np.pi * radius**2, rel=0.12)
    assert patch.cover.max() <= 1.0 + 1e-5


@pytest.mark.parametrize("length", [0.0, 6.0, 25.0])
def test_a_smear_is_as_long_as_the_way_and_keeps_its_light(length: float) -> None:
    path = np.stack([30.0 + np.linspace(0.0, length, 60), np.full(60, 40.0)], axis=1)
    patch = smear(path, np.array([3.0, 3.0]), 0.0, SIZE)
    assert patch is not None
    row = patch.cover.max(axis=0)
    assert np.count_nonzero(row > 0.5 * row.max()) == pytest.approx(max(length, 6.0), abs=2.0)
    assert patch.cover.sum() == pytest.approx(np.pi * 9.0, rel=0.05)
    assert patch.sighting.w == pytest.approx(length + 6.0, abs=0.01)


def test_an_object_takes_the_place_of_the_background() -> None:
    picture = np.full((80, 96), 90.0, np.float32)
    patch = smear(np.array([[48.0, 40.0]]), np.array([6.0, 6.0]), 0.0, SIZE)
    assert patch is not None
    blend(picture, patch, 200.0)
    assert picture[40, 48] == pytest.approx(200.0, abs=0.5)
    assert picture[10, 10] == 90.0


def test_outside_the_picture_nothing_is_drawn() -> None:
    assert smear(np.array([[-50.0, 10.0]]), np.array([3.0, 3.0]), 0.0, SIZE) is None
    assert smear(np.array([[np.nan, 10.0]]), np.array([3.0, 3.0]), 0.0, SIZE) is None


def test_a_streak_lies_between_its_ends() -> None:
    picture = np.full((80, 96), 50.0, np.float32)
    blend_streaks(picture, np.array([[20.0, 10.0, 20.0, 60.0]]), np.array([2.0]), np.array([0.5]), 250.0)
    ys, xs = np.nonzero(picture > 60.0)
    assert (xs.min(), xs.max()) == pytest.approx((20, 20), abs=2)
    assert (ys.min(), ys.max()) == pytest.approx((10, 60), abs=2)
    assert picture.max() == pytest.approx(150.0, abs=3.0)
