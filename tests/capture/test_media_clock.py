from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecv.capture.media_clock import MediaClock

BASE = Fraction(1, 90_000)


def test_media_time_is_seconds_since_the_first_picture() -> None:
    clock = MediaClock(1_000_000, BASE, 0.04)
    assert [clock.time_of(1_000_000 + n * 3600) for n in range(3)] == [0.0, 0.04, 0.08]


def test_a_missing_or_repeated_stamp_is_repaired_with_the_usual_interval() -> None:
    clock = MediaClock(0, BASE, 0.04)
    times = [clock.time_of(pts) for pts in (0, 3600, None, 3600, 14400)]
    assert times == pytest.approx([0.0, 0.04, 0.08, 0.12, 0.16])


def test_a_true_pause_is_a_pause() -> None:
    clock = MediaClock(0, BASE, 0.04)
    clock.time_of(0)
    assert clock.time_of(90_000 * 7) == 7.0


@given(st.lists(st.one_of(st.none(), st.integers(-(2**33), 2**33)), min_size=2, max_size=50))
def test_time_always_advances_whatever_the_stamps(stamps: list[int | None]) -> None:
    clock = MediaClock(stamps[0], BASE, 0.04)
    times = [clock.time_of(pts) for pts in stamps]
    assert times[0] == 0.0
    assert all(b > a for a, b in pairwise(times))
