"""A box that stays late analyses every second picture, and all of them again once it has caught up."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from edgecv.capture.packets import LATE_S
from edgecv.daemon.load_shedding import LoadShedder


def skipped(lags: Iterable[float], every_s: float = 0.04) -> list[bool]:
    """Which pictures are skipped at these lags, one picture every so often."""
    clock = [0.0]
    shedder = LoadShedder(lambda: clock[0])
    skips = []
    for lag in lags:
        clock[0] += every_s
        skips.append(shedder.skips_frame(lag))
    assert sum(skips) == shedder.skipped_frames
    return skips


def test_a_box_in_time_skips_no_frame() -> None:
    assert not any(skipped([0.05] * 100))


def test_a_stall_that_is_caught_up_with_skips_no_frame() -> None:
    """A second late all at once, and less so with every picture: within a second it is in time."""
    assert not any(skipped(max(0.0, 1.2 - 0.02 * n) for n in range(100)))


def test_a_box_that_stays_late_takes_every_second_picture_until_it_has_caught_up() -> None:
    skips = skipped([0.8] * 40 + [0.5, 0.4, 0.25, 0.15, 0.15, 0.5, 0.65])
    first = skips.index(True)
    assert 25 <= first <= 27
    assert skips[first:43] == [n % 2 == 0 for n in range(43 - first)]
    assert not any(skips[43:])


def test_a_box_that_falls_behind_fast_skips_frames_before_groups_of_pictures_are_dropped() -> None:
    lags = [0.04 * n for n in range(60)]
    first = skipped(lags).index(True)
    assert lags[first] < 0.9 * LATE_S


@given(st.lists(st.floats(0.0, 3.0), max_size=200))
def test_never_two_pictures_in_a_row_are_skipped(lags: list[float]) -> None:
    assert not any(a and b for a, b in pairwise(skipped(lags)))
