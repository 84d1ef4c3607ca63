"""Evidence is prepared without a lock, and sealed."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from incident_states import state_of
from known_bundles import FILES, record, write_files

from edgecv.audit.verify import verify_bundle
from edgecv.daemon.evidence_finalisation import finalise_evidence
from edgecv.evidence.keys import BoxKey
from edgecv.evidence.sealing import RECORD
from edgecv.incidents.record import Incident
from edgecv.storage.database import DATABASE, Database
from edgecv.storage.incident_store import INCIDENTS, IncidentStore
from edgecv.storage.sealed_evidence import seal_bundle


@pytest.fixture
def key(tmp_path: Path) -> BoxKey:
    return BoxKey.load_or_create(tmp_path)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[IncidentStore]:
    (tmp_path / INCIDENTS).mkdir()
    with closing(Database(tmp_path / DATABASE)) as opened:
        yield IncidentStore(opened, tmp_path / INCIDENTS)


@pytest.fixture
def other(tmp_path: Path, store: IncidentStore) -> Iterator[IncidentStore]:
    """Another process's access to the same box."""
    with closing(Database(tmp_path / DATABASE)) as opened:
        yield IncidentStore(opened, store.folder)


def test_what_another_has_sealed_meanwhile_stays_as_it_is(
    store: IncidentStore, other: IncidentStore, key: BoxKey
) -> None:
    store.add(record("a"))
    write_files(store.part_of("a"))
    seal_bundle(store, "a", key)
    assert finalise_evidence(other, key, "a") == "sealed"
    assert state_of(store, "a") == "sealed"
    assert verify_bundle(store.folder_of("a"), key.public, replay=False).ok


def test_pending_evidence_of_which_nothing_was_written_is_noted_as_failed(store: IncidentStore, key: BoxKey) -> None:
    store.add(record("a"))
    store.add(record("b"))
    store.part_of("b").mkdir()
    (store.part_of("b") / ".clip.mp4.part").write_bytes(b"half")
    assert [finalise_evidence(store, key, one.id) for one in store.unsealed()] == ["failed", "failed"]
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
    finalise_evidence(store, key, "a")
    assert verify_bundle(store.folder_of("a"), key.public, replay=False).ok
    assert {path.name for path in store.folder_of("a").iterdir()} >= {*FILES, "incident.json"}


def test_a_record_of_an_earlier_clip_is_put_right_before_it_is_sealed(store: IncidentStore, key: BoxKey) -> None:
    """The worker died after the longer clip was in place, before its record was."""
    store.add(record("a"))
    write_files(store.part_of("a"))
    (store.part_of("a") / "clip.mp4").write_bytes(b"more of the moving pictures")
    finalise_evidence(store, key, "a")
    written = json.loads((store.folder_of("a") / "incident.json").read_text())
    assert written["evidence"]["sha256"] == hashlib.sha256(b"more of the moving pictures").hexdigest()
    assert verify_bundle(store.folder_of("a"), key.public, replay=False).ok


@pytest.mark.parametrize("off_s", [0.0, 0.5, -3.0])
def test_a_clip_of_another_time_than_its_record_is_told_before_the_seal(
    demo_run, store: IncidentStore, key: BoxKey, off_s: float
) -> None:
    """As when the camera's clock had been set and the clip was cut by the raw stamps."""
    incident = Incident.model_validate(demo_run.incidents[1])
    store.add(incident)
    part = store.part_of(incident.id)
    part.mkdir()
    shutil.copy(demo_run.out / incident.id / "clip.mp4", part)
    evidence = incident.evidence.model_copy(update={"clip_start_s": (incident.evidence.clip_start_s or 0.0) + off_s})
    (part / RECORD).write_text(incident.model_copy(update={"evidence": evidence}).to_json())
    assert finalise_evidence(store, key, incident.id) == "sealed"
    stored = store.get(incident.id)
    assert stored is not None and isinstance(stored.record, Incident)
    reason = stored.record.evidence.reason
    assert verify_bundle(store.folder_of(incident.id), key.public).ok == (off_s == 0.0)
    assert (reason is None) == (off_s == 0.0)
    assert off_s == 0.0 or "did not bear the record out" in (reason or "")
