"""What goes first, what goes last and what never goes."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from known_bundles import record, write_files

from edgecv import durable_files
from edgecv.audit.verify import verify_bundle
from edgecv.evidence import signature
from edgecv.evidence.keys import BoxKey
from edgecv.storage import retention
from edgecv.storage.database import DATABASE, Database
from edgecv.storage.incident_store import INCIDENTS, IncidentStore
from edgecv.storage.outbox import Outbox
from edgecv.storage.retention import Disk, Retention
from edgecv.storage.sealed_evidence import seal_bundle

DAY_S = 86400.0
LIMITS = Retention(keep_days=30.0, disk_share=0.8, record_hours=24.0)


@dataclass
class Kept:
    """A box with sealed evidence."""

    store: IncidentStore
    outbox: Outbox
    key: BoxKey
    recordings: Path

    def add(self, incident_id: str, *, days: float, resolved: bool = True, delivered: bool = True) -> None:
        self.store.add(record(incident_id))
        write_files(self.store.part_of(incident_id), incident_id)
        seal_bundle(self.store, incident_id, self.key)
        connection = self.store.database.connection
        connection.execute("UPDATE incidents SET stored_s = stored_s - ? WHERE id = ?", (days * DAY_S, incident_id))
        if resolved:
            self.store.resolve(incident_id, "a worker went there")
        if delivered:
            seq = connection.execute("SELECT max(seq) FROM messages").fetchone()[0]
            self.outbox.delivered("mqtt", seq)

    def gone(self) -> set[str]:
        rows = self.store.database.connection.execute("SELECT id FROM incidents WHERE evidence = 'deleted'")
        return {row["id"] for row in rows}

    def apply(self, limits: Retention = LIMITS) -> list[str]:
        run = limits.apply(self.store, self.key, self.recordings)
        assert run.problem is None
        return run.log_lines


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    (tmp_path / INCIDENTS).mkdir()
    with closing(Database(tmp_path / DATABASE)) as database:
        store = IncidentStore(database, tmp_path / INCIDENTS)
        yield Kept(store, Outbox(database), BoxKey.load_or_create(tmp_path), tmp_path / "recordings")


@pytest.fixture
def fullness(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How full the disk is each time it is looked at; the last stays."""
    shares = [0.1]

    def disk_of(_folder: Path) -> Disk:
        share = shares.pop(0) if len(shares) > 1 else shares[0]
        return Disk(1000, round(1000 * (1.0 - share)))

    monkeypatch.setattr(retention, "disk_of", disk_of)
    return shares


def test_old_evidence_is_deleted_with_proof_and_its_record_stays(kept: Kept, fullness: list[float]) -> None:
    kept.add("old", days=30.5)
    kept.add("young", days=29.5)
    lines = kept.apply()
    assert lines == ["evidence of old deleted: older than 30 days"]
    folder = kept.store.folder_of("old")
    assert {path.name for path in folder.iterdir()} >= {"incident.json", "deletion.json", "deletion.sig"}
    assert not (folder / "clip.mp4").exists()
    checked = verify_bundle(folder, kept.key.public, replay=False)
    assert checked.ok
    assert checked.deleted
    found = kept.store.get("old")
    assert found is not None
    assert found.evidence == "deleted"
    assert kept.apply() == []


def test_what_is_unresolved_or_undelivered_is_kept_twice_as_long(kept: Kept, fullness: list[float]) -> None:
    kept.add("delivered", days=45.0)
    kept.add("open", days=45.0, resolved=False)
    kept.add("very old", days=61.0, resolved=False)
    kept.add("not sent", days=45.0, delivered=False)
    kept.apply()
    assert kept.gone() == {"delivered", "very old"}


def test_what_is_on_hold_outlives_every_limit(kept: Kept, fullness: list[float]) -> None:
    kept.add("held", days=400.0)
    kept.store.hold("held", "case 17")
    fullness[:] = [0.99]
    assert kept.apply() == []
    assert kept.gone() == set()
    kept.store.release("held")
    kept.apply()
    assert kept.gone() == {"held"}


