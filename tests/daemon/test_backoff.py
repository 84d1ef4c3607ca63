"""Waits between attempts grow, stay below their limit, and differ from box to box."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edgecv.daemon.backoff import Backoff


@given(first_s=st.floats(0.1, 2.0), failures=st.integers(0, 8))
def test_no_wait_is_longer_than_a_ceiling_that_doubles_up_to_the_longest(first_s: float, failures: int) -> None:
    backoff = Backoff(first_s, 30.0)
    for _ in range(failures):
        backoff.next_s()
    assert 0.0 <= backoff.next_s() <= min(first_s * 2**failures, 30.0)


def test_waits_spread_over_the_whole_range_so_that_boxes_do_not_come_back_in_step() -> None:
    backoff = Backoff(0.5, 30.0)
    for _ in range(10):
        backoff.next_s()
    waits = [backoff.next_s() for _ in range(1000)]
    assert min(waits) < 3.0
    assert max(waits) > 27.0
    assert 13.0 < sum(waits) / len(waits) < 17.0


def test_it_begins_anew_after_it_went_well() -> None:
    backoff = Backoff(0.5, 30.0)
    for _ in range(10):
        backoff.next_s()
    backoff.reset()
    assert backoff.next_s() <= 0.5


def test_days_of_failures_overflow_nothing() -> None:
    backoff = Backoff(0.5, 30.0)
    assert all(backoff.next_s() <= 30.0 for _ in range(3000))


def test_a_camera_that_refuses_the_password_is_asked_seldom_from_the_first_time_on() -> None:
    assert Backoff(0.5, 15.0).next_s(slow=True) == 15.0
