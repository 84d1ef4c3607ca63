from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edgecv.daemon.backoff import Backoff


@given(first_s=st.floats(0.1, 2.0), doublings=st.integers(0, 8))
def test_each_wait_doubles_up_to_the_longest_and_no_two_boxes_wait_alike(first_s: float, doublings: int) -> None:
    backoff = Backoff(first_s, 30.0)
    for _ in range(doublings):
        backoff.next_s()
    wait_s = backoff.next_s()
    plain_s = min(first_s * 2**doublings, 30.0)
    assert plain_s <= wait_s <= plain_s + first_s


def test_it_begins_anew_after_it_went_well() -> None:
    backoff = Backoff(0.5, 30.0)
    waits = [backoff.next_s() for _ in range(10)]
    assert waits[-1] >= 30.0
    backoff.reset()
    assert backoff.next_s() <= 1.0


def test_a_camera_that_refuses_the_password_is_asked_seldom_from_the_first_time_on() -> None:
    assert Backoff(0.5, 15.0).next_s(slow=True) == 15.0
