"""Whatever bytes come on whatever topic: the handler goes on, the message is acknowledged, the next one is handled."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from brokers import running_broker
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from paho.mqtt.publish import multiple
from rehearsing import Rehearsal
from waiting import wait_for

from edgecv.config.devices import MqttInput
from edgecv.handlers import sensor_monitor
from edgecv.handlers.handler_runner import HandlerRunner
from edgecv.handlers.sources.mqtt import MqttSource
from edgecv.simulation.devices.device_trace import MIDNIGHT_S, Day
from edgecv.simulation.devices.hygiene import hygiene_day
from edgecv.simulation.devices.manhole import manhole_day
from edgecv.simulation.devices.medical import reports_day
from edgecv.simulation.devices.medication import medication_day
from edgecv.simulation.devices.rules import water_day
from edgecv.storage.database import DATABASE, Database

URL = "mqtt://127.0.0.1:1"
DAYS: dict[str, Day] = {
    "manhole": manhole_day(2, 1, URL),
    "hygiene": hygiene_day(1, 1, URL),
    "rules": water_day(1, 1, URL),
    "medication": medication_day(2, 1, URL),
    "medical_reports": reports_day(2, 1, "http://127.0.0.1:1"),
}
ANY_JSON: dict[str, Any] = {
    "kind": "rules",
    "mqtt": {"url": URL},
    "topics": ["t/#"],
    "subject": "$.id",
    "time": "$.time",
    "rules": [{"name": "r", "value": "$.v", "above": 1}],
}
NASTY = st.sampled_from(
    [
        "\ud800",
        "a\x00b",
        "x" * 70_000,
        "line\nbreak",
        float("nan"),
        float("inf"),
        1e308,
        -1e308,
        10**400,
        2**60,
        -1,
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999Z",
        "9999-12-31T23:59:59-14:00",
        253402300799,
        None,
        True,
        [],
        {},
        [[[[1]]]],
        {"a": {"b": None}},
    ]
)
DEEP = b'{"id":' + b"[" * 900 + b"]" * 900 + b"}"


def topic_of(message: Any) -> str:
    return message.topic if message.method is None else f"{message.method} {message.topic}"


def leaves(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all values."""
    found = [path] if path else []
    if isinstance(document, dict | list):
        for key, value in document.items() if isinstance(document, dict) else enumerate(document):
            found += leaves(value, (*path, key))
    return found


