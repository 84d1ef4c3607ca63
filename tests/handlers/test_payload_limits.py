"""What a device sends is within bounds before it is stored: numbers, times, lengths, depth, and how often."""

from __future__ import annotations

import json
import math
import struct
from pathlib import Path
from typing import Any

import pytest
from handlers.known_timings import SHANGHAI
from rehearsing import Rehearsal

from edgecv.daemon.health import CameraHealth
from edgecv.daemon.state_publisher import StatePublisher
from edgecv.daemon.worker_messages import Heartbeat
from edgecv.handlers import Details, DeviceSettings, Handler, Input, MalformedError
from edgecv.handlers.device_clock import LONGEST_DELAY_S, DeviceClock
from edgecv.handlers.manhole.payload_codecs import Decoder, reader
from edgecv.handlers.manhole.uplink import read_chirpstack
from edgecv.handlers.medical.dose_book import MAX_DOSES
from edgecv.handlers.medical.fhir import read_resource
from edgecv.handlers.medical.timing import schedule_of
from edgecv.handlers.payload_limits import MAX_SENTENCE_CHARS, MAX_SUBJECT_CHARS
from edgecv.handlers.payload_values import a_counter, a_name, a_number, a_time_s, read_json
from edgecv.simulation.devices.device_trace import MIDNIGHT_S
from edgecv.simulation.devices.manhole import dev_eui
from edgecv.simulation.devices.medical import reports_day
from edgecv.simulation.devices.medication import medication_day
from edgecv.storage.retained_states import RetainedStates

NOW_S = 1_772_000_000.0


class Loose(Details):
    """Anything."""

    what: Any = None


class Talkative(Handler[DeviceSettings]):
    """Raises and keeps what it is told to."""

    kind = "talkative"
    settings = DeviceSettings
    events = {"odd": Loose}  # noqa: RUF012 - as another package's would be

    def sources(self) -> list[Any]:
        return []

    def receive(self, message: Input) -> None:
        order = json.loads(message.payload)
        if "alarm" in order:
            self.context.alarm(
                "odd", **({"subject": "x", "started_s": self.context.now_s, "text": "t"} | order["alarm"])
            )
        if "tell" in order:
            self.context.send_event("odd", order["tell"])
        if "put" in order:
            self.context.put(*order["put"])
        if "count" in order:
            self.context.count(order["count"])


RULES: dict[str, Any] = {
    "kind": "rules",
    "mqtt": {"url": "mqtt://127.0.0.1:1"},
    "topics": ["t"],
    "rules": [{"name": "r", "value": "$.v", "above": 1}],
}


@pytest.fixture
def talkative(tmp_path: Path) -> Rehearsal:
    return Rehearsal(tmp_path, RULES, handler=Talkative)


def deep(levels: int) -> Any:
    found: Any = 1
    for _ in range(levels):
        found = [found]
    return found


@pytest.mark.parametrize(
    "alarm",
    [
        {"subject": "x" * (MAX_SUBJECT_CHARS + 1), "details": {}},
        {"subject": "\ud800", "details": {}},
        {"text": "x" * (MAX_SENTENCE_CHARS + 1), "details": {}},
        {"text": "a\x00b", "details": {}},
        {"details": {"what": deep(900)}},
        {"details": {"what": "x" * 70_000}},
        {"details": {"what": ["x" * 1000] * 100}},
        {"details": {"what": 10**30}},
        {"details": {"what": "\udfff"}},
    ],
)
def test_an_alarm_beyond_its_bounds_is_set_aside_and_no_page_meets_it(talkative: Rehearsal, alarm: Any) -> None:
    talkative.feed("t", {"alarm": alarm}, NOW_S)
    talkative.feed("t", {"alarm": {"details": {}}}, NOW_S + 1)
    talkative.work()
    assert [record.subject for record in talkative.records()] == ["x"]
    assert len(talkative.rows("SELECT reason FROM unreadable")) == 1


