from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import pytest
from known_bundles import record, write_files

from edgecv.evidence.hash_chain import verify_chain
from edgecv.evidence.keys import BoxKey
from edgecv.storage.database import DATABASE, Database
from edgecv.storage.incident_store import IncidentStore
from edgecv.storage.recorded_chain import INCIDENTS, recorded_head, restore_chain, verify_state
from edgecv.storage.sealed_evidence import seal_bundle


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def key(state: Path) -> BoxKey:
    return BoxKey.load_or_create(state)


def seal_all(state: Path, key: BoxKey, ids: str) -> None:
    """A box that seals the evidence of some incidents."""
    with closing(Database(state / DATABASE)) as database:
        store = IncidentStore(database, state / INCIDENTS)
        for incident_id in ids:
            store.add(record(incident_id))
            write_files(store.part_of(incident_id), incident_id)
            seal_bundle(store, incident_id, key)


def started(state: Path, key: BoxKey) -> list[str]:
    with closing(Database(state / DATABASE)) as database:
        return restore_chain(database, state / INCIDENTS, key)


def bundles(state: Path) -> list[Path]:
    return sorted(path for path in (state / INCIDENTS).iterdir() if not path.name.startswith("."))


def test_every_seal_moves_the_signed_head(state: Path, key: BoxKey) -> None:
    for place, incident_id in enumerate("abc", 1):
        seal_all(state, key, incident_id)
        with closing(Database(state / DATABASE)) as database:
            receipt = recorded_head(database)
        assert receipt is not None
        assert (receipt.head.sequence, receipt.head.incident) == (place, incident_id)
        assert receipt.is_by(key.public)
    assert started(state, key) == []


def test_a_new_database_goes_on_with_the_chain_that_lies_on_the_disk(state: Path, key: BoxKey) -> None:
    seal_all(state, key, "abc")
    for path in state.glob(f"{DATABASE}*"):
        path.unlink()
    (line,) = started(state, key)
    assert "places 1 to 3" in line
    seal_all(state, key, "d")
    assert verify_chain(bundles(state), contiguous=True).problems == ()
    assert verify_state(state)[0].problems == ()


def test_a_database_put_back_from_a_backup_catches_up(state: Path, key: BoxKey, tmp_path: Path) -> None:
    seal_all(state, key, "ab")
    shutil.copy(state / DATABASE, tmp_path / "backup.db")
    seal_all(state, key, "c")
    for path in state.glob(f"{DATABASE}-*"):
        path.unlink()
    shutil.copy(tmp_path / "backup.db", state / DATABASE)
    assert any("head was behind and is place 3 again" in line for line in started(state, key))
    seal_all(state, key, "d")
    assert verify_chain(bundles(state), contiguous=True).problems == ()


def test_a_head_ahead_of_the_seals_is_told_and_its_place_is_not_given_again(state: Path, key: BoxKey) -> None:
    seal_all(state, key, "abc")
    shutil.rmtree(state / INCIDENTS / "c")
    with closing(Database(state / DATABASE)) as database:
        database.connection.execute("DELETE FROM chain WHERE id = 'c'")
    (line,) = started(state, key)
    assert "its head is place 3, and the database ends with place 2" in line
    seal_all(state, key, "d")
    assert any("lacks place 3" in gap for gap in verify_chain(bundles(state), contiguous=True).problems)


def test_what_another_key_sealed_is_not_taken_up(state: Path, key: BoxKey, tmp_path: Path) -> None:
    stranger = BoxKey.load_or_create(tmp_path / "other")
    seal_all(tmp_path / "other", stranger, "x")
    seal_all(state, key, "a")
    shutil.copytree(tmp_path / "other" / INCIDENTS / "x", state / INCIDENTS / "x")
    assert started(state, key) == []
