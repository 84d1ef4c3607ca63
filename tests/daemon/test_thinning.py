"""A late box analyses every second picture, and all of them again once it has caught up."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from edgecv.capture.packets import LATE_S
from edgecv.daemon.thinning import Thinning


def test_a_box_in_time_leaves_nothing_out() -> None:
    thinning = Thinning()
    assert not any(thinning.leaves_out(0.05) for _ in range(100))
    assert thinning.left_out == 0


def test_a_late_box_takes_every_second_picture_until_it_has_caught_up() -> None:
    thinning = Thinning()
    lags = [0.6, 1.1, 1.1, 1.1, 0.5, 0.4, 0.25, 0.15, 0.15, 0.5, 0.9]
    assert [thinning.leaves_out(lag) for lag in lags] == [False, True, False, True, False, True, False, *[False] * 4]
    assert thinning.left_out == 3


def test_it_begins_before_groups_of_pictures_are_dropped() -> None:
    thinning = Thinning()
    thinning.leaves_out(0.0)
    assert thinning.leaves_out(0.75 * LATE_S)


@given(st.lists(st.floats(0.0, 3.0), max_size=200))
def test_never_two_pictures_in_a_row_are_left_out(lags: list[float]) -> None:
    thinning = Thinning()
    left_out = [thinning.leaves_out(lag) for lag in lags]
    assert not any(a and b for a, b in pairwise(left_out))
    assert sum(left_out) == thinning.left_out