@pytest.mark.parametrize("order", [{"tell": "\ud800"}, {"put": ["\ud800", 1]}, {"put": ["x" * 1000, 1]}])
@pytest.mark.parametrize("more", [{}, {"put": ["key", "x" * 300_000]}])
def test_what_a_handler_keeps_and_tells_is_checked_with_its_input(
    talkative: Rehearsal, order: dict[str, Any], more: dict[str, Any]
) -> None:
    talkative.feed("t", order | more, NOW_S)
    talkative.feed("t", {"put": ["good", 1]}, NOW_S + 1)
    talkative.work()
    assert dict(talkative.runner.context.items()) == {"good": 1}


@pytest.mark.parametrize(("started_s", "year"), [(-6e10, "2000"), (2.5e11, "2099"), (0.0, "2000")])
def test_times_that_no_calendar_holds_are_the_nearest_that_one_does(
    talkative: Rehearsal, started_s: float, year: str
) -> None:
    talkative.feed("t", {"alarm": {"started_s": started_s, "ended_s": started_s, "details": {}}}, NOW_S)
    talkative.work()
    (record,) = talkative.records()
    assert record.started_at[:4] == year
    assert record.ended_at is not None
    assert record.ended_at[:4] == year


def test_names_of_counters_are_bounded(talkative: Rehearsal) -> None:
    for n in range(1000):
        talkative.feed("t", {"count": f"made-up-{n}"}, NOW_S + n)
    talkative.work()
    assert len(talkative.runner.context.counts) <= 201
    assert sum(talkative.runner.context.counts.values()) == 2000  # those, and as many inputs


def test_reasons_are_bounded_over_restarts_too(talkative: Rehearsal) -> None:
    for n in range(60):
        talkative.start()
        talkative.runner.context.work.count_unreadable(f"reason {n}", "x" * 5000)
        talkative.runner.step(0.0)
    rows = talkative.rows("SELECT count, example FROM unreadable")
    assert sum(row["count"] for row in rows) == 60
    assert len(rows) <= 41
    assert max(len(row["example"] or "") for row in rows) <= 1000


@pytest.mark.parametrize(
    "payload",
    [
        b"NaN",
        b"[1e400]",
        b'{"a": Infinity}',
        b"9" * 400,
        b"[" * 900 + b"]" * 900,
        b'"\\ud800"',
        b"\xff",
        b"",
        b"0" * 2**21,
    ],
)
def test_json_that_others_could_not_read_again_is_malformed(payload: bytes) -> None:
    with pytest.raises(MalformedError):
        read_json(payload)


@pytest.mark.parametrize("value", ["nan", "1e400", 1e16, -1e16, 10**400, True, None, "x"])
def test_no_quantity_of_a_sensor_is_such_a_number(value: Any) -> None:
    with pytest.raises(MalformedError):
        a_number(value, "it")


@pytest.mark.parametrize("value", [-1, 1.5, 2**53 + 2, 1e300, "nan"])
def test_no_counter_of_a_device_is_such_a_number(value: Any) -> None:
    with pytest.raises(MalformedError):
        a_counter(value)


@pytest.mark.parametrize(
    "value",
    ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1970-01-01T00:00:00Z", 0, 5e9],
)
def test_times_of_a_clock_that_was_never_set_are_no_times(value: Any) -> None:
    assert a_time_s(value) is None


@pytest.mark.parametrize("value", ["\ud800", "a\x00", "two\nlines", "x" * 201, "", " ", None, 1.5, ["x"]])
def test_such_a_value_names_nothing(value: Any) -> None:
    with pytest.raises(MalformedError):
        a_name(value, "it")


