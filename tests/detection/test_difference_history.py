"""The ring of difference planes holds the last seconds, within its memory, and never hands out the plane it reads."""

from __future__ import annotations

import numpy as np
import pytest

from edgecv.detection.camera_motion import CameraMotion
from edgecv.detection.difference_history import DifferenceHistory

SHAPE = (4, 5)
LEVEL = np.ones((1, 1), np.float32)


def _run(history: DifferenceHistory, frames: range, interval_s: float = 0.04) -> None:
    for n in frames:
        lagged, response = history.advance(LEVEL)
        assert not np.shares_memory(lagged, response)
        response.fill(n)
        history.label(n, n * interval_s, n * interval_s, CameraMotion())


@pytest.mark.parametrize("lag", [1, 3])
def test_the_plane_of_lag_pictures_ago_is_read_and_zeros_before_the_first(lag: int) -> None:
    history = DifferenceHistory(SHAPE, 2, lag, max_s=0.2, max_bytes=1 << 20)
    for n in range(1, 30):
        lagged, response = history.advance(LEVEL)
        assert int(lagged[0, 0]) == max(0, n - lag)
        response.fill(n)
        history.label(n, n * 0.04, n * 0.04, CameraMotion())


def test_planes_are_those_of_the_last_seconds_oldest_first() -> None:
    history = DifferenceHistory(SHAPE, 2, lag=3, max_s=1.0, max_bytes=1 << 20)
    _run(history, range(100))
    frames = [plane.frame for plane in history.planes]
    assert frames == list(range(frames[0], 100))
    assert history.planes[-1].t_s - history.planes[0].t_s == pytest.approx(1.0, abs=0.041)
    responses = history.responses(history.planes, slice(0, 1), slice(2, 4))
    assert responses.reshape(len(frames), -1)[:, 1].tolist() == frames


def test_large_pictures_stay_for_less_time_and_the_lag_is_always_there() -> None:
    history = DifferenceHistory(SHAPE, 2, lag=3, max_s=10.0, max_bytes=6 * SHAPE[0] * SHAPE[1])
    _run(history, range(50))
    assert len(history.planes) == 6
    tiny = DifferenceHistory(SHAPE, 2, lag=3, max_s=10.0, max_bytes=1)
    _run(tiny, range(50))
    assert len(tiny.planes) == 4


def test_a_background_made_anew_forgets_what_was_and_takes_no_more_memory() -> None:
    history = DifferenceHistory(SHAPE, 2, lag=2, max_s=1.0, max_bytes=1 << 20)
    _run(history, range(10))
    earlier = {plane.slot for plane in history.planes}
    history.begin()
    assert not list(history.planes)
    lagged, _ = history.advance(LEVEL)
    history.label(11, 0.5, 0.5, CameraMotion())
    assert not lagged.any()
    assert history.planes[0].slot in earlier


def test_the_noise_of_a_picture_is_that_of_its_own_time() -> None:
    history = DifferenceHistory(SHAPE, 2, lag=1, max_s=1.0, max_bytes=1 << 20)
    level = np.ones((1, 1), np.float32)
    history.advance(level)
    history.label(0, 0.0, 0.0, CameraMotion())
    level.fill(3.0)
    history.advance(level)
    history.label(1, 0.04, 0.04, CameraMotion())
    assert [float(plane.level[0, 0]) for plane in history.planes] == [1.0, 3.0]
