"""Covers whose sensors speak rarely, are under water, or measure no level: an alarm, and not silence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from edgecv.handlers.manhole.cover_events import CoverEvent, CoverIdentity, RaiseAlarm, UpdateAlarm
from edgecv.handlers.manhole.cover_rules import CoverRules
from edgecv.handlers.manhole.cover_state import CoverState
from edgecv.handlers.manhole.cover_transition import Report, take_report
from edgecv.handlers.manhole.events import EVENTS
from edgecv.handlers.manhole.payload_codecs import Decoder, reader
from edgecv.handlers.manhole.settings import ManholeSettings
from edgecv.simulation.devices.manhole import manhole_day

START_S = 1_772_000_000.0
HOUR_S = 3600.0
COVER = CoverIdentity("home", "covers", "70b3d5a1b2c3d4e5", "gate 1")
DAY = manhole_day(1, 0, "mqtt://127.0.0.1:1").settings


def rules(**settings: Any) -> CoverRules:
    plain = {"maintenance": [], "debounce_s": 30.0, "silent_after_s": 26 * HOUR_S, "water": None}
    return CoverRules.of(ManholeSettings.model_validate({**DAY, **plain, **settings}))


def reported(reports: Sequence[tuple[float, dict[str, float]]], of: CoverRules) -> list[CoverEvent]:
    """The events of reports at so many hours."""
    state, events = CoverState(), list[CoverEvent]()
    for hour, readings in reports:
        state, more = take_report(state, Report(readings, START_S + hour * HOUR_S), COVER, of, ())
        assert CoverState.from_stored(state.to_stored()) == state
        events += more
    for event in events:
        if isinstance(event, RaiseAlarm):
            EVENTS[event.kind].model_validate(event.details)
    return events


def kinds(events: Sequence[CoverEvent]) -> list[str]:
    return [event.kind if isinstance(event, RaiseAlarm) else "over" for event in events]


@pytest.mark.parametrize(
    ("reading", "kind"),
    [
        ({"tilt_deg": 60.0}, "manhole_moved"),
        ({"open": 1.0}, "manhole_moved"),
        ({"fault": 1.0}, "manhole_damaged"),
        ({"loop_broken": 1.0}, "manhole_damaged"),
        ({"too_near": 1.0}, "manhole_water"),
    ],
)
@pytest.mark.parametrize("hours", [0.02, 1.0, 12.0])
def test_two_reports_in_a_row_are_an_alarm_however_rarely_a_sensor_speaks(
    reading: dict[str, float], kind: str, hours: float
) -> None:
    name = next(iter(reading))
    good = {name: 0.0}
    assert kinds(reported([(0.0, good), (hours, reading), (2 * hours, reading)], rules())) == [kind]
    assert kinds(reported([(0.0, reading), (hours, good), (2 * hours, reading)], rules())) == []


def test_reports_between_which_a_sensor_was_missed_are_none_in_a_row() -> None:
    tilted = {"tilt_deg": 60.0}
    assert kinds(reported([(0.0, tilted), (2.0, tilted)], rules(silent_after_s=HOUR_S))) == []


def test_water_up_to_an_ultrasonic_sensor_is_an_alarm_of_water_until_it_falls() -> None:
    read = reader(Decoder.model_validate({"preset": "dragino-ldds75", "height_cm": 300.0}))
    frames = ["0B450B0500010501", *["0B45001400010501"] * 3, "0B45019000010501", "0B450B0500010501"]
    reports = [(index / 3.0, read(bytes.fromhex(frame), None)) for index, frame in enumerate(frames)]
    events = reported(reports, rules(water={"above": 150.0}))
    assert kinds(events) == ["manhole_water", "over", "manhole_water", "over"]  # up to it, then 260 cm, then little
    near, _, level, _ = events
    assert isinstance(near, RaiseAlarm) and "nearer to the sensor than it can measure" in near.text
    assert isinstance(level, RaiseAlarm) and "260 cm of water" in level.text
    assert near.started_s == START_S + HOUR_S / 3.0


@pytest.mark.parametrize(
    ("preset", "nothing", "measured"),
    [
        ("milesight-em500-udl", "0382FDFF", "03821E00"),
        ("milesight-em500-swl", "0377FDFF", "03770200"),
        ("milesight-em400-mud", "04820000", "04824408"),
        ("decentlab-dl-mbx", "02012f000300000000 0bb1", "02012f000304d200010bb1"),
        ("elsys", "0E0000", "0E2311"),
    ],
)
def test_a_sensor_that_measures_no_level_for_hours_is_told(preset: str, nothing: str, measured: str) -> None:
    read = reader(Decoder.model_validate({"preset": preset, "height_cm": 900.0}))
    none, some = (read(bytes.fromhex(frame), None) for frame in (nothing, measured))
    events = reported([(0.0, some), *[(float(hour), none) for hour in range(1, 9)], (9.0, some)], rules())
    assert kinds(events) == ["manhole_damaged", "over"]
    first = events[0]
    assert isinstance(first, RaiseAlarm) and first.details["cause"] == "unmeasured"
    assert isinstance(events[1], UpdateAlarm) and events[1].ended_s == START_S + 9.0 * HOUR_S
    assert reported([(0.0, some), (1.0, none), (2.0, none), (3.0, some), (4.0, none)], rules()) == []