def test_a_stamp_further_back_than_any_broker_keeps_messages_is_no_time_of_an_event() -> None:
    clock = DeviceClock()
    for second in range(10):
        clock, event_s = clock.read(NOW_S + second, NOW_S + second)
        assert event_s == NOW_S + second
    _, event_s = clock.read(NOW_S - LONGEST_DELAY_S - 1.0, NOW_S + 11)
    assert event_s == NOW_S + 11


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_floats_that_are_no_numbers_are_malformed_in_a_byte_layout(value: float) -> None:
    layout = {"form": "bytes", "fields": [{"name": "water_cm", "at": 0, "type": "f32"}]}
    with pytest.raises(MalformedError):
        reader(Decoder.model_validate(layout))(struct.pack(">f", value), None)


def test_a_payload_longer_than_lorawan_carries_is_malformed() -> None:
    eui = dev_eui(1)
    event = json.dumps({"data": "A" * 400}).encode()
    with pytest.raises(MalformedError):
        read_chirpstack(f"application/1/device/{eui}/event/up", event)


@pytest.mark.parametrize(
    "timing",
    [
        {"repeat": {"frequency": 1, "period": 1e-6, "periodUnit": "h"}},
        {"repeat": {"frequency": 1, "period": 1e300, "periodUnit": "wk"}},
        {"repeat": {"timeOfDay": ["08:00:00"] * 500}},
        {"event": ["2026-03-02T08:00:00Z"] * 500},
        {"event": ["9999-12-31T23:59:59Z"]},
    ],
)
def test_schedules_that_no_person_keeps_are_malformed(timing: dict[str, Any]) -> None:
    request = {
        "resourceType": "MedicationRequest",
        "id": "r1",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {"text": "x"},
        "subject": {"reference": "Patient/1"},
        "dosageInstruction": [{"timing": timing}],
    }
    resource = read_resource("PUT /fhir/MedicationRequest", json.dumps(request).encode(), ("MedicationRequest",))
    with pytest.raises(MalformedError):
        schedule_of(resource, SHANGHAI)


def test_a_dispenser_that_repeats_a_dose_under_new_ids_fills_no_disk(tmp_path: Path) -> None:
    day = medication_day(1, 1, "mqtt://127.0.0.1:1")
    doses = Rehearsal(tmp_path, dict(day.settings))
    schedule = day.sent[0]
    doses.feed(schedule.topic, schedule.raw(), MIDNIGHT_S)
    topic = next(message.topic for message in day.sent if message.topic != schedule.topic)
    for n in range(100):
        doses.feed(topic, {"id": f"d{n}", "schedule": schedule.payload["id"]}, MIDNIGHT_S + 12 * 3600 + n)
    doses.work()
    counts = doses.runner.context.counts
    assert counts["doses"] == MAX_DOSES
    assert counts["doses_too_many"] == 100 - MAX_DOSES


def test_whatever_a_camera_or_a_broker_says_the_state_can_be_stored(tmp_path: Path) -> None:
    states = StatePublisher(tmp_path, "home")
    beat = Heartbeat("watching", "said \ud800\x00\x1b[2J" + "x" * 10_000, True)
    states._set("north-1", CameraHealth("north-1", beat, None, 0, 0).state())
    states.send_event("north-1", "odd", "\ud800" * 5000)
    stored = RetainedStates(states._database).all()["north-1"]["text"]
    assert stored.startswith("said \\ud800\\x00\\x1b[2J")
    assert len(stored) <= 2000
    states.close()


def test_visits_that_are_over_are_forgotten_and_make_room(tmp_path: Path) -> None:
    day = reports_day(3, 1, "http://127.0.0.1:1")
    centre = Rehearsal(tmp_path, dict(day.settings))
    for message in day.sent:
        centre.feed(f"{message.method} {message.topic}", message.raw(), message.at_s)
    centre.work()
    assert centre.rows("SELECT key FROM device_state WHERE key LIKE 'visit/%'")
    centre.tell_time(MIDNIGHT_S + 5 * 86400.0)
    centre.tell_time(MIDNIGHT_S + 5 * 86400.0 + 7200.0)
    centre.work()
    assert not centre.rows("SELECT key FROM device_state WHERE key LIKE 'visit/%'")
