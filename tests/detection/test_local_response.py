"""The strongest response in a window is the object where one is, and as seldom significant as it says where none is."""

from __future__ import annotations

import numpy as np
import pytest

from edgecv.detection.camera_motion import CameraMotion
from edgecv.detection.difference_history import DifferenceHistory
from edgecv.detection.local_response import LocalResponse, strongest_response

SHAPE = (60, 80)
PICTURES = 60
LEVEL = np.ones((2, 3), np.float32)


def _history(
    rng: np.random.Generator, spot: tuple[int, int, float] | None = None, ghost: float = 0.0
) -> DifferenceHistory:
    """White noise of 2 steps, smoothed as the kernel does; a spot of this height in picture 30 alone."""
    history = DifferenceHistory(SHAPE, 2, lag=3, max_s=100.0, max_bytes=1 << 22)
    for n in range(PICTURES):
        wide = np.pad(rng.normal(0.0, 2.0, SHAPE), 1)
        parts = [wide[i : i + SHAPE[0], j : j + SHAPE[1]] for i in range(3) for j in range(3)]
        picture = np.sum(parts, axis=0) / 3.0
        picture[20:24, 30:34] += ghost
        if spot is not None and n == 30:
            x, y, height = spot
            picture[y - 1 : y + 2, x - 1 : x + 2] += height
        _, response = history.advance(LEVEL)
        response[:] = np.clip(np.round(picture), -127, 127)
        history.label(n, n * 0.04, n * 0.04, CameraMotion())
    return history


def _look(history: DifferenceHistory, index: int, centre_px: tuple[float, float]) -> LocalResponse:
    planes = history.planes
    is_elsewhere = np.array([plane.frame != planes[index].frame for plane in planes])
    response = strongest_response(history, planes, index, centre_px, (12.0, 12.0), 10.0, is_elsewhere)
    assert response is not None
    return response


@pytest.mark.parametrize("height", [14.0, -14.0])
def test_an_object_of_either_sign_is_where_it_is(height: float) -> None:
    response = _look(_history(np.random.default_rng(1), (40, 30, height)), 30, (85.0, 57.0))
    assert np.hypot(response.x_px - (40.5 * 2 - 0.5), response.y_px - (30.5 * 2 - 0.5)) < 2.0
    assert response.snr * height > 0.0
    assert response.p_chance < 0.01


def test_what_stands_there_all_the_time_is_no_object() -> None:
    response = _look(_history(np.random.default_rng(2), ghost=60.0), 30, (63.0, 43.0))
    assert response.p_chance > 0.01


def test_chance_is_as_rare_as_it_says() -> None:
    rng = np.random.default_rng(3)
    history = _history(rng)
    places = rng.uniform((20.0, 20.0), (140.0, 100.0), (300, 2))
    p = np.array([_look(history, int(rng.integers(PICTURES)), (x, y)).p_chance for x, y in places])
    assert np.mean(p < 0.01) < 0.03
    assert 0.05 < np.mean(p < 0.2) < 0.35


def test_outside_the_picture_or_without_a_comparison_there_is_no_answer() -> None:
    history = _history(np.random.default_rng(4))
    planes, everywhere = history.planes, np.ones(PICTURES, np.bool_)
    assert strongest_response(history, planes, 5, (-90.0, 10.0), (9.0, 9.0), 10.0, everywhere) is None
    few = np.arange(PICTURES) < 5
    assert strongest_response(history, planes, 5, (60.0, 60.0), (9.0, 9.0), 10.0, few) is None


def test_a_person_is_larger_than_what_a_person_throws() -> None:
    rng = np.random.default_rng(5)
    history = _history(rng, (40, 30, 40.0))
    plane = history.planes[30]
    small = _look(history, 30, (81.0, 61.0)).extent_px2
    history.responses((plane,), slice(0, 1), slice(0, 1))
    history._ring[plane.slot, 20:45, 36:60] = 60
    assert _look(history, 30, (81.0, 61.0)).extent_px2 > 5.0 * small
