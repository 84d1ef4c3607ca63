"""Maintenance by command: bounded, listed, told at its beginning, change and end, and no excuse for a theft."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rehearsing import Rehearsal

from edgecv.handlers.manhole.maintenance import MAX_WINDOWS, signed
from edgecv.simulation.devices.device_trace import MIDNIGHT_S, stamp_text
from edgecv.simulation.devices.manhole import CoverState, dev_eui, manhole_day, uplink

EUI = dev_eui(7)
TOPIC = f"application/1/device/{EUI}/event/up"
COMMANDS = "edgecv/v1/home/dev/command"
DAY = manhole_day(1, 0, "mqtt://127.0.0.1:1")
HOUR_S = 3600.0


def covers_with(folder: Path, **commands: Any) -> Rehearsal:
    return Rehearsal(folder, {**DAY.settings, "maintenance": [], "maintenance_commands": commands})


def say(covers: Rehearsal, counter: int, at_s: float, **state: Any) -> None:
    covers.feed(TOPIC, uplink(EUI, counter, MIDNIGHT_S + at_s, CoverState(**state).as_bytes()), MIDNIGHT_S + at_s)
    covers.work()


def order(covers: Rehearsal, at_s: float = 60.0, to_s: float = HOUR_S, topic: str = COMMANDS, **more: Any) -> None:
    command = {"command": "maintenance", "cover": EUI, "to": stamp_text(MIDNIGHT_S + to_s), "by": "crew 4"} | more
    covers.feed(topic, command, MIDNIGHT_S + at_s)
    covers.work()


def reasons(covers: Rehearsal) -> list[str]:
    return [row["reason"] for row in covers.rows("SELECT reason FROM unreadable")]


def told(covers: Rehearsal) -> list[str]:
    return [event["data"]["kind"] for event in covers.messages("device")]


def kinds(covers: Rehearsal) -> list[str]:
    return [alarm.kind for alarm in covers.records() if alarm.tier == "incident"]


def test_a_command_for_longer_than_a_shift_is_refused(tmp_path: Path) -> None:
    covers = covers_with(tmp_path)
    order(covers, to_s=60.0 + 12 * HOUR_S + 1)
    assert reasons(covers) == ["does not end within 12 h, or has ended"]
    assert covers.runner.notices() == ()


def test_a_command_for_every_cover_needs_the_box_files_word(tmp_path: Path) -> None:
    covers = covers_with(tmp_path)
    order(covers, cover="*")
    assert reasons(covers) == ["names every cover, which maintenance_commands.everything does not allow"]
    (tmp_path / "allowed").mkdir()
    allowed = covers_with(tmp_path / "allowed", everything=True)
    order(allowed, cover="*")
    assert reasons(allowed) == []


def test_a_window_is_listed_while_it_lasts_and_told_with_what_it_muted(tmp_path: Path) -> None:
    covers = covers_with(tmp_path)
    say(covers, 1, 0)
    order(covers)
    covers.tell_time(MIDNIGHT_S + 62)
    covers.work()
    assert covers.runner.notices() == (f"muted: {EUI} until {stamp_text(MIDNIGHT_S + HOUR_S)} for crew 4",)
    say(covers, 2, 300, is_open=True)
    say(covers, 3, 600, is_open=True, shock_g=5.0)
    order(covers, at_s=700, to_s=2 * HOUR_S)
    say(covers, 4, 900)
    covers.start()  # a restart forgets none of it
    covers.feed(COMMANDS, {"command": "maintenance_end", "cover": EUI}, MIDNIGHT_S + HOUR_S)
    covers.tell_time(MIDNIGHT_S + HOUR_S + 5)
    covers.work()
    assert told(covers) == ["maintenance_begun", "maintenance_changed", "maintenance_ended"]
    last = covers.messages("device")[-1]["data"]
    assert last["alarms_muted"] == 2
    assert last["text"] == f"maintenance of {EUI} has ended; 2 alarms were not pushed"
    assert covers.runner.notices() == ()


@pytest.mark.parametrize(("cover", "expected"), [("*", ["manhole_stolen"]), (EUI, [])])
def test_only_a_window_for_this_very_cover_excuses_that_it_is_gone(
    tmp_path: Path, cover: str, expected: list[str]
) -> None:
    covers = covers_with(tmp_path, everything=True)
    say(covers, 1, 0)
    order(covers, to_s=6 * HOUR_S, cover=cover)
    say(covers, 2, 300, is_open=True)
    for minute in range(6, 5 * 60, 5):
        covers.tell_time(MIDNIGHT_S + minute * 60.0)
    covers.work()
    assert kinds(covers) == expected


def test_a_cover_carried_away_is_told_of_in_a_window_for_every_cover(tmp_path: Path) -> None:
    decoder = {"form": "values", "values": {"position": "$.gps"}}
    place = {"name": "here", "latitude": 30.0, "longitude": 120.0}
    plain = {"plain": {"topics": ["c"]}, "decoder": decoder, "covers": {"c1": place}, "maintenance": []}
    settings = {**DAY.settings, **plain, "maintenance_commands": {"everything": True}}
    covers = Rehearsal(tmp_path, settings)
    order(covers, cover="*")
    for minute in (5, 10, 15):
        covers.feed("c", {"id": "c1", "gps": [30.5, 120.0]}, MIDNIGHT_S + minute * 60)
    covers.work()
    assert kinds(covers) == ["manhole_stolen"]


def test_commands_may_have_a_topic_of_their_own_which_alone_is_heard(tmp_path: Path) -> None:
    covers = covers_with(tmp_path, topic="crews/maintenance")
    order(covers)
    assert reasons(covers) == ["came on a topic that is not ChirpStack's"]
    order(covers, topic="crews/maintenance")
    assert len(covers.runner.notices()) == 1


def test_where_there_is_a_secret_only_signed_commands_count(tmp_path: Path) -> None:
    (tmp_path / "crews.secret").write_text("s3cret")
    covers = covers_with(tmp_path, secret_file="crews.secret")
    order(covers)
    order(covers, at_s=61, signature="sha256=00")
    order(covers, at_s=62, signature=5)
    assert covers.runner.notices() == ()
    command = {"command": "maintenance", "cover": EUI, "to": stamp_text(MIDNIGHT_S + HOUR_S), "by": "crew 4"}
    signature = signed(b"s3cret", "home", "dev", command)
    order(covers, at_s=63, signature=signature, cover="another")
    assert covers.runner.notices() == ()
    assert reasons(covers) == ["is not signed with the secret of maintenance_commands.secret_file"]
    order(covers, at_s=64, signature=signature)
    assert len(covers.runner.notices()) == 1


def test_a_signed_command_counts_once_also_after_a_restart(tmp_path: Path) -> None:
    (tmp_path / "crews.secret").write_text("s3cret")
    covers = covers_with(tmp_path, secret_file="crews.secret")
    command = {"command": "maintenance", "cover": EUI, "to": stamp_text(MIDNIGHT_S + HOUR_S), "by": "crew 4"}
    signature = signed(b"s3cret", "home", "dev", command)
    end = signed(b"s3cret", "home", "dev", {"command": "maintenance_end", "cover": EUI})
    order(covers, at_s=60, signature=signature)
    covers.feed(COMMANDS, {"command": "maintenance_end", "cover": EUI, "signature": end}, MIDNIGHT_S + 120)
    covers.work()
    for at_s in (180.0, 240.0):
        order(covers, at_s=at_s, signature=signature)
        assert covers.runner.notices() == ()
        covers.start()
    assert reasons(covers) == ["was carried out before; give another end or crew and sign it anew"]
    later = {**command, "to": stamp_text(MIDNIGHT_S + 2 * HOUR_S)}
    order(covers, at_s=300, to_s=2 * HOUR_S, signature=signed(b"s3cret", "home", "dev", later))
    assert len(covers.runner.notices()) == 1


def test_a_flood_of_commands_makes_no_more_windows_than_there_may_be(tmp_path: Path) -> None:
    covers = covers_with(tmp_path)
    for n in range(MAX_WINDOWS + 50):
        command = {"command": "maintenance", "cover": f"c{n}", "to": stamp_text(MIDNIGHT_S + HOUR_S), "by": "x"}
        covers.feed(COMMANDS, command, MIDNIGHT_S + 60)
    covers.work()
    rows = covers.rows("SELECT key FROM device_state WHERE key LIKE 'maintenance/%'")
    assert len(rows) == MAX_WINDOWS
    assert len(covers.runner.notices()) == 6  # five of them, and how many more


def test_a_window_of_a_week_for_every_cover_does_not_outlive_the_update(tmp_path: Path) -> None:
    covers = covers_with(tmp_path)
    say(covers, 1, 0)
    covers.runner.context.put("maintenance/*/1", ["*", MIDNIGHT_S, MIDNIGHT_S + 7 * 86400, "anybody"])
    covers.runner.context.work.complete()
    covers.runner.step(0.0)
    covers.start()
    assert covers.runner.notices() == ()


@pytest.mark.parametrize("command", [["x"], {"x": 1}, None, 7, "reboot"])
def test_a_command_of_no_kind_that_is_known_is_set_aside(tmp_path: Path, command: Any) -> None:
    covers = covers_with(tmp_path)
    order(covers, command=command)
    assert reasons(covers) == ["is an unknown command"]
