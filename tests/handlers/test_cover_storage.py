"""Covers as older versions stored them are read once, and go on as they were."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rehearsing import Rehearsal

from edgecv.simulation.devices.device_trace import MIDNIGHT_S
from edgecv.simulation.devices.manhole import CoverState as SentState
from edgecv.simulation.devices.manhole import dev_eui, manhole_day, uplink
from edgecv.storage.database import DATABASE, Database

EUI = dev_eui(7)
TOPIC = f"application/1/device/{EUI}/event/up"
DAY = manhole_day(1, 0, "mqtt://127.0.0.1:1")
OPENED_S = MIDNIGHT_S + 300.0


def say(covers: Rehearsal, counter: int, at_s: float, **state: Any) -> None:
    covers.feed(TOPIC, uplink(EUI, counter, at_s, SentState(**state).as_bytes()), at_s)
    covers.work()


def store(covers: Rehearsal, values: dict[str, Any]) -> None:
    """Write state as another version would, and start the handler anew."""
    covers.runner._close()
    database = Database(covers.state / DATABASE)
    with database.transaction() as connection:
        connection.execute("DELETE FROM device_state WHERE key LIKE 'cover/%'")
        for key, value in values.items():
            connection.execute("INSERT INTO device_state VALUES ('dev', ?, ?)", (key, json.dumps(value)))
    database.close()
    covers.start()
    covers.tell_time(OPENED_S + 400.0)
    covers.work()


def keys(covers: Rehearsal) -> set[str]:
    return {row["key"].partition("/")[0] for row in covers.rows("SELECT key FROM device_state") if row["key"][0] != "."}


def opened(folder: Path) -> tuple[Rehearsal, str]:
    covers = Rehearsal(folder, {**DAY.settings, "maintenance": []})
    say(covers, 1, MIDNIGHT_S)
    say(covers, 2, OPENED_S, is_open=True)
    say(covers, 3, OPENED_S + 300.0, is_open=True)
    (moved,) = covers.records()
    return covers, moved.id


def test_a_cover_that_an_older_version_left_open_is_closed_by_this_one(tmp_path: Path) -> None:
    covers, moved = opened(tmp_path)
    legacy = {
        f"level/{EUI}/moved": [OPENED_S, OPENED_S + 300.0, True, moved, None],
        f"level/{EUI}/water": [None, OPENED_S, None, None, None],
        f"open/{EUI}": True,
        f"home/{EUI}": [*SentState().place],
        f"shock/{EUI}": [OPENED_S, OPENED_S, "a-shock"],
    }
    store(covers, legacy)
    assert keys(covers) == {"sensor", "cover"}
    (row,) = covers.rows("SELECT value FROM device_state WHERE key = ?", f"cover/{EUI}")
    stored = json.loads(row["value"])
    assert stored["displaced"]["alarm"] == moved
    assert stored["home"] == dict(zip(("latitude", "longitude"), SentState().place, strict=True))
    assert stored["shock"]["alarm"] == "a-shock"
    say(covers, 4, OPENED_S + 600.0)
    say(covers, 5, OPENED_S + 900.0)
    (record,) = covers.records()
    assert record.ended_at is not None


def test_a_theft_that_an_older_version_noticed_is_not_raised_again_and_ends(tmp_path: Path) -> None:
    covers, moved = opened(tmp_path)
    legacy = {
        f"level/{EUI}/moved": [OPENED_S, OPENED_S + 300.0, True, moved, None],
        f"open/{EUI}": True,
        f"stolen/{EUI}": moved,
    }
    store(covers, legacy)
    covers.tell_time(OPENED_S + 86_400.0)
    covers.work()
    assert [record.kind for record in covers.records()] == ["manhole_moved"]
    say(covers, 4, OPENED_S + 86_500.0)
    say(covers, 5, OPENED_S + 86_900.0)
    assert covers.records()[0].ended_at is not None
    assert "stolen" not in json.dumps([row["value"] for row in covers.rows("SELECT value FROM device_state")])


def test_planned_work_of_an_older_version_is_watched_to_its_end(tmp_path: Path) -> None:
    covers, moved = opened(tmp_path)
    legacy = {
        f"level/{EUI}/moved": [OPENED_S, OPENED_S + 300.0, True, moved, None],
        f"open/{EUI}": True,
        f"planned/{EUI}": [moved, "crew 4"],
    }
    store(covers, legacy)
    assert [record.details["left_open"] for record in covers.records()] == [False, True]
    assert covers.records()[1].details["planned_by"] == "crew 4"


def test_a_part_that_cannot_be_read_costs_only_itself(tmp_path: Path) -> None:
    covers, moved = opened(tmp_path)
    legacy = {
        f"level/{EUI}/moved": [OPENED_S, OPENED_S + 300.0, True, moved, None],
        f"open/{EUI}": True,
        f"home/{EUI}": "nowhere",
        f"planned/{EUI}": [1],
    }
    store(covers, legacy)
    assert keys(covers) == {"sensor", "cover"}
    (row,) = covers.rows("SELECT count FROM unreadable WHERE reason = 'stored state cannot be read'")
    assert row["count"] == 2
    say(covers, 4, OPENED_S + 600.0)
    say(covers, 5, OPENED_S + 900.0)
    assert covers.records()[0].ended_at is not None