def with_value(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(document)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return changed


@st.composite
def hostile(draw: Callable[..., Any], day: Day) -> tuple[str, bytes]:
    message = draw(st.sampled_from(day.sent[:40]))
    topic = draw(
        st.just(topic_of(message)) | st.just("edgecv/v1/home/dev/command") | st.text(st.characters(), max_size=600)
    )
    if draw(st.booleans()):
        return topic, draw(st.binary(max_size=80) | st.just(DEEP) | st.just(b"9" * 5000))
    document = json.loads(message.raw())
    path = draw(st.sampled_from(leaves(document)))
    return topic, json.dumps(with_value(document, path, draw(NASTY))).encode()


@pytest.mark.parametrize("kind", sorted(DAYS))
@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_message_keeps_a_handler_from_the_next(
    tmp_path_factory: pytest.TempPathFactory, kind: str, data: st.DataObject
) -> None:
    day = DAYS[kind]
    rehearsal = Rehearsal(tmp_path_factory.mktemp("hostile"), dict(day.settings))
    messages = data.draw(st.lists(hostile(day), min_size=1, max_size=12))
    for second, (topic, payload) in enumerate(messages):
        rehearsal.feed(topic, payload, MIDNIGHT_S + second)
    rehearsal.work()
    before = rehearsal.runner.context.counts.get("unreadable", 0.0)
    good = day.sent[0]
    rehearsal.feed(topic_of(good), good.raw(), MIDNIGHT_S + 60)
    rehearsal.work()
    context = rehearsal.runner.context
    assert context.counts.get("unreadable", 0.0) == before
    assert context.counts["inputs"] == len(messages) + 1
    for record in rehearsal.records():
        assert "2000" <= record.started_at[:4] < "2100"
    rows = rehearsal.rows("SELECT sum(count) AS n, max(length(example)) AS longest FROM unreadable")
    assert (rows[0]["n"] or 0) == before
    assert (rows[0]["longest"] or 0) <= 1000


@pytest.mark.parametrize("name", ["\ud800", "a\x00b", "x" * 300, "two\nlines", "\u2028"])
def test_a_name_no_database_takes_is_set_aside_with_its_reason(tmp_path: Path, name: str) -> None:
    rules = Rehearsal(tmp_path, ANY_JSON)
    rules.feed("t/1", {"id": name, "v": 5}, MIDNIGHT_S)
    rules.feed("t/1", {"id": "good", "v": 5}, MIDNIGHT_S + 1)
    rules.work()
    assert [alarm.subject for alarm in rules.records()] == ["good"]
    (row,) = rules.rows("SELECT reason, count, example FROM unreadable")
    assert row["count"] == 1
    assert row["reason"]
    assert row["example"].startswith("t/1: ")


def test_what_the_database_refuses_of_one_input_costs_only_that_input(tmp_path: Path) -> None:
    rules = Rehearsal(tmp_path, ANY_JSON)
    context = rules.runner.context
    receive = rules.runner.handler.receive

    def refused(one: Any) -> None:
        receive(one)
        if b"bad" in one.payload:  # what no check of ours thought of
            context.work.current.events.append({"without": "an id"})

    rules.runner.handler.receive = refused  # type: ignore[method-assign,assignment]
    for second, name in enumerate(("first", "bad", "last")):
        rules.feed("t/1", {"id": name, "v": 5}, MIDNIGHT_S + second)
    rules.work()
    assert {alarm.subject for alarm in rules.records()} == {"first", "last"}
    (row,) = rules.rows("SELECT reason, count, example FROM unreadable")
    assert "the database does not take" in row["reason"]
    assert "bad" in row["example"]
    assert rules.runner.degraded()
    rules.start()
    assert [key for key, _ in rules.runner.context.items("sensor/")] == ["sensor/first", "sensor/last"]


def test_one_subject_for_which_what_is_due_fails_keeps_no_other_waiting(tmp_path: Path) -> None:
    rules = Rehearsal(tmp_path, ANY_JSON | {"silent_after_s": 60})
    for name in ("a", "broken", "c"):
        rules.feed("t/1", {"id": name, "v": 0}, MIDNIGHT_S)
    rules.work()
    name_of = rules.runner.handler._monitor._name  # type: ignore[attr-defined]

    def fails(subject: str) -> str:
        if subject == "broken":
            raise ZeroDivisionError
        return name_of(subject)  # type: ignore[no-any-return]

    rules.runner.handler._monitor._name = fails  # type: ignore[attr-defined]
    for second in (61, 62, 63):
        rules.tell_time(MIDNIGHT_S + second)
    rules.work()
    assert {alarm.subject for alarm in rules.records()} == {"a", "c"}
    (row,) = rules.rows("SELECT reason, count, example FROM unreadable")
    assert (row["reason"], row["count"], row["example"]) == (
        "telling who is silent fails: ZeroDivisionError",
        1,  # not once a second
        "broken",
    )


def test_made_up_names_fill_neither_memory_nor_disk_and_are_forgotten_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sensor_monitor, "MAX_SENSORS", 20)
    rules = Rehearsal(tmp_path, ANY_JSON)
    for n in range(50):
        rules.feed("t/1", {"id": f"made-up-{n}", "v": 5}, MIDNIGHT_S + n)
    rules.work()
    assert len(rules.rows("SELECT key FROM device_state WHERE key LIKE 'sensor/%'")) == 20
    (row,) = rules.rows("SELECT reason, count FROM unreadable")
    assert (row["reason"], row["count"]) == ("is of one sensor more than the 20 that are followed", 30)
    rules.tell_time(MIDNIGHT_S + sensor_monitor.FORGET_S + 3600)
    rules.feed("t/1", {"id": "new", "v": 0}, MIDNIGHT_S + sensor_monitor.FORGET_S + 3601)
    rules.work()
    keys = {row["key"] for row in rules.rows("SELECT key FROM device_state WHERE key NOT LIKE '.%'")}
    assert keys == {"sensor/new", "level/new/r"}


