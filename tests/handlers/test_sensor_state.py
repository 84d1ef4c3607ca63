"""A sensor's state: what is stored is read again, lists of older versions too, and a message counts once."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edgecv.handlers.device_clock import DeviceClock
from edgecv.handlers.sensor_state import SensorState
from edgecv.handlers.sequence_number import Placement, SequenceWindow
from edgecv.handlers.thresholds import Limit, LimitState

NOW_S = 1_772_000_000.0
messages = st.lists(
    st.tuples(
        st.none() | st.floats(-2000.0, 2000.0).map(lambda lag_s: NOW_S + lag_s),
        st.none() | st.integers(0, 100),
        st.floats(0.0, 3600.0),
    ),
    max_size=20,
)


@given(messages)
@example([(NOW_S + 1.0, None, 0.0)])  # a clock that is a second fast
def test_a_message_with_a_counter_or_a_stamp_counts_once(sent: list[tuple[float | None, int | None, float]]) -> None:
    state, now_s = SensorState(), NOW_S
    for stamp_s, counter, pause_s in sent:
        now_s += pause_s
        state, placement, _ = state.observe(stamp_s, counter, now_s, now_s - NOW_S)
        if counter is not None or (stamp_s is not None and placement is Placement.NEW):
            again, repeated, _ = state.observe(stamp_s, counter, now_s, now_s - NOW_S)
            assert repeated is Placement.DUPLICATE
            assert again.event_s == state.event_s
            assert again.heard_s == state.heard_s


@given(messages)
def test_what_is_stored_of_a_sensor_is_read_as_it_was(sent: list[tuple[float | None, int | None, float]]) -> None:
    state = SensorState()
    for stamp_s, counter, _ in sent:
        state, _, _ = state.observe(stamp_s, counter, NOW_S, 0.0)
        assert SensorState.from_stored(json.loads(json.dumps(state.to_stored()))) == state


def test_lists_of_older_versions_are_read() -> None:
    stored = {"clock": [3600.0, NOW_S, [NOW_S, NOW_S, 61.0], 3], "order": [7, 5, -1], "event": NOW_S, "heard": 12.0}
    state = SensorState.from_stored(stored)
    assert state.clock == DeviceClock(3600.0, NOW_S, (NOW_S, NOW_S, 61.0), 3)
    assert state.sequence == SequenceWindow(7, 5, -1)
    assert (state.event_s, state.heard_s, state.silent) == (NOW_S, 12.0, None)
    assert LimitState.from_stored([NOW_S, NOW_S, 61.0, "id", None]) == LimitState(NOW_S, NOW_S, 61.0, "id", None)


@pytest.mark.parametrize("stored", [[], "x", {"clock": [1]}, {"order": {}}, {"silent": 1}, {"heard": "x"}])
def test_what_is_of_no_such_form_is_refused(stored: object) -> None:
    with pytest.raises((ValueError, TypeError, KeyError)):
        SensorState.from_stored(stored)


@given(st.lists(st.tuples(st.floats(0.0, 100.0), st.floats(1.0, 2000.0)), max_size=30))
def test_the_state_of_a_limit_is_read_as_it_was_and_takes_a_reading_once(readings: list[tuple[float, float]]) -> None:
    limit, state, at_s = Limit(above=50.0, back=40.0, for_s=300.0, back_for_s=300.0), LimitState(), NOW_S
    for value, pause_s in readings:
        at_s += pause_s
        state, change = state.step(limit, value, at_s)
        if change == "raised":
            assert state.since_s is not None
            state = LimitState(state.since_s, state.last_s, state.worst, "id")
        assert LimitState.from_stored(json.loads(json.dumps(state.to_stored()))) == state
        assert state.step(limit, value, at_s) == (state, None)
