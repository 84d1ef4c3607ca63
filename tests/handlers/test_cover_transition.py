"""A cover's transitions, for any reports in any order: nothing twice, no theft lost, order by event time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edgecv.handlers.manhole.cover_events import CountInput, CoverEvent, CoverIdentity, RaiseAlarm, UpdateAlarm
from edgecv.handlers.manhole.cover_rules import CoverRules
from edgecv.handlers.manhole.cover_state import CoverState
from edgecv.handlers.manhole.cover_transition import Report, Transition, let_time_pass, take_report
from edgecv.handlers.manhole.maintenance_window import EVERY, Window, window_at
from edgecv.handlers.manhole.settings import ManholeSettings
from edgecv.handlers.manhole.silence import Silence
from edgecv.simulation.devices.manhole import manhole_day

START_S = 1_772_000_000.0
COVER = CoverIdentity("home", "covers", "70b3d5a1b2c3d4e5", "gate 1")
SETTINGS = ManholeSettings.model_validate(
    {
        **manhole_day(1, 0, "mqtt://127.0.0.1:1").settings,
        "maintenance": [],
        "reports_changes": True,
        "water": {"above": 50.0, "back": 40.0},
        "gas": {"above": 20.0},
        "battery": {"below": 20.0},
    }
)
RULES = CoverRules.of(SETTINGS)

readings = st.fixed_dictionaries(
    {},
    optional={
        "open": st.sampled_from([0.0, 1.0]),
        "tilt_deg": st.floats(0.0, 180.0),
        "shock": st.floats(0.0, 20.0),
        "loop_broken": st.sampled_from([0.0, 1.0]),
        "fault": st.sampled_from([0.0, 1.0]),
        "latitude": st.sampled_from([30.0, 30.5]),
        "longitude": st.sampled_from([120.0]),
        "water_cm": st.floats(0.0, 100.0),
        "gas_percent": st.floats(0.0, 100.0),
        "battery_percent": st.floats(0.0, 100.0),
    },
)
steps = st.lists(
    st.tuples(st.just("report"), readings, st.floats(1.0, 2000.0)) | st.tuples(st.just("time"), st.floats(1.0, 5000.0)),
    max_size=30,
)
Step = tuple[str, dict[str, float], float] | tuple[str, float]
windows = st.lists(
    st.builds(
        lambda cover, from_s, length_s: Window(cover, START_S + from_s, START_S + from_s + length_s, "crew 4"),
        st.sampled_from([COVER.id, EVERY]),
        st.floats(0.0, 20_000.0),
        st.floats(0.0, 10_000.0),
    ),
    max_size=2,
)


def transitions(
    sequence: list[Step], maintenance: list[Window]
) -> Iterator[tuple[CoverState, Report | None, Transition]]:
    """Each step's state before, its report, and what came of it; time only goes on."""
    state, now_s = CoverState(), START_S
    step: Any
    for step in sequence:
        report = None
        if step[0] == "report":
            now_s += step[-1]
            report = Report(step[1], now_s)
            transition = take_report(state, report, COVER, RULES, maintenance)
        else:
            now_s += step[1]
            transition = let_time_pass(state, now_s, Silence(step[1]), COVER, RULES, maintenance)
        yield state, report, transition
        state = transition[0]


def raised(events: tuple[CoverEvent, ...], kind: str | None = None) -> list[RaiseAlarm]:
    return [event for event in events if isinstance(event, RaiseAlarm) and kind in (None, event.kind)]


@given(steps, windows)
def test_the_same_report_twice_changes_nothing(sequence: list[Step], maintenance: list[Window]) -> None:
    for _, report, (state, _) in transitions(sequence, maintenance):
        if report is not None:
            again, events = take_report(state, report, COVER, RULES, maintenance)
            assert (again, events) == (state, ())


@given(steps, windows)
def test_a_theft_stays_until_its_alarm_has_an_end(sequence: list[Step], maintenance: list[Window]) -> None:
    for before, _, (after, events) in transitions(sequence, maintenance):
        thefts = [event.alarm for event in raised(events, "manhole_stolen")]
        assert len(thefts) <= 1
        assert before.stolen is None or not thefts
        stolen = thefts[0] if thefts else before.stolen
        ended = {event.alarm for event in events if isinstance(event, UpdateAlarm) and event.ended_s is not None}
        assert after.stolen == stolen or (after.stolen is None and stolen in ended)


@given(steps, windows)
@example([("report", {"open": 1.0}, 100.0), ("time", 5000.0)], [Window(COVER.id, START_S + 50.0, START_S + 100.0, "c")])
def test_every_alarm_of_the_state_was_raised_and_none_twice(sequence: list[Step], maintenance: list[Window]) -> None:
    alarms: set[str] = set()
    for _, _, (state, events) in transitions(sequence, maintenance):
        new = [event.alarm for event in raised(events)]
        assert not alarms & set(new)
        assert len(new) == len(set(new))
        alarms |= set(new)
        held = [state.displaced, state.away, state.loop, state.sensor, state.water, state.gas, state.battery]
        ids = {limit.alarm for limit in held} | {state.stolen}
        ids |= {state.planned.alarm if state.planned else None, state.shock.alarm if state.shock else None}
        assert ids - {None} <= alarms


@given(steps, readings, st.floats(0.0, 10_000.0))
def test_an_older_report_changes_nothing_but_the_series_of_shocks(
    sequence: list[Step], late: dict[str, float], at_s: float
) -> None:
    state = [CoverState(), *(after for _, _, (after, _) in transitions(sequence, []))][-1]
    report = Report(late, START_S + at_s, is_newest=False)
    after, events = take_report(state, report, COVER, RULES, [])
    assert replace(after, shock=state.shock) == state
    assert all(isinstance(event, CountInput) or event.kind == "manhole_damaged" for event in events)  # type: ignore[union-attr]
    quiet, _ = take_report(state, replace(report, readings=late | {"shock": 0.0}), COVER, RULES, [])
    assert quiet == state


@given(steps, windows)
def test_work_that_is_planned_is_never_pushed_and_work_on_every_cover_excuses_no_theft(
    sequence: list[Step], maintenance: list[Window]
) -> None:
    for before, _, (_, events) in transitions(sequence, maintenance):
        for event in raised(events):
            if event.kind == "manhole_stolen":
                assert event.window is None
            if event.window is not None:
                assert event.window == window_at(maintenance, event.started_s)
                assert event.details["planned_by"] == "crew 4"
        del before


@pytest.mark.parametrize("order", list(permutations((0.0, 1000.0, 2000.0))))
def test_shocks_close_in_time_are_one_alarm_in_whatever_order_they_come(order: tuple[float, ...]) -> None:
    state, alarms = CoverState(), []
    for at_s in order:
        state, events = take_report(state, Report({"shock": 5.0}, START_S + at_s, False), COVER, RULES, [])
        alarms += raised(events)
    assert len(alarms) == 1
    assert state.shock is not None
    assert (state.shock.first_s, state.shock.last_s) == (START_S, START_S + 2000.0)


@given(steps, windows)
def test_what_is_stored_of_a_cover_is_read_as_it_was(sequence: list[Step], maintenance: list[Window]) -> None:
    for _, _, (state, _) in transitions(sequence, maintenance):
        assert CoverState.from_stored(json.loads(json.dumps(state.to_stored()))) == state