def test_states_that_a_cover_reports_of_itself_are_bounded_like_its_messages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sensor_monitor, "MAX_SENSORS", 20)
    covers = Rehearsal(tmp_path, {**DAYS["manhole"].settings, "maintenance": [], "battery": {"below": 15}})
    for n in range(50):
        topic = f"application/1/device/{n:016x}/event/status"
        covers.feed(topic, {"batteryLevel": 3.0}, MIDNIGHT_S + n)
    covers.work()
    assert len(covers.rows("SELECT key FROM device_state WHERE key LIKE 'level/%'")) <= 20


ODD = ['"text"', "[]", "{}", "[1]", '{"heard": null}', '{"heard": "x", "silent": 3}', "17", "{not json", "[" * 3000]


@pytest.mark.parametrize("kind", sorted(DAYS))
@pytest.mark.parametrize("odd", ODD)
def test_a_handler_starts_whatever_an_older_version_has_stored(tmp_path: Path, kind: str, odd: str) -> None:
    day = DAYS[kind]
    rehearsal = Rehearsal(tmp_path, dict(day.settings))
    for message in day.sent[:30]:
        rehearsal.feed(topic_of(message), message.raw(), message.at_s)
    rehearsal.work()
    database = Database(rehearsal.state / DATABASE)
    keys = ["call/a", "maintenance/a/1", "muted/a/1", "clock", "delays", ".told", ".now_s"]
    with database.transaction() as connection:
        connection.execute("UPDATE device_state SET value = ?", (odd,))
        connection.executemany("INSERT OR REPLACE INTO device_state VALUES ('dev', ?, ?)", [(key, odd) for key in keys])
    database.close()
    rehearsal.start()
    before = rehearsal.runner.context.counts.get("unreadable", 0.0)
    assert before
    for message in day.sent[30:90]:
        rehearsal.feed(topic_of(message), message.raw(), message.at_s)
    rehearsal.work()
    assert rehearsal.runner.context.counts.get("failures", 0.0) == 0.0, rehearsal.rows("SELECT * FROM unreadable")


@pytest.mark.service
def test_a_message_that_stopped_a_handler_is_not_delivered_again_by_a_real_broker(tmp_path: Path) -> None:
    with running_broker(tmp_path, "allow_anonymous true") as broker:
        url = f"mqtt://{broker.host_port}"
        rules = Rehearsal(tmp_path, ANY_JSON, live=True)
        made: list[MqttSource] = []

        def run() -> HandlerRunner:
            runner = rules.runner
            made.append(MqttSource(MqttInput(url=url), ["t/#"], "edgecv-test", tmp_path / "box.yaml", "devices.dev"))
            runner._sources = [made[-1]]
            return runner

        runner = run()
        wait_for(lambda: runner.step(0.05) or runner.problem is None, "the subscription")
        messages: list[Any]
        messages = [("t/1", payload, 1) for payload in (b'{"id": "\\ud800", "v": 5}', b'{"id": "good", "v": 5}')]
        multiple(messages, "127.0.0.1", broker.port)
        wait_for(lambda: runner.step(0.05) or runner.context.counts.get("inputs", 0.0) >= 2, "both messages")
        runner.step(0.0)
        assert [alarm.subject for alarm in rules.records()] == ["good"]
        made[-1].close()
        rules.start()
        again = run()
        wait_for(lambda: again.step(0.05) or again.problem is None, "the subscription again")
        for _ in range(10):
            again.step(0.05)
        assert again.context.counts.get("inputs", 0.0) == 0.0
        made[-1].close()
