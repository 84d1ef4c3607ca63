"""The state directory at a start and over time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import yaml
from known_bundles import record, write_files

from edgecv.config import load_box
from edgecv.daemon import keeper as keeper_module
from edgecv.daemon.keeper import Keeper, prepare_state
from edgecv.incidents.database import DATABASE, Database, DatabaseError
from edgecv.incidents.store import INCIDENTS, IncidentStore, Stored
from edgecv.incidents.verify import verify_bundle


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    prepare_state(folder)
    return folder


@pytest.fixture
def store(state: Path) -> Iterator[IncidentStore]:
    with closing(Database(state / DATABASE)) as database:
        yield IncidentStore(database, state / INCIDENTS)


@pytest.fixture
def keeper(state: Path) -> Keeper:
    box_file = state.parent / "box.yaml"
    box_file.write_text(yaml.safe_dump({"site": "home", "cameras": {"north-1": {"source": "a.mp4"}}}))
    box = load_box(box_file)
    return Keeper(lambda: box, state, prepare_state(state))


def of(store: IncidentStore, incident_id: str) -> Stored:
    found = store.get(incident_id)
    assert found is not None
    return found


def test_a_start_seals_what_a_crash_left_before_any_worker_runs(state: Path, store: IncidentStore) -> None:
    store.add(record("a"))
    write_files(store.part_of("a"))
    store.add(record("b"))
    write_files(store.part_of("nobody"))
    key = prepare_state(state)
    assert (of(store, "a").evidence, of(store, "b").evidence) == ("sealed", "failed")
    assert {path.name for path in store.folder.iterdir()} == {"a"}
    assert verify_bundle(store.folder_of("a"), key.public, replay=False).ok


def test_a_start_takes_no_longer_for_it_than_it_may(
    state: Path, store: IncidentStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    store.add(record("a"))
    write_files(store.part_of("a"))
    monkeypatch.setattr(keeper_module, "_RECOVERY_S", 0.0)
    prepare_state(state)
    assert of(store, "a").evidence == "pending"
    assert "the evidence of 1 incidents is not sealed yet" in caplog.text


def test_a_damaged_database_is_told_with_what_to_do(state: Path) -> None:
    path = state / DATABASE
    with closing(Database(path)) as database:
        with database.transaction() as connection:
            for n in range(2000):
                connection.execute("INSERT INTO states VALUES (?, ?, 0)", (f"device {n}", "{}" * 50))
        database.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw = bytearray(path.read_bytes())
    middle = len(raw) // 2 // 4096 * 4096
    raw[middle : middle + 4096] = bytes(4096)
    path.write_bytes(raw)
    with pytest.raises(DatabaseError, match=r"edgecv\.db: is damaged .*; move it away to begin a new one"):
        prepare_state(state)


def test_what_a_worker_is_still_writing_is_left_to_it_whatever_the_clock_says(
    keeper: Keeper, store: IncidentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A box without a battery wakes up in 1970 and is told the time a minute later."""
    monkeypatch.setattr(time, "time", lambda: 60.0)
    store.add(record("a"))
    monkeypatch.undo()
    write_files(store.part_of("a"))
    keeper._keep()
    keeper._keep()
    assert of(store, "a").evidence == "pending"


def test_what_no_worker_finishes_is_finished_in_time(
    keeper: Keeper, store: IncidentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add(record("a"))
    write_files(store.part_of("a"))
    keeper._keep()
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 121.0)
    keeper._keep()
    assert of(store, "a").evidence == "sealed"
    assert keeper.totals == {("north-1", "incident"): 1}


def test_a_disk_with_little_room_is_a_problem_until_there_is_more(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = keeper_module.disk_of
    with monkeypatch.context() as patch:
        patch.setattr(keeper_module, "disk_of", lambda _: keeper_module.Disk(10**9, 5 * 2**20))
        keeper._keep()
        assert keeper.problem == "the disk is full (5 MB free): evidence may be cut down, records are kept"
    assert keeper_module.disk_of is real
    keeper._keep()
    assert keeper.problem is None
