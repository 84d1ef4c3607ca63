from __future__ import annotations

import sqlite3
from contextlib import closing

from small_box import Box

from edgecv.storage.database import Database
from edgecv.storage.outbox import Outbox
from edgecv.storage.retained_states import RetainedStates


def states(box: Box) -> dict[str, dict[str, object]]:
    with closing(Database(box.database_path)) as database:
        return RetainedStates(database).all()


def test_only_the_newest_state_of_a_device_is_kept(box: Box) -> None:
    box.set_state("north-1", {"state": "starting"})
    box.set_state("north-1", {"state": "online"})
    box.set_state("box", {"state": "online"})
    assert states(box) == {"north-1": {"state": "online"}, "box": {"state": "online"}}


def test_the_same_state_again_is_no_change(box: Box) -> None:
    box.set_state("box", {"state": "online", "cameras": 2})
    with sqlite3.connect(box.database_path) as connection:
        before = connection.execute("SELECT changed_s FROM states").fetchone()
        box.set_state("box", {"cameras": 2, "state": "online"})
        assert connection.execute("SELECT changed_s FROM states").fetchone() == before


def test_a_removed_device_is_an_empty_state_until_messages_of_that_age_are_pruned(box: Box) -> None:
    box.set_state("north-1", {"state": "online"})
    box.remove_state("north-1")
    assert states(box) == {"north-1": {}}
    with closing(Database(box.database_path)) as database:
        Outbox(database).prune([], keep_s=3600.0)
        assert states(box) == {"north-1": {}}
        Outbox(database).prune([], keep_s=-1.0)
    assert states(box) == {}


def test_a_state_that_is_no_object_is_left_out(box: Box) -> None:
    box.set_state("north-1", {"state": "online"})
    with sqlite3.connect(box.database_path) as connection:
        connection.execute("INSERT INTO states VALUES ('odd', '[1]', 0), ('cut', '{\"a\":', 0)")
    assert states(box) == {"north-1": {"state": "online"}}
