"""The state directory at a start and over time."""

from __future__ import annotations

import errno
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import yaml
from known_bundles import record, write_files

from edgecv.config import load_box
from edgecv.daemon import housekeeping as keeper_module
from edgecv.daemon.housekeeping import Housekeeping, prepare_state
from edgecv.doctor.disk import damage_findings
from edgecv.evidence.hash_chain import verify_chain
from edgecv.evidence.keys import BoxKey
from edgecv.storage.clock_steps import ClockSteps
from edgecv.storage.damaged_database import SET_ASIDE
from edgecv.storage.database import DATABASE, Database, DatabaseError
from edgecv.storage.disk_reserve import RESERVE
from edgecv.storage.incident_rows import StoredIncident
from edgecv.storage.incident_store import INCIDENTS, IncidentStore
from edgecv.storage.retention import Retention
from edgecv.storage.retention_clock import RetentionClock
from edgecv.storage.sealed_evidence import seal_bundle


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
def keeper(state: Path) -> Housekeeping:
    box_file = state.parent / "box.yaml"
    box_file.write_text(yaml.safe_dump({"site": "home", "cameras": {"north-1": {"source": "a.mp4"}}}))
    box = load_box(box_file)
    return Housekeeping(lambda: box, state, prepare_state(state))


def of(store: IncidentStore, incident_id: str) -> StoredIncident:
    found = store.get(incident_id)
    assert found is not None
    return found


def is_handed_over(store: IncidentStore, incident_id: str) -> bool:
    return next(one.is_handed_over for one in store.unsealed() if one.id == incident_id)


def test_a_start_leaves_what_a_crash_cut_off_to_be_finished_and_removes_what_belongs_to_nothing(
    state: Path, store: IncidentStore
) -> None:
    store.add(record("a"))
    write_files(store.part_of("a"))
    store.add(record("b"))
    write_files(store.part_of("nobody"), "somebody else")
    prepare_state(state)
    assert {path.name for path in store.folder.iterdir()} == {".a.part"}
    assert all(is_handed_over(store, incident_id) for incident_id in ("a", "b"))


def test_a_start_stores_what_was_found_and_not_stored(state: Path, store: IncidentStore) -> None:
    write_files(store.part_of("a"))
    prepare_state(state)
    stored = of(store, "a")
    assert (stored.evidence, stored.incident.track) == ("pending", record("a").track)
    with closing(Database(state / DATABASE)) as database:
        assert [tuple(row) for row in database.connection.execute("SELECT kind, id FROM messages")] == [
            ("incident", "a")
        ]


def test_a_damaged_database_is_set_aside_and_the_evidence_taken_up_by_a_new_one(state: Path) -> None:
    path, key = state / DATABASE, BoxKey.load_or_create(state)
    with closing(Database(path)) as database:
        store = IncidentStore(database, state / INCIDENTS)
        for incident_id in ("a", "b", "c"):
            store.add(record(incident_id))
            write_files(store.part_of(incident_id), incident_id)
            assert seal_bundle(store, incident_id, key) == "sealed"
        store.delete("b", key, "too old")
        before = {row["id"]: tuple(row) for row in database.connection.execute("SELECT * FROM chain")}
    write_files(state / INCIDENTS / "planted", "planted")
    with closing(Database(path)) as database:
        with database.transaction() as connection:
            for n in range(2000):
                connection.execute("INSERT INTO states VALUES (?, ?, 0)", (f"device {n}", "{}" * 50))
        database.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw = bytearray(path.read_bytes())
    middle = len(raw) // 2 // 4096 * 4096
    raw[middle : middle + 4096] = bytes(4096)
    path.write_bytes(raw)
    told: list[str] = []
    prepare_state(state, told.append)
    (damage,) = told
    (aside,) = state.glob(f"{SET_ASIDE}*")
    assert aside.read_bytes() == raw
    assert aside.name in damage
    with closing(Database(path)) as database:
        store = IncidentStore(database, state / INCIDENTS)
        assert {one.id: one.evidence for one in store.list()} == {"a": "sealed", "b": "deleted", "c": "sealed"}
        assert {row["id"]: tuple(row) for row in database.connection.execute("SELECT * FROM chain")} == before
        sent = [tuple(row) for row in database.connection.execute("SELECT kind, id FROM messages ORDER BY seq")]
        assert sent == [
            (kind, one) for one in "abc" for kind in ("incident", "evidence") if (kind, one) != ("evidence", "b")
        ]
        store.add(record("d"))
        write_files(store.part_of("d"), "d")
        assert seal_bundle(store, "d", key) == "sealed"
    bundles = [state / INCIDENTS / one for one in "abcd"]
    assert verify_chain(bundles, contiguous=True).problems == ()
    (finding,) = damage_findings(state)
    assert aside.name in finding.text
    prepare_state(state, told.append)
    assert told == [damage]


