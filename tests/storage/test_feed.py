from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

from known_bundles import record

from edgecv.storage.database import DATABASE, Database
from edgecv.storage.feed import Feed
from edgecv.storage.incident_store import IncidentStore
from edgecv.storage.retained_states import RetainedStates


def test_records_and_messages_are_read_on_from_a_position(tmp_path: Path) -> None:
    with closing(Database(tmp_path / DATABASE)) as database:
        store, feed = IncidentStore(database, tmp_path), Feed(database)
        for name in ("a", "b", "c"):
            store.add(record(name))
        first, second = feed.records(0, 2)
        assert (first.id, second.id) == ("a", "b")
        assert first.record == record("a").to_json()
        assert [row.id for row in feed.records(second.position, 2)] == ["c"]
        assert feed.records(feed.records(0, 9)[-1].position, 9) == []
        messages = feed.messages(0, 9)
        assert [message.kind for message in messages] == ["incident"] * 3
        assert feed.messages(messages[1].position, 9) == messages[2:]
        assert feed.record("b") == record("b").to_json()
        assert feed.record("z") is None


def test_recent_records_are_those_of_one_device_the_newest_first(tmp_path: Path) -> None:
    with closing(Database(tmp_path / DATABASE)) as database:
        store = IncidentStore(database, tmp_path)
        for name, device in (("a", "north-1"), ("b", "south-1"), ("c", "north-1")):
            store.add(record(name).model_copy(update={"device": device}))
        feed, now = Feed(database), time.time()
        assert [row.id for row in feed.recent_records("north-1", now - 60.0, 9)] == ["c", "a"]
        assert [row.id for row in feed.recent_records("north-1", now - 60.0, 1)] == ["c"]
        assert feed.recent_records("north-1", now + 60.0, 9) == []


def test_states_come_with_the_time_of_their_change(tmp_path: Path) -> None:
    with closing(Database(tmp_path / DATABASE)) as database:
        before = time.time()
        RetainedStates(database).put("box", {"state": "online"})
        (state,) = Feed(database).states()
        assert (state.device, state.state) == ("box", '{"state": "online"}')
        assert before - 1.0 <= state.changed_s <= time.time() + 1.0
