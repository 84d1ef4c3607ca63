"""What the upstream is told when cameras come, go and are taken out of the box file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from daemon.healths import beat, box, camera

from edgecv.daemon.state_publisher import StatePublisher
from edgecv.storage.database import DATABASE, Database
from edgecv.storage.retained_states import RetainedStates


@pytest.fixture
def states(tmp_path: Path) -> Iterator[StatePublisher]:
    made = StatePublisher(tmp_path, "home")
    yield made
    made.close()


def told(folder: Path) -> list[tuple[str, str]]:
    """Device and kind of every event, in order."""
    with closing(Database(folder / DATABASE)) as database:
        rows = database.connection.execute("SELECT event FROM messages WHERE kind = 'device' ORDER BY seq").fetchall()
    events = [json.loads(row["event"]) for row in rows]
    return [(event["source"].rpartition(":")[2], event["subject"]) for event in events]


def kept(folder: Path) -> dict[str, dict[str, object]]:
    with closing(Database(folder / DATABASE)) as database:
        return RetainedStates(database).all()


def test_a_camera_that_begins_well_is_a_state_and_no_event(states: StatePublisher, tmp_path: Path) -> None:
    states.update(box(camera(heard=beat())))
    assert kept(tmp_path)["north-1"] == {"state": "online", "text": "1280x720 h264"}
    assert kept(tmp_path)["box"]["state"] == "online"
    assert told(tmp_path) == []


def test_going_and_coming_back_are_told_once_each(states: StatePublisher, tmp_path: Path) -> None:
    lost, well = box(camera(heard=beat("unreachable", "no answer"))), box(camera(heard=beat()))
    for now in (well, well, lost, lost, well):
        states.update(now)
    states.update(box(camera(heard=beat("unreachable", "refuses"))))  # another reason is another state
    states.update(lost)
    assert told(tmp_path) == [("north-1", "camera_lost"), ("north-1", "camera_back"), ("north-1", "camera_lost")]


def test_one_that_has_not_settled_is_not_told_of(states: StatePublisher, tmp_path: Path) -> None:
    states.update(box(camera()))
    assert "north-1" not in kept(tmp_path)


def test_a_camera_taken_out_of_the_box_file_is_forgotten_and_told_once(states: StatePublisher, tmp_path: Path) -> None:
    both = box(camera(heard=beat()), camera("south-1", beat()))
    states.update(both)
    for _ in range(2):
        states.update(box(camera(heard=beat())))
    assert kept(tmp_path)["south-1"] == {}
    assert told(tmp_path) == [("south-1", "device_removed")]
    states.update(both)  # and put in again
    assert kept(tmp_path)["south-1"]["state"] == "online"


def test_one_taken_out_while_the_daemon_was_off_is_forgotten_too(states: StatePublisher, tmp_path: Path) -> None:
    states.update(box(camera(heard=beat()), camera("south-1", beat())))
    with closing(StatePublisher(tmp_path, "home")) as later:
        later.update(box(camera(heard=beat())))
    assert kept(tmp_path)["south-1"] == {}


def test_what_the_disk_did_not_take_is_stored_the_next_time(
    states: StatePublisher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(RetainedStates, "put", full)
        with pytest.raises(sqlite3.OperationalError):
            states.update(box(camera(heard=beat())))
    states.update(box(camera(heard=beat())))
    assert kept(tmp_path)["north-1"]["state"] == "online"
