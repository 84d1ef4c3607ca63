"""Sealing: what a crash or a second process can do to it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from incident_states import messages, state_of
from known_bundles import record, write_files

from edgecv.audit.verify import verify_bundle
from edgecv.evidence.hash_chain import verify_chain
from edgecv.evidence.keys import BoxKey
from edgecv.evidence.sealing import RECORD
from edgecv.incidents.record import Incident, Interval
from edgecv.storage import sealed_evidence
from edgecv.storage.database import DATABASE, Database
from edgecv.storage.incident_store import INCIDENTS, IncidentStore
from edgecv.storage.outbox import Outbox
from edgecv.storage.recovery import remove_orphans
from edgecv.storage.sealed_evidence import mark_evidence_lost, seal_bundle, undo_interrupted_seal


def test_two_who_seal_the_same_evidence_seal_it_once(
    store: IncidentStore, other: IncidentStore, database: Database, key: BoxKey
) -> None:
    store.add(record("a"))
    write_files(store.part_of("a"))
    assert seal_bundle(store, "a", key) == "sealed"
    sealed = {path.name: path.read_bytes() for path in store.folder_of("a").iterdir()}
    other.part_of("a").mkdir()  # the other had begun to write anew
    assert seal_bundle(other, "a", key) == "sealed"
    assert not other.part_of("a").exists()
    assert {path.name: path.read_bytes() for path in store.folder_of("a").iterdir()} == sealed
    assert messages(database, "evidence") == ["a"]
    assert verify_bundle(store.folder_of("a"), key.public, replay=False).ok


@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_crash_while_sealing_leaves_what_can_be_sealed_again(
    store: IncidentStore, database: Database, key: BoxKey, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """Every flush of a directory is a moment to die at; the last comes after the rename, before the commit."""
    store.add(record("a"))
    write_files(store.part_of("a"))
    real, calls = sealed_evidence.flush_directory, []

    def dies(folder: Path) -> None:
        calls.append(folder)
        raise OSError(5, "the power went")

    with monkeypatch.context() as patch:
        if step == 1:
            patch.setattr(sealed_evidence, "unseal", dies)
        elif step == 2:
            patch.setattr(sealed_evidence, "seal", lambda *_: dies(store.folder))
        else:
            patch.setattr(sealed_evidence, "flush_directory", dies)
        with pytest.raises(OSError, match="the power went"):
            seal_bundle(store, "a", key)
    assert calls
    assert sealed_evidence.flush_directory is real
    assert state_of(store, "a") == "pending"
    assert store.folder_of("a").exists() == (step == 3)
    assert remove_orphans(store, database) == 0
    assert seal_bundle(store, "a", key) == "sealed"
    assert state_of(store, "a") == "sealed"
    assert not store.part_of("a").exists()
    assert verify_bundle(store.folder_of("a"), key.public, replay=False).ok
    assert verify_chain([store.folder_of("a")], contiguous=True).problems == ()


def test_a_record_that_another_process_stores_does_not_wait_for_a_seal(
    store: IncidentStore, other: IncidentStore, key: BoxKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hashing a clip and waiting for the disk take longer in a process that leaves the cameras room."""
    store.add(record("a"))
    write_files(store.part_of("a"))
    real = sealed_evidence.seal

    def slowly(*given: Any) -> Any:
        assert other.add(record("b"))
        return real(*given)

    monkeypatch.setattr(sealed_evidence, "seal", slowly)
    assert seal_bundle(store, "a", key) == "sealed"
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
                assert seal_bundle(mine, incident_id, key) == "sealed"

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(seal_all, (ids, ids[::-1], ids[6:] + ids[:6])))
    assert verify_chain([store.folder_of(incident_id) for incident_id in ids], contiguous=True).problems == ()


def test_an_interrupted_seal_is_a_part_again_and_a_finished_one_stays(
    store: IncidentStore, other: IncidentStore, key: BoxKey
) -> None:
    for incident_id in ("a", "b"):
        store.add(record(incident_id))
        write_files(store.part_of(incident_id), incident_id)
    assert seal_bundle(store, "b", key) == "sealed"
    store.part_of("a").rename(store.folder_of("a"))  # the move, and then the power went
    assert undo_interrupted_seal(other, "a") == "pending"
    assert undo_interrupted_seal(other, "a") == "pending"
    assert undo_interrupted_seal(other, "b") == "sealed"
    assert undo_interrupted_seal(other, "c") is None
    assert {path.name for path in store.folder.iterdir()} == {".a.part", "b"}


def test_evidence_that_another_process_has_sealed_is_not_lost(
    store: IncidentStore, other: IncidentStore, key: BoxKey
) -> None:
    store.add(record("a"))
    write_files(store.part_of("a"))
    seal_bundle(store, "a", key)
    assert mark_evidence_lost(other, "a") == "sealed"
    assert state_of(store, "a") == "sealed"
    assert verify_bundle(store.folder_of("a"), key.public, replay=False).ok


def test_there_is_nothing_to_seal_of_an_incident_that_nobody_stored(store: IncidentStore, key: BoxKey) -> None:
    assert seal_bundle(store, "a", key) is None
    assert mark_evidence_lost(store, "a") is None


def test_only_parts_that_nothing_needs_are_orphans(store: IncidentStore, database: Database, key: BoxKey) -> None:
    store.add(record("a"))
    store.add(record("b"))
    store.add(record("c"), evidence=False)
    write_files(store.part_of("a"), "a")  # under way
    write_files(store.part_of("b"), "b")
    seal_bundle(store, "b", key)
    store.folder_of("b").rename(store.part_of("b"))  # sealed evidence in the wrong place is still evidence
    write_files(store.part_of("c"), "c")
    write_files(store.part_of("nobody"), "nobody")
    assert remove_orphans(store, database) == 2
    assert {path.name for path in store.folder.iterdir()} == {".a.part", ".b.part"}


def test_what_was_weighed_by_its_pictures_is_told_before_its_evidence_is(
    store: IncidentStore, database: Database, key: BoxKey
) -> None:
    """The incident went upstream at once, with the weight that its path and boxes gave it."""
    store.add(record("a"))
    write_files(store.part_of("a"))
    path = store.part_of("a") / RECORD
    written = Incident.model_validate_json(path.read_text())
    kg = Interval(median=0.5, low=0.3, high=0.9)
    weighed = written.model_copy(update={"mass": written.mass.model_copy(update={"kg": kg})})
    path.write_text(weighed.to_json())
    assert seal_bundle(store, "a", key) == "sealed"
    sent = [(message.kind, message.event) for message in Outbox(database).waiting("hub")]
    assert [kind for kind, _ in sent] == ["incident", "update", "evidence"]
    assert sent[0][1]["data"]["mass"]["kg"] is None
    assert sent[1][1]["data"]["id"] == "a"
    assert sent[1][1]["data"]["mass"]["kg"]["median"] == 0.5
    stored = store.get("a")
    assert stored is not None and stored.incident.mass.kg == kg


def test_a_weight_that_stays_as_it_was_is_told_once(store: IncidentStore, database: Database, key: BoxKey) -> None:
    store.add(record("a"))
    write_files(store.part_of("a"))
    assert seal_bundle(store, "a", key) == "sealed"
    assert messages(database, "update") == []
