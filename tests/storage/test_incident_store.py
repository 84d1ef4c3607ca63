"""Records and evidence: what a crash, a second process or a clock that is set back can do to them."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from known_bundles import FILES, record, write_files

from edgecv.audit.verify import verify_bundle
from edgecv.daemon.evidence_finalisation import finish_pending
from edgecv.evidence.bundle_files import mend_record
from edgecv.evidence.hash_chain import verify_chain
from edgecv.evidence.keys import BoxKey
from edgecv.storage import incident_store as store_module
from edgecv.storage.database import DATABASE, Database
from edgecv.storage.incident_store import INCIDENTS, IncidentStore
from edgecv.storage.recovery import remove_orphans


@pytest.fixture
def key(tmp_path: Path) -> BoxKey:
    return BoxKey.load_or_create(tmp_path)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(tmp_path / DATABASE)) as opened:
        yield opened


@pytest.fixture
def store(tmp_path: Path, database: Database) -> IncidentStore:
    (tmp_path / INCIDENTS).mkdir()
    return IncidentStore(database, tmp_path / INCIDENTS)


@pytest.fixture
def other(tmp_path: Path) -> Iterator[IncidentStore]:
    """Another process's access to the same box."""
    with closing(Database(tmp_path / DATABASE)) as opened:
        yield IncidentStore(opened, tmp_path / INCIDENTS)


def messages(database: Database, kind: str) -> list[str]:
    rows = database.connection.execute("SELECT id FROM messages WHERE kind = ? ORDER BY seq", (kind,))
    return [row["id"] for row in rows]


def state_of(store: IncidentStore, incident_id: str) -> str:
    found = store.get(incident_id)
    assert found is not None
    return found.evidence


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


def test_two_who_publish_the_same_evidence_seal_it_once(
    store: IncidentStore, other: IncidentStore, database: Database, key: BoxKey
) -> None:
    store.add(record("a"))
    write_files(store.part_of("a"))
    assert store.publish("a", key) == "sealed"
    sealed = {path.name: path.read_bytes() for path in store.folder_of("a").iterdir()}
    other.part_of("a").mkdir()  # the other had begun to write anew
    assert other.publish("a", key) == "sealed"
    assert not other.part_of("a").exists()
    assert {path.name: path.read_bytes() for path in store.folder_of("a").iterdir()} == sealed
    assert messages(database, "evidence") == ["a"]
    assert verify_bundle(store.folder_of("a"), key.public, replay=False).ok


def test_who_recovers_what_another_has_sealed_meanwhile_takes_nothing_back(
    store: IncidentStore, other: IncidentStore, key: BoxKey
) -> None:
    store.add(record("a"))
    write_files(store.part_of("a"))
    store.publish("a", key)
    assert finish_pending(other, key, "a") == "sealed"
    assert state_of(store, "a") == "sealed"
    assert verify_bundle(store.folder_of("a"), key.public, replay=False).ok