def test_what_is_held_while_others_are_deleted_stays(
    kept: Kept, fullness: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("first", "second"):
        kept.add(name, days=400.0)
    really = IncidentStore.delete

    def delete(store: IncidentStore, incident_id: str, key: BoxKey, reason: str) -> bool:
        done = really(store, incident_id, key, reason)
        store.hold("second", "case 17")
        return done

    monkeypatch.setattr(IncidentStore, "delete", delete)
    assert kept.apply() == ["evidence of first deleted: older than 30 days"]
    assert kept.gone() == {"first"}
    assert (kept.store.folder_of("second") / "clip.mp4").exists()


def test_a_disk_without_room_for_the_proof_of_a_deletion_loses_recordings_first(
    kept: Kept, fullness: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = kept.recordings / "north-1" / "new.mp4"
    recording.parent.mkdir(parents=True)
    recording.write_bytes(b"pictures")
    kept.add("old", days=400.0)
    really = durable_files.write_atomic

    def write_atomic(path: Path, data: bytes | str) -> None:
        if recording.exists():
            raise OSError(errno.ENOSPC, "No space left on device")
        really(path, data)

    monkeypatch.setattr(signature, "write_atomic", write_atomic)
    fullness[:] = [1.0, 0.5]
    assert [line.split(" deleted")[0] for line in kept.apply()] == ["recording new.mp4", "evidence of old"]


def test_what_cannot_be_deleted_keeps_nothing_else(
    kept: Kept, fullness: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("first", "stuck", "last"):
        kept.add(name, days=400.0)
    really = Path.unlink

    def unlink(path: Path, missing_ok: bool = False) -> None:
        if path.parent.name == "stuck":
            raise PermissionError(errno.EPERM, "Operation not permitted", str(path))
        really(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", unlink)
    recording = kept.recordings / "north-1" / "new.mp4"
    recording.parent.mkdir(parents=True)
    recording.write_bytes(b"pictures")
    fullness[:] = [0.99]
    run = LIMITS.apply(kept.store, kept.key, kept.recordings)
    where = kept.store.folder_of("stuck") / "clip.mp4"
    assert run.problem == f"the evidence of stuck cannot be deleted: {where}: Operation not permitted"
    assert len(run.log_lines) == 3
    assert kept.gone() == {"first", "last"}
    assert not recording.exists()


def test_a_full_disk_costs_recordings_first_then_what_is_settled_then_the_oldest(
    kept: Kept, fullness: list[float]
) -> None:
    for n, name in enumerate(("older", "newer")):
        path = kept.recordings / "north-1" / f"{name}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"pictures")

        os.utime(path, (time.time() - 7200.0 + n, time.time() - 7200.0 + n))
    kept.add("open and old", days=9.0, resolved=False)
    kept.add("settled", days=1.0)
    kept.add("open", days=2.0, resolved=False)

    fullness[:] = [0.85, 0.79]
    assert kept.apply() == ["recording older.mp4 deleted: the disk is fuller than 80%"]
    fullness[:] = [0.9, 0.9, 0.79]
    assert [line.split()[-4] for line in kept.apply()[1:]] == ["disk"]
    assert kept.gone() == {"settled"}
    fullness[:] = [0.96]  # for what is open there must be hardly any room
    assert kept.apply() == []
    fullness[:] = [0.98, 0.9]
    kept.apply()
    assert kept.gone() == {"settled", "open and old"}


def test_recordings_go_by_their_age(kept: Kept, fullness: list[float]) -> None:

    for name, hours in (("young", 23.0), ("old", 25.0)):
        path = kept.recordings / "north-1" / f"{name}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"pictures")
        os.utime(path, (time.time() - hours * 3600.0,) * 2)
    kept.apply()
    assert [path.stem for path in kept.recordings.glob("*/*")] == ["young"]
