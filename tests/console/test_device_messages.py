"""What a box says of itself and of its devices is read in Chinese; said here by the box's own code."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from console.in_chinese import chinese, is_chinese
from rehearsing import Rehearsal

from edgecv.daemon.housekeeping import prepare_state
from edgecv.simulation.devices.device_trace import MIDNIGHT_S, stamp_text
from edgecv.simulation.devices.manhole import manhole_day
from edgecv.storage.database import DATABASE
from edgecv.storage.retention_clock import RETENTION_CLOCK, RetentionClock

COVER = "井盖17"
COMMANDS = "edgecv/v1/home/dev/command"
HOUR_S = 3600.0


def _order(covers: Rehearsal, command: str, at_s: float, begins_s: float, ends_s: float) -> None:
    times = {"from": stamp_text(MIDNIGHT_S + begins_s), "to": stamp_text(MIDNIGHT_S + ends_s)}
    covers.feed(COMMANDS, {"command": command, "cover": COVER, "by": "市政"} | times, MIDNIGHT_S + at_s)
    covers.work()


def test_every_event_and_notice_of_a_maintenance_is_told(tmp_path: Path) -> None:
    covers = Rehearsal(tmp_path, {**manhole_day(1, 0, "mqtt://127.0.0.1:1").settings, "maintenance": []})
    _order(covers, "maintenance", 60.0, 60.0, HOUR_S)
    covers.tell_time(MIDNIGHT_S + 62.0)
    covers.work()
    _order(covers, "maintenance", 70.0, 65.0, 2 * HOUR_S)
    notices = covers.runner.notices()
    _order(covers, "maintenance_end", 80.0, 0.0, 0.0)
    covers.tell_time(MIDNIGHT_S + 90.0)
    covers.work()
    _order(covers, "maintenance", 100.0, HOUR_S, 2 * HOUR_S)
    _order(covers, "maintenance_end", 110.0, 0.0, 0.0)
    events = {event["data"]["kind"]: event["data"]["text"] for event in covers.messages("device")}
    changes = {f"maintenance_{change}" for change in ("begun", "changed", "ended", "planned", "called_off")}
    assert changes <= set(events)
    for text in (*notices, *events.values()):
        assert COVER in chinese(text) and is_chinese(chinese(text)), chinese(text)
    assert is_chinese(chinese("; ".join(("listening", *notices, "and 3 more"))))


def test_that_alarms_were_muted_is_told_with_their_number() -> None:
    said = chinese(f"maintenance of {COVER} has ended; 2 alarms were not pushed")
    assert COVER in said and "2" in said and is_chinese(said), said


def test_a_clock_that_jumped_is_told_with_what_to_do(tmp_path: Path) -> None:
    now = {"wall": 1_780_000_000.0, "monotonic": 5.0}
    path = tmp_path / RETENTION_CLOCK
    clock = RetentionClock(path, lambda: None, lambda: False, lambda: now["wall"], lambda: now["monotonic"])
    clock.now_s()
    now["wall"] += 61 * 86400.0
    clock.now_s()
    said = chinese(clock.problem)
    command = f"date '+{{\"agreed_s\": %s}}' > {path}"
    assert "61.0" in said and command in said and is_chinese(said, command), said


def test_a_damaged_database_is_told_with_the_name_it_is_kept_under(tmp_path: Path) -> None:
    state = tmp_path / "state"
    prepare_state(state)
    (state / DATABASE).write_bytes(b"no database " * 1000)
    events: list[str] = []
    prepare_state(state, events.append)
    (text,) = events
    (kept,) = state.glob(f"{DATABASE}.damaged-*")
    said = chinese(text)
    assert kept.name in said
    assert is_chinese(said, kept.name, "file is not a database"), said


@pytest.mark.parametrize(
    "what",
    [
        "telling who is silent",
        "looking after an open cover",
        "passing on a call",
        "judging a schedule",
        "looking after a visit",
    ],
)
def test_what_a_handler_could_not_do_for_some_is_told(tmp_path: Path, what: str) -> None:
    covers = Rehearsal(tmp_path, {**manhole_day(1, 0, "mqtt://127.0.0.1:1").settings, "maintenance": []})

    def fail(_subject: str) -> None:
        raise sqlite3.IntegrityError

    covers.runner.context.each(what, ["a"], fail)
    (text,) = covers.runner.degraded()
    assert what in text
    assert is_chinese(chinese(text), "IntegrityError"), chinese(text)


@pytest.mark.parametrize(
    "text",
    [
        "the handler fails on some inputs (KeyError); they are set aside",
        "the handler fails at what is due (KeyError)",
        "3 inputs were set aside: the database does not take what came of it: KeyError",
        "the disk takes nothing (KeyError); inputs wait at their source",
        "10.0.0.1: its pictures of 9000x9000 are too large to analyse; set the camera to 8192x8192 at most",
        "broker 10.0.0.1:1883 sent a packet of more than 300000 bytes",
        "broker 10.0.0.1:1883 closed the connection (sent a message of QoS 2, which was not asked for)",
        "the report of visit 17 is late: it was due at 2026-01-02T10:00:00Z",
        "王医生 did not answer; 李医生 is asked",
        "no doctor on call has answered",
    ],
)
def test_what_devices_and_brokers_do_wrong_is_told(text: str) -> None:
    said = chinese(text)
    assert is_chinese(said, "KeyError", "QoS"), said