def test_a_file_that_is_no_database_is_set_aside(state: Path) -> None:
    (state / DATABASE).write_bytes(b"no database at all" * 1000)
    told: list[str] = []
    prepare_state(state, told.append)
    assert "not a database" in told[0]


def test_a_database_of_a_newer_edgecv_is_left_where_it_is(state: Path) -> None:
    with closing(Database(state / DATABASE)) as database:
        database.connection.execute("PRAGMA user_version = 999")
    with pytest.raises(DatabaseError, match="newer edgecv"):
        prepare_state(state)
    assert not list(state.glob(f"{SET_ASIDE}*"))


def test_what_a_worker_is_still_writing_is_left_to_it_whatever_the_clock_says(
    keeper: Housekeeping, store: IncidentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A box without a battery wakes up in 1970 and is told the time a minute later."""
    monkeypatch.setattr(time, "time", lambda: 60.0)
    store.add(record("a"))
    monkeypatch.undo()
    write_files(store.part_of("a"))
    keeper._keep()
    keeper._keep()
    assert not is_handed_over(store, "a")


def test_what_no_worker_leaves_is_left_in_time(
    keeper: Housekeeping, store: IncidentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add(record("a"))
    write_files(store.part_of("a"))
    keeper._keep()
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 121.0)
    keeper._keep()
    assert is_handed_over(store, "a")
    assert keeper.totals == {("north-1", "incident"): 1}


def test_a_disk_with_little_room_is_a_problem_until_there_is_more(
    keeper: Housekeeping, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = keeper_module.disk_of
    with monkeypatch.context() as patch:
        patch.setattr(keeper_module, "disk_of", lambda _: keeper_module.Disk(10**9, 5 * 2**20))
        keeper._keep()
        assert keeper.problem == "the disk is full (5 MB free): evidence may be cut down, records are kept"
    assert keeper_module.disk_of is real
    keeper._keep()
    assert keeper.problem is None


def test_a_disk_too_full_for_a_deletion_gets_the_reserve_for_it(
    state: Path, store: IncidentStore, keeper: Housekeeping, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Room is made by deleting, and evidence is deleted with a proof, which needs room."""
    kept = (state / RESERVE).exists()
    assert kept
    tries = []

    def apply(*_: object) -> list[str]:
        tries.append((state / RESERVE).exists())
        if tries[-1]:
            raise OSError(errno.ENOSPC, "No space left on device")
        keeper.stop()
        return []

    monkeypatch.setattr(Retention, "apply", apply)
    keeper.start()
    keeper.join(60.0)
    assert tries == [True, False]
    assert keeper.problem is None


def test_a_clock_two_months_ahead_deletes_no_evidence_and_says_so(
    state: Path, store: IncidentStore, keeper: Housekeeping
) -> None:
    """The settings of this box keep evidence for thirty days."""
    ahead_s = 0.0
    keeper._clock = RetentionClock(
        state / "clock.json", store.last_stored_s, lambda: False, lambda: time.time() + ahead_s, time.monotonic
    )
    store.add(record("a"))
    write_files(store.part_of("a"))
    seal_bundle(store, "a", BoxKey.load_or_create(state))
    store.resolve("a", "a bird")
    keeper._keep()
    assert keeper.problem is None
    ahead_s = 61 * 86400.0
    keeper._keep()
    assert of(store, "a").evidence == "sealed"
    assert "61.0 days ahead" in (keeper.problem or "")


def test_what_was_found_before_a_time_service_set_the_clock_is_not_taken_for_old(
    state: Path, store: IncidentStore, keeper: Housekeeping, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s, ahead = time.time(), [-3650.0 * 86400.0]
    monkeypatch.setattr(time, "time", lambda: now_s + ahead[0])
    keeper._steps = ClockSteps(lambda: True, time.time)
    keeper._clock = RetentionClock(state / "clock.json", store.last_stored_s, lambda: True, time.time)
    store.add(record("a"))
    write_files(store.part_of("a"))
    seal_bundle(store, "a", BoxKey.load_or_create(state))
    ahead[0] = 0.0
    keeper._keep()
    assert of(store, "a").evidence == "sealed"
