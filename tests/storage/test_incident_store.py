"""Records: what a second process or a clock that is set back can do to them."""

from __future__ import annotations

import time

import pytest
from incident_states import messages
from known_bundles import record

from edgecv.storage.database import Database
from edgecv.storage.incident_store import IncidentStore


def test_a_record_and_its_message_go_in_together_and_only_once(store: IncidentStore, database: Database) -> None:
    assert store.add(record("a"))
    assert not store.add(record("a"))
    assert messages(database, "incident") == ["a"]
    candidate = record("b").model_copy(update={"tier": "candidate"})
    assert store.add(candidate, evidence=False)
    assert messages(database, "incident") == ["a"]
    assert store.totals() == {("north-1", "incident"): 1, ("north-1", "candidate"): 1}


def test_what_is_put_in_last_is_listed_first_though_the_clock_was_set_back(
    store: IncidentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    for incident_id, at in (("a", now), ("b", now + 60.0), ("c", now - 3600.0)):
        monkeypatch.setattr(time, "time", lambda at=at: at)
        store.add(record(incident_id))
    assert [stored.id for stored in store.list()] == ["c", "b", "a"]
    assert [one.id for one in store.unsealed()] == ["a", "b", "c"]
