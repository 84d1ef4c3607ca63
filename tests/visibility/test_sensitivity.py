"""Falls drawn into live frames are counted honestly and leave no trace in them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from visibility.facades import Picture, blurred, facade, frames

from edgecv.capture.frame import Frame
from edgecv.geometry import PinholeCamera, looking_at
from edgecv.visibility import SensitivityResult, SensitivityTest
from edgecv.visibility.sharpness import Clarity
from edgecv.visibility.synthetic_falls import DrawnFall, FallMaker, draw

SIZE = (960, 544)
CAMERA = looking_at((0.0, 1.6, 35.0), (0.0, 20.0, 0.0), 850.0, SIZE)


def _run(picture: Picture, camera: PinholeCamera | None = None, duration_s: float | None = None) -> SensitivityResult:
    test = SensitivityTest(SIZE, 25.0, 3, camera, (), 4, duration_s)
    for frame in frames(picture, 25.0, 2000):
        result = test.feed(frame)
        if result is not None:
            assert test.over
            assert test.feed(frame) is None
            return result
    raise AssertionError("the test never ended")


def _a_fall() -> DrawnFall:
    fall = FallMaker(SIZE, None, (), np.random.default_rng(5)).fall(20.0)
    assert fall is not None
    return fall


@pytest.mark.parametrize("camera", [None, CAMERA], ids=["uncalibrated", "calibrated"])
def test_a_quiet_facade_sees_most_of_what_falls(camera: PinholeCamera | None) -> None:
    result = _run(facade(*SIZE), camera)
    assert result.drawn == 4
    assert result.seen >= 3
    assert result.fraction == result.seen / 4
    assert sum(drawn for drawn, _ in result.by_contrast.values()) == 4
    assert sum(seen for _, seen in result.by_contrast.values()) == result.seen
    assert 15.0 < result.duration_s < 30.0


@pytest.mark.parametrize(
    "worse",
    [lambda p: blurred(p, 15.0), lambda p: p * np.float32(0.06), lambda p: blurred(p, 60.0) * np.float32(0.6)],
    ids=["blurred", "dark", "covered"],
)
def test_a_camera_that_sees_badly_misses_what_it_would_see(worse: Callable[[Picture], Picture]) -> None:
    result = _run(worse(facade(*SIZE)))
    assert result.drawn == 4
    assert result.seen < _run(facade(*SIZE)).seen


def test_the_test_ends_in_the_time_it_is_given() -> None:
    result = _run(facade(*SIZE), duration_s=13.0)
    assert result.duration_s == pytest.approx(13.0, abs=0.1)
    assert result.drawn <= 2


def test_masks_over_the_whole_picture_leave_no_room_and_no_fraction() -> None:
    test = SensitivityTest(SIZE, 25.0, 1, None, [[(0, 0), (960, 0), (960, 544), (0, 544)]], 3)
    results = [test.feed(frame) for frame in frames(facade(*SIZE), 25.0, 260)]
    result = next(r for r in results if r is not None)
    assert result.drawn == 0
    assert result.fraction is None


def test_the_live_frames_are_never_written_to() -> None:
    test = SensitivityTest(SIZE, 25.0, 3, None, (), 1)
    for frame in frames(facade(*SIZE), 25.0, 320):
        before = frame.luma.copy()
        frame.luma.setflags(write=False)
        test.feed(frame)
        assert np.array_equal(frame.luma, before)


def test_a_source_that_begins_anew_is_warmed_up_anew_and_loses_no_fall() -> None:
    test = SensitivityTest(SIZE, 25.0, 3, None, (), 1)
    live = list(frames(facade(*SIZE), 25.0, 290))
    assert all(test.feed(frame) is None for frame in live)  # the fall is under way
    again = (Frame(f.index, f.t_s, f.luma) for f in frames(facade(*SIZE), 25.0, 400))
    result = next(r for r in map(test.feed, again) if r is not None)
    assert result.drawn == 1


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), calibrated=st.booleans())
def test_every_fall_goes_down_faster_and_faster_outside_the_masks(seed: int, calibrated: bool) -> None:
    mask = ((300.0, 0.0), (700.0, 0.0), (700.0, 544.0), (300.0, 544.0))
    maker = FallMaker(SIZE, CAMERA if calibrated else None, [mask], np.random.default_rng(seed))
    fall = maker.fall(25.0)
    assert fall is not None
    assert 0.7 < fall.duration_s <= 2.5
    assert 3.0 <= fall.size_px <= 8.0
    x, y = fall.path_px.T
    assert ((x < 300.0) | (x > 700.0)).all()
    assert (x > 0.0).all() and (x < 960.0).all() and (y > 0.0).all() and (y < 544.0).all()
    speed = np.diff(y)
    assert speed[-5:].mean() > speed[:5].mean()


@pytest.mark.parametrize("contrast", [20.0, -20.0])
def test_a_drawn_thing_has_its_place_and_its_light_to_a_fraction_of_a_pixel(contrast: float) -> None:
    fall = _a_fall()
    wall = np.full((SIZE[1], SIZE[0]), 100, np.uint8)
    drawn = wall.copy()
    draw(drawn, fall, 0.6, contrast, 0.0)
    change = drawn.astype(float) - 100.0
    y, x = np.nonzero(change)
    weight = change[y, x]
    assert np.sign(weight).tolist() == [np.sign(contrast)] * len(weight)
    assert np.average(x, weights=weight) == pytest.approx(fall.at(np.array([0.6]))[0, 0], abs=0.15)
    assert np.average(y, weights=weight) == pytest.approx(fall.at(np.array([0.6]))[0, 1], abs=0.15)
    assert weight.sum() == pytest.approx(contrast * np.pi / 4.0 * fall.size_px**2, rel=0.12)


def test_what_cannot_be_darker_than_black_is_drawn_brighter() -> None:
    fall = _a_fall()
    night = np.full((SIZE[1], SIZE[0]), 4, np.uint8)
    draw(night, fall, 0.6, -20.0, 0.0)
    assert night.max() > 15


def test_no_edge_to_judge_means_no_known_blur() -> None:
    assert Clarity(3.0, None).blur_px == 0.0
    assert Clarity(60.0, 0.2).blur_px == pytest.approx(3.85, abs=0.1)