@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_crash_while_publishing_leaves_what_can_be_published_again(
    store: IncidentStore, database: Database, key: BoxKey, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """Every flush of a directory is a moment to die at; the last comes after the rename, before the commit."""
    store.add(record("a"))
    write_files(store.part_of("a"))
    real, calls = store_module.flush_directory, []

    def dies(folder: Path) -> None:
        calls.append(folder)
        raise OSError(5, "the power went")

    with monkeypatch.context() as patch:
        if step == 1:
            patch.setattr(store_module, "unseal", dies)
        elif step == 2:
            patch.setattr(store_module, "seal", lambda *_: dies(store.folder))
        else:
            patch.setattr(store_module, "flush_directory", dies)
        with pytest.raises(OSError, match="the power went"):
            store.publish("a", key)
    assert calls
    assert store_module.flush_directory is real
    assert state_of(store, "a") == "pending"
    assert store.folder_of("a").exists() == (step == 3)
    assert remove_orphans(store, database) == 0
    finish_pending(store, key, "a")
    assert state_of(store, "a") == "sealed"
    assert not store.part_of("a").exists()
    assert verify_bundle(store.folder_of("a"), key.public, replay=False).ok
    assert verify_chain([store.folder_of("a")], contiguous=True).problems == ()


def test_pending_evidence_of_which_nothing_was_written_is_noted_as_failed(store: IncidentStore, key: BoxKey) -> None:
    store.add(record("a"))
    store.add(record("b"))
    store.part_of("b").mkdir()
    (store.part_of("b") / ".clip.mp4.part").write_bytes(b"half")
    assert [finish_pending(store, key, one.id) for one in store.unsealed()] == ["failed", "failed"]
    assert (state_of(store, "a"), state_of(store, "b")) == ("failed", "failed")
    assert not list(store.folder.iterdir())
    for stored in store.list():
        assert stored.incident.evidence.clip is None
        assert stored.incident.evidence.reason == (
            "nothing of it was on the disk when the power went or the process was killed"
        )


def test_a_clip_without_a_record_is_sealed_with_one(store: IncidentStore, key: BoxKey) -> None:
    store.add(record("a"))
    write_files(store.part_of("a"))
    (store.part_of("a") / "incident.json").unlink()
    (store.part_of("a") / ".incident.json.part").write_bytes(b"{")
    finish_pending(store, key, "a")
    assert verify_bundle(store.folder_of("a"), key.public, replay=False).ok
    assert {path.name for path in store.folder_of("a").iterdir()} >= {*FILES, "incident.json"}


def test_a_record_of_an_earlier_clip_is_put_right_before_it_is_sealed(store: IncidentStore, key: BoxKey) -> None:
    """The worker died after the longer clip was in place, before its record was."""
    store.add(record("a"))
    write_files(store.part_of("a"))
    (store.part_of("a") / "clip.mp4").write_bytes(b"more of the moving pictures")
    finish_pending(store, key, "a")
    written = json.loads((store.folder_of("a") / "incident.json").read_text())
    assert written["evidence"]["sha256"] == hashlib.sha256(b"more of the moving pictures").hexdigest()
    assert verify_bundle(store.folder_of("a"), key.public, replay=False).ok


def test_a_record_whose_clip_is_gone_names_none(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "a")
    assert mend_record(folder)
    (folder / "clip.mp4").unlink()
    assert not mend_record(folder)
    assert json.loads((folder / "incident.json").read_text())["evidence"]["clip"] is None


def test_a_record_that_another_process_stores_does_not_wait_for_a_seal(
    store: IncidentStore, other: IncidentStore, key: BoxKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hashing a clip and waiting for the disk take longer in a process that leaves the cameras room."""
    store.add(record("a"))
    write_files(store.part_of("a"))
    real = store_module.seal

    def slowly(*given: Any) -> str:
        assert other.add(record("b"))
        return real(*given)

    monkeypatch.setattr(store_module, "seal", slowly)
    assert store.publish("a", key) == "sealed"
    assert (state_of(store, "a"), state_of(store, "b")) == ("sealed", "pending")


def test_those_who_seal_at_the_same_time_make_one_chain(tmp_path: Path, store: IncidentStore, key: BoxKey) -> None:
    ids = [f"{n}" for n in range(12)]
    for incident_id in ids:
        store.add(record(incident_id))
        write_files(store.part_of(incident_id), incident_id)

    def seal_all(order: list[str]) -> None:
        with closing(Database(tmp_path / DATABASE)) as opened:
            mine = IncidentStore(opened, tmp_path / INCIDENTS)
            for incident_id in order:
                assert finish_pending(mine, key, incident_id) == "sealed"

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(seal_all, (ids, ids[::-1], ids[6:] + ids[:6])))
    assert verify_chain([store.folder_of(incident_id) for incident_id in ids], contiguous=True).problems == ()


def test_only_parts_that_nothing_needs_are_orphans(store: IncidentStore, database: Database, key: BoxKey) -> None:
    store.add(record("a"))
    store.add(record("b"))
    store.add(record("c"), evidence=False)
    write_files(store.part_of("a"), "a")  # under way
    write_files(store.part_of("b"), "b")
    store.publish("b", key)
    store.folder_of("b").rename(store.part_of("b"))  # sealed evidence in the wrong place is still evidence
    write_files(store.part_of("c"), "c")
    write_files(store.part_of("nobody"), "nobody")
    assert remove_orphans(store, database) == 2
    assert {path.name for path in store.folder.iterdir()} == {".a.part", ".b.part"}
