"""What a device's time and counter are worth."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecv.handlers.device_clock import DeviceClock
from edgecv.handlers.sequence_number import SequenceWindow
from edgecv.handlers.thresholds import Limit, LimitState

NOON = 1_772_000_000.0
DAY = 86_400.0


def events(pairs: list[tuple[float, float]]) -> tuple[DeviceClock, list[float]]:
    """Stamps and arrivals, both seconds after noon, to event times after noon."""
    clock, found = DeviceClock(), []
    for stamp_s, arrived_s in pairs:
        clock, event_s = clock.read(NOON + stamp_s, NOON + arrived_s)
        found.append(event_s - NOON)
    return clock, found


def test_a_clock_that_is_right_is_taken_at_its_word_however_late_its_messages() -> None:
    clock, found = events([(0, 1), (60, 200), (120, 121), (180, 3000), (240, 3001), (3060, 3061)])
    assert found == [0, 60, 120, 180, 240, 3060]
    assert not clock.is_skewed


@pytest.mark.parametrize("off_s", [-DAY, -600.0, 500.0, 700.0, 7200.0, DAY])
def test_a_clock_that_is_off_is_corrected_within_ten_minutes_and_told_once(off_s: float) -> None:
    clock, told, found = DeviceClock(), 0, []
    for minute in range(60):
        true_s = NOON + 60.0 * minute
        clock, event_s = clock.read(true_s + off_s, true_s + 0.5)
        told += clock.is_newly_certain
        found.append(event_s - true_s)
    assert told == 1
    assert max(abs(error) for error in found[10:]) < 1.0


def test_an_hour_that_waited_at_the_broker_makes_no_clock_wrong() -> None:
    live = [(60.0 * n, 60.0 * n + 1.0) for n in range(10)]
    waited = [(60.0 * n, 4200.0 + 0.01 * n) for n in range(10, 70)]  # all at once, when the box is back
    after = [(60.0 * n, 60.0 * n + 1.0) for n in range(71, 80)]
    clock, found = events(live + waited + after)
    assert found == [stamp_s for stamp_s, _ in live + waited + after]
    assert not clock.is_skewed


def test_a_clock_that_is_set_back_by_a_day_is_followed() -> None:
    before = [(60.0 * n, 60.0 * n + 1.0) for n in range(10)]
    after = [(60.0 * n - DAY, 60.0 * n + 1.0) for n in range(10, 40)]
    _, found = events(before + after)
    assert found[-1] == pytest.approx(39 * 60.0, abs=2.0)


@given(st.lists(st.integers(0, 200), max_size=60))
def test_a_counter_is_new_once(counters: list[int]) -> None:
    order, seen = SequenceWindow(), set()
    for counter in counters:
        highest = order.highest
        order, place = order.place(counter, newer=False)
        if place != "duplicate":
            assert counter not in seen
        elif highest is not None and counter > highest - 64:
            assert counter in seen
        seen.add(counter)
        assert (place == "new") == (highest is None or counter > highest)


def test_what_comes_again_from_before_a_restart_is_no_news() -> None:
    order = SequenceWindow()
    for counter in (140, 141):
        order, _ = order.place(counter, newer=True)
    order, place = order.restarted().place(0, newer=True)
    assert place == "new"
    assert order.place(141, newer=False)[1] == "duplicate"
    assert order.place(1, newer=True)[1] == "new"


def test_a_limit_waits_for_its_time_and_its_way_back() -> None:
    limit = Limit(above=8, back=6, for_s=100, back_for_s=50)
    level, changes = LimitState(), []
    for at_s, value in ((0, 9), (60, 7), (90, 9), (120, 9), (130, 5), (150, 9), (160, 5), (200, 5), (215, 5), (220, 9)):
        level, change = level.step(limit, value, float(at_s))
        changes.append(change)
        if change == "raised":
            level = LimitState(level.since_s, level.last_s, level.worst, "id")
            assert level.since_s == 0.0
    assert changes == [None, None, None, "raised", None, None, None, None, "cleared", None]


def test_two_readings_far_apart_prove_nothing_of_the_time_between() -> None:
    limit = Limit(above=8, for_s=100)
    level, _ = LimitState().step(limit, 9, 0.0)
    level, change = level.step(limit, 9, 5000.0)
    assert (change, level.since_s) == (None, 5000.0)
