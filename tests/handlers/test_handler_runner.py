"""What handlers can rely on: an input that fails costs only itself, a full disk loses none, a flood is told."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest
from rehearsing import Rehearsal

from edgecv.handlers import Details, DeviceSettings, Handler, Input, MalformedError
from edgecv.handlers.sources.source import Arrival, Source

DAY_S = 1_772_000_000.0


class AnyDetails(Details):
    """Anything."""

    n: int


class Odd(Handler[DeviceSettings]):
    """Does what it is told."""

    kind = "odd"
    settings = DeviceSettings
    events: ClassVar[Any] = {"odd": AnyDetails}

    def sources(self) -> Sequence[Source]:
        return []

    def receive(self, message: Input) -> None:
        total = (self.context.get("total") or 0) + 1
        self.context.put("total", total)
        if message.topic == "raise":
            self.context.alarm("odd", "x", self.context.now_s, "to be forgotten", {"n": 1})
            raise ZeroDivisionError
        if message.topic == "malformed":
            raise MalformedError(message.payload.decode())
        if message.topic == "flood":
            for n in range(5000):
                self.context.alarm("odd", "x", self.context.now_s, "again", {"n": n}, content=f"{total}/{n}")
                self.context.send_event("again", "again")
                self.context.update("nothing", "again")
        if message.topic == "alarm":
            self.context.alarm("odd", "x", 1.0, "once", {"n": 1})


@pytest.fixture
def odd(tmp_path: Path) -> Rehearsal:
    return Rehearsal(tmp_path, RULES | {"alarms_per_hour": 20}, handler=Odd)


RULES: dict[str, Any] = {
    "kind": "rules",
    "mqtt": {"url": "mqtt://127.0.0.1:1"},
    "topics": ["t"],
    "rules": [{"name": "r", "value": "$.v", "above": 1}],
}


def test_an_input_that_fails_leaves_nothing_and_those_around_it_stand(odd: Rehearsal) -> None:
    for second, topic in enumerate(("ok", "raise", "ok")):
        odd.feed(topic, b"payload of it", DAY_S + second)
    odd.work()
    assert odd.records() == []
    assert odd.runner.context.get("total") == 2
    (row,) = odd.rows("SELECT * FROM unreadable")
    assert (row["reason"], row["count"], row["example"]) == (
        "the handler failed: ZeroDivisionError",
        1,
        "raise: payload of it",
    )
    assert odd.runner.degraded()


def test_one_alarm_told_again_is_one_alarm(odd: Rehearsal) -> None:
    for second in range(3):
        odd.feed("alarm", b"", DAY_S + second)
    odd.work()
    assert len(odd.records()) == 1
    assert len(odd.messages("incident")) == 1


def test_many_kinds_of_malformed_inputs_take_little_room(odd: Rehearsal) -> None:
    for n in range(300):
        odd.feed("malformed", f"reason {n}".encode() + b"x" * 5000, DAY_S + n)
    odd.work()
    rows = odd.rows("SELECT count, example FROM unreadable")
    assert sum(row["count"] for row in rows) == 300
    assert len(rows) < 50
    assert max(len(row["example"] or "") for row in rows) < 1000


def test_a_flood_is_bounded_counted_and_told_in_one_line(odd: Rehearsal) -> None:
    for second in range(3):
        odd.feed("flood", b"", DAY_S + second)
    odd.work()
    pushed, told = odd.messages("incident"), odd.messages("device")
    assert len(pushed) == 20  # of alarms_per_hour
    assert len(odd.records()) == 200
    assert len(told) <= 301
    (held_back,) = [event for event in told if event["subject"] == "alarms_held_back"]
    assert "4980 alarms more than the 20 an hour" in held_back["data"]["text"]
    assert odd.runner.context.counts["alarms_dropped"] == 15000 - 200
    odd.start()  # a restart fills no bucket
    odd.feed("flood", b"", DAY_S + 4)
    odd.work()
    assert len(odd.messages("incident")) == 20
    odd.feed("flood", b"", DAY_S + 4 + 1800)
    odd.work()
    assert len(odd.messages("incident")) == 30


def test_a_disk_that_takes_nothing_for_a_while_loses_no_input(odd: Rehearsal, monkeypatch: pytest.MonkeyPatch) -> None:
    odd.feed("alarm", b"", DAY_S)
    full = [True]

    monkeypatch.setattr("edgecv.handlers.handler_runner._RETRY_S", 0.01)
    original = type(odd.runner.context).write
    monkeypatch.setattr(
        type(odd.runner.context),
        "write",
        lambda context, connection, wall_s: fail() if full[0] else original(context, connection, wall_s),
    )
    for _ in range(3):
        odd.runner.step(0.0)
    assert odd.source.waiting  # not acknowledged
    assert "the disk takes nothing" in odd.runner.degraded()[0]
    full[0] = False
    odd.work()
    assert [alarm.text for alarm in odd.records()] == ["once"]
    assert odd.runner.degraded() == ()


def fail() -> None:
    raise sqlite3.OperationalError("database or disk is full")


def test_a_message_without_a_time_is_ignored_in_a_rehearsal_and_the_log_says_so_once(
    odd: Rehearsal, caplog: pytest.LogCaptureFixture
) -> None:
    untimed = Arrival("alarm", b"{}", None)
    assert odd.runner._handle(untimed) is odd.runner._handle(untimed) is None
    assert odd.runner.context.get("total") is None
    (line,) = [record.getMessage() for record in caplog.records if "edgecv-arrived" in record.getMessage()]
    assert "'alarm'" in line and "ignored" in line
