"""Manhole covers: a day of them through a rough channel, crews, decoders, and whatever bytes come in."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rehearsing import ROUGH, Rehearsal, rehearse, told

from edgecv.handlers.handler import MalformedError
from edgecv.handlers.manhole.payload_codecs import Decoder, reader
from edgecv.handlers.manhole.uplink import read_chirpstack
from edgecv.handlers.sensor_state import SensorState
from edgecv.simulation.devices.device_trace import MIDNIGHT_S, stamp_text
from edgecv.simulation.devices.lossy_channel import Channel
from edgecv.simulation.devices.manhole import CoverState, dev_eui, manhole_day, uplink

EUI = dev_eui(7)
TOPIC = f"application/1/device/{EUI}/event/up"
DAY = manhole_day(1, 0, "mqtt://127.0.0.1:1")


@pytest.fixture
def covers(tmp_path: Path) -> Rehearsal:
    return Rehearsal(tmp_path, {**DAY.settings, "maintenance": []})


def say(covers: Rehearsal, counter: int, minutes: float, stamped: bool = True, **state: Any) -> None:
    """One uplink of the cover, so many minutes after midnight."""
    at_s = MIDNIGHT_S + minutes * 60.0
    event = uplink(EUI, counter, at_s, CoverState(**state).as_bytes())
    if not stamped:
        del event["time"]
    covers.feed(TOPIC, event, at_s)
    covers.work()


def kinds(covers: Rehearsal, tier: str = "incident") -> list[str]:
    return [alarm.kind for alarm in covers.records() if alarm.tier == tier]


@pytest.mark.parametrize(
    ("seed", "channel", "skewed", "kill_every"), [(0, Channel(), 0.0, None), (1, ROUGH, 0.4, 5), (4, ROUGH, 0.4, 3)]
)
def test_a_day_of_covers_raises_each_alarm_once_and_nothing_else(
    tmp_path: Path, seed: int, channel: Channel, skewed: float, kill_every: int | None
) -> None:
    day = manhole_day(20, seed, "mqtt://127.0.0.1:1", skewed)
    found, rehearsal = rehearse(tmp_path, day, channel, seed + 1, kill_every=kill_every)
    assert found.perfect, told(found)
    assert {expected.kind for expected in found.found} == set(rehearsal.runner.handler.events)
    planned = {alarm.id for alarm in rehearsal.records() if alarm.tier == "candidate"}
    pushed = [event["id"] for event in rehearsal.messages("incident")]
    assert planned
    assert len(pushed) == len(set(pushed)) == len(found.found) - len(planned)
    assert not planned & set(pushed)
    if skewed:
        told_of = {event["subject"] for event in rehearsal.messages("device")}
        assert told_of == {"clock_skew", "maintenance_begun", "maintenance_ended"}


def test_a_lorry_moves_no_cover_but_two_readings_do(covers: Rehearsal) -> None:
    say(covers, 1, 0)
    say(covers, 2, 5, tilt_deg=30.0)
    say(covers, 3, 10)
    assert kinds(covers) == []
    say(covers, 4, 15, tilt_deg=30.0)
    say(covers, 5, 20, tilt_deg=30.0)
    assert kinds(covers) == ["manhole_moved"]
    assert covers.records()[0].started_at == stamp_text(MIDNIGHT_S + 15 * 60)


def test_an_uplink_that_comes_again_late_or_twice_is_no_second_reading(covers: Rehearsal) -> None:
    say(covers, 1, 0)
    say(covers, 2, 5, tilt_deg=30.0)
    say(covers, 2, 5, tilt_deg=30.0)
    say(covers, 4, 15)
    say(covers, 3, 10, tilt_deg=30.0)
    assert kinds(covers) == []
    assert covers.runner.context.counts["duplicates"] == 1
    assert covers.runner.context.counts["late"] == 1


def test_a_device_that_counts_anew_is_heard_with_and_without_its_join_and_stamps(covers: Rehearsal) -> None:
    say(covers, 9, 0)
    say(covers, 0, 5, tilt_deg=30.0)  # its stamp is newer
    say(covers, 1, 10, tilt_deg=30.0)
    assert kinds(covers) == ["manhole_moved"]
    say(covers, 500, 15, stamped=False)
    say(covers, 1, 20, stamped=False, tilt_deg=30.0)  # far below
    say(covers, 3, 25, stamped=False, shock_g=5.0)
    covers.feed(TOPIC.replace("/up", "/join"), {"deviceInfo": {"devEui": EUI}}, MIDNIGHT_S + 26 * 60)
    say(covers, 3, 30, stamped=False, water_cm=100)
    assert covers.runner.context.counts.get("duplicates", 0) == 0


def test_open_and_then_silent_is_stolen_and_not_merely_silent(covers: Rehearsal) -> None:
    say(covers, 1, 0)
    say(covers, 2, 5, is_open=True)
    for minute in range(6, 6 * 60, 5):
        covers.tell_time(MIDNIGHT_S + minute * 60.0)
    covers.work()
    assert kinds(covers) == ["manhole_stolen"]
    say(covers, 3, 400)
    say(covers, 4, 405)
    record = covers.records()[0]
    assert record.ended_at is not None
    assert [event["data"]["ended_at"] for event in covers.messages("update")] == [record.ended_at]


@pytest.mark.parametrize("seen", [3, 12, 40])
def test_a_sensor_without_a_clock_that_counts_anew_is_heard_from_its_second_word_on(
    covers: Rehearsal, seen: int
) -> None:
    for hour in range(seen):
        say(covers, hour, 60 * hour, stamped=False)
    for hour in range(4):  # its battery was changed, and nobody says so
        say(covers, hour, 60 * (seen + hour), stamped=False, tilt_deg=30.0 if hour >= 2 else 0.0)
        pass_minutes(covers, 60 * (seen + hour) + 1, 60 * (seen + hour) + 59)
    assert kinds(covers) == ["manhole_moved"]
    assert covers.runner.context.counts["duplicates"] == 1


def test_what_a_broker_sends_again_is_no_new_count(covers: Rehearsal) -> None:
    for hour in range(6):
        say(covers, hour, 60 * hour, stamped=False)
    for counter in range(6):
        say(covers, counter, 300 + counter / 60.0, stamped=False, tilt_deg=30.0)
    for hour in range(3):  # by a bridge that is a quarter of an hour late, beside what is new
        say(covers, 6 + hour, 60 * (6 + hour), stamped=False)
        say(covers, 3 + hour, 60 * (6 + hour) + 15, stamped=False, tilt_deg=30.0)
    assert kinds(covers) == []
    assert covers.runner.context.counts["duplicates"] == 9


def pass_minutes(covers: Rehearsal, from_minute: int, to_minute: int) -> None:
    for minute in range(from_minute, to_minute, 5):
        covers.tell_time(MIDNIGHT_S + minute * 60.0)
    covers.work()


def test_a_sensor_of_every_hour_is_not_silent_before_two_hours(covers: Rehearsal) -> None:
    for hour in range(6):
        say(covers, hour, 60 * hour, tilt_deg=30.0 if hour in {3, 5} else 0.0)  # as a lorry passes
        pass_minutes(covers, 60 * hour + 1, 60 * hour + 59)
    assert kinds(covers) == []
    covers.start()  # it is remembered
    pass_minutes(covers, 360, 445)
    assert kinds(covers) == []
    pass_minutes(covers, 450, 500)
    assert kinds(covers) == ["manhole_stolen"]


def test_an_outage_or_a_burst_does_not_change_how_often_a_sensor_speaks() -> None:
    state = SensorState()
    for hour in (0.0, 1.0, 2.0, 8.0, 9.0, 9.01, 10.0):
        state, _, _ = state.observe(None, None, MIDNIGHT_S + hour * 3600.0, hour * 3600.0)
    assert state.interval_s == pytest.approx(3600.0, rel=0.02)
    assert SensorState.from_stored(state.to_stored()) == state


def test_a_sensor_that_reports_changes_needs_no_second_word(tmp_path: Path) -> None:
    covers = Rehearsal(tmp_path, {**DAY.settings, "maintenance": [], "reports_changes": True})
    say(covers, 1, 0)
    say(covers, 2, 5, is_open=True)
    covers.tell_time(MIDNIGHT_S + 6 * 60.0)
    covers.work()
    assert kinds(covers) == ["manhole_moved"]


def test_a_crews_command_begins_and_ends_maintenance(covers: Rehearsal) -> None:
    topic = "edgecv/v1/home/dev/command"
    say(covers, 1, 0)
    order = {"command": "maintenance", "cover": EUI, "to": stamp_text(MIDNIGHT_S + 3600), "by": "crew 4"}
    covers.feed(topic, order, MIDNIGHT_S + 60)
    say(covers, 2, 5, is_open=True)
    say(covers, 3, 10, is_open=True, shock_g=5.0)
    assert kinds(covers) == []
    assert kinds(covers, "candidate") == ["manhole_damaged", "manhole_moved"]
    assert {record.details["planned_by"] for record in covers.records()} == {"crew 4"}
    covers.feed(topic, {"command": "maintenance_end", "cover": EUI}, MIDNIGHT_S + 15 * 60)
    say(covers, 4, 20, is_open=True)
    assert kinds(covers) == ["manhole_moved"]
    assert covers.records()[-1].details["left_open"] is True
    assert covers.messages("incident")[0]["data"]["text"] == f"{EUI} was left open after the planned work of crew 4"


def test_all_forms_of_payload_give_the_same_readings() -> None:
    state = CoverState(tilt_deg=30.0, is_open=True, shock_g=2.5, water_cm=55, gas_percent=7, battery_percent=61)
    as_bytes = reader(Decoder.model_validate(DAY.settings["decoder"]))(state.as_bytes(), None)
    cayenne = manhole_day(1, 1, "mqtt://127.0.0.1:1").settings["decoder"]
    as_cayenne = reader(Decoder.model_validate(cayenne))(state.as_cayenne(), None)
    assert as_bytes.keys() == as_cayenne.keys()
    for name, value in as_bytes.items():
        assert as_cayenne[name] == pytest.approx(value, abs=0.06), name  # LPP gives thousandths of g
    values = {"form": "values", "values": {"tilt_deg": "$.angle", "open": "$.lid", "position": "$.gps"}}
    read = reader(Decoder.model_validate(values))
    assert read(b"", {"angle": "30", "lid": True, "gps": [30.25, 120.16]}) == {
        "tilt_deg": 30.0,
        "open": 1.0,
        "latitude": 30.25,
        "longitude": 120.16,
    }


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
event_like = st.fixed_dictionaries(
    {},
    optional={
        "time": json_values | st.just("2026-03-02T00:00:00Z"),
        "deviceInfo": json_values | st.just({"devEui": EUI}),
        "fCnt": json_values | st.integers(0, 2**33),
        "fPort": json_values,
        "data": json_values | st.binary(max_size=20).map(lambda raw: base64.b64encode(raw).decode()),
        "object": json_values,
    },
)


DECODERS = [manhole_day(1, seed, "mqtt://h").settings["decoder"] for seed in (0, 1)]
DECODERS.append({"form": "values", "values": {"tilt_deg": "$..a", "acceleration": "$.b", "position": "$[0]"}})
READERS = [reader(Decoder.model_validate(decoder)) for decoder in DECODERS]


@given(st.binary(max_size=60) | event_like.map(lambda event: json.dumps(event).encode()))
@settings(max_examples=300, deadline=None)
def test_no_uplink_raises_anything_but_malformed(payload: bytes) -> None:
    try:
        found = read_chirpstack(TOPIC, payload)
    except MalformedError:
        return
    assert found is not None
    for read in READERS:
        try:
            assert all(isinstance(value, float) for value in read(found.raw, found.document).values())
        except MalformedError:
            continue


@given(payloads=st.lists(st.binary(max_size=60) | event_like.map(lambda e: json.dumps(e).encode()), max_size=12))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_malformed_uplinks_are_counted_with_one_example_and_never_fail_the_handler(
    tmp_path_factory: pytest.TempPathFactory, payloads: list[bytes]
) -> None:
    covers = Rehearsal(tmp_path_factory.mktemp("fuzz"), {**DAY.settings, "maintenance": []})
    topics = [TOPIC, TOPIC.replace("/up", "/status"), "edgecv/v1/home/dev/command", "nowhere"]
    for index, payload in enumerate(payloads):
        covers.feed(topics[index % len(topics)], payload, MIDNIGHT_S + index)
    covers.work()
    assert covers.runner.context.counts.get("failures", 0.0) == 0.0, covers.rows("SELECT * FROM unreadable")
    rows = covers.rows("SELECT reason, count, example FROM unreadable")
    assert sum(row["count"] for row in rows) == covers.runner.context.counts.get("unreadable", 0.0)
    assert all(row["example"] for row in rows)
