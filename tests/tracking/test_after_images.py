"""What a codec leaves behind of an object is no detection of the object."""

import numpy as np

from edgecv.tracking.after_images import after_images


def of(y_px: list[float], frames: list[int] | None = None) -> list[bool]:
    numbers = np.arange(len(y_px)) if frames is None else np.array(frames)
    return after_images(numbers, np.column_stack([np.full(len(y_px), 100.0), y_px])).tolist()


def test_detections_that_stand_where_a_fast_object_was_are_after_images() -> None:
    assert of([10.0, 14.0, 19.0, 25.0, 25.3, 24.9]) == [False] * 4 + [True] * 2


def test_the_object_that_goes_on_below_its_after_image_is_no_after_image() -> None:
    assert of([10.0, 14.0, 19.0, 19.2, 31.0, 38.0]) == [False, False, False, True, False, False]


def test_an_object_that_turns_at_its_top_stands_for_a_moment() -> None:
    t = np.arange(-6, 7)
    assert not any(of((100.0 + 0.15 * t * t).tolist()))


def test_an_object_at_rest_before_its_fall_is_no_after_image() -> None:
    assert not any(of([10.0] * 8 + [12.0, 16.0, 22.0]))


def test_a_slow_object_is_no_after_image_of_itself() -> None:
    assert not any(of((10.0 + 0.9 * np.arange(30)).tolist()))


def test_standing_again_after_a_gap_is_no_after_image() -> None:
    assert not any(of([10.0, 14.0, 19.0, 19.0], frames=[0, 1, 2, 8]))


def test_a_run_that_stands_beside_the_path_is_none_of_the_object() -> None:
    y = np.array([10.0, 13.0, 16.0, 19.0, 19.0, 19.0])
    x = np.array([100.0, 100.0, 100.0, 110.0, 110.0, 110.0])
    left_behind = after_images(np.arange(6), np.column_stack([x, y]))
    assert left_behind.tolist() == [False] * 3 + [True] * 3


def test_what_stands_for_longer_is_an_object_at_rest_at_which_a_bird_passed() -> None:
    y = [10.0, 14.0, 18.0, *[20.0] * 8, 21.0, 23.0, 26.0]
    assert not any(of(y))
