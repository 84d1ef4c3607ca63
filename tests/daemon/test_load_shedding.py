"""A box that stays late analyses every second picture, and all of them again once it has caught up."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from edgecv.capture.packets import LATE_S
from edgecv.daemon.load_shedding import Thinning


def left_out(lags: Iterable[float], every_s: float = 0.04) -> list[bool]:
    """What a thinning makes of these lags, a picture every so often."""
    clock = [0.0]
    thinning = Thinning(lambda: clock[0])
    told = []
    for lag in lags:
        clock[0] += every_s
        told.append(thinning.leaves_out(lag))
    assert sum(told) == thinning.left_out
    return told


def test_a_box_in_time_leaves_nothing_out() -> None:
    assert not any(left_out([0.05] * 100))


def test_a_stall_that_is_made_up_for_leaves_nothing_out() -> None:
    """A second late all at once, and less so with every picture: within a second it is in time."""
    assert not any(left_out(max(0.0, 1.2 - 0.02 * n) for n in range(100)))


def test_a_box_that_stays_late_takes_every_second_picture_until_it_has_caught_up() -> None:
    told = left_out([0.8] * 40 + [0.5, 0.4, 0.25, 0.15, 0.15, 0.5, 0.65])
    first = told.index(True)
    assert 25 <= first <= 27
    assert told[first:43] == [n % 2 == 0 for n in range(43 - first)]
    assert not any(told[43:])


def test_a_box_that_falls_behind_fast_thins_before_groups_of_pictures_are_dropped() -> None:
    lags = [0.04 * n for n in range(60)]
    first = left_out(lags).index(True)
    assert lags[first] < 0.9 * LATE_S


@given(st.lists(st.floats(0.0, 3.0), max_size=200))
def test_never_two_pictures_in_a_row_are_left_out(lags: list[float]) -> None:
    assert not any(a and b for a, b in pairwise(left_out(lags)))
