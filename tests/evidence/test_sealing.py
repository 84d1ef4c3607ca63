from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from known_bundles import FILES, SEALED_AT, sealed_bundle, write_files

from edgecv import durable_files
from edgecv._version import __version__
from edgecv.audit.verify import verify_bundle
from edgecv.evidence import sealing
from edgecv.evidence.keys import BoxKey
from edgecv.evidence.manifest import EvidenceError, verify_manifest
from edgecv.evidence.sealing import Link, delete_evidence, seal, unseal

WHY = "30 days are over"


@pytest.fixture
def key(tmp_path: Path) -> BoxKey:
    return BoxKey.load_or_create(tmp_path / "state")


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_seal_names_files_incident_place_key_time_and_software(tmp_path: Path, key: BoxKey) -> None:
    folder = write_files(tmp_path / "a")
    in_china = SEALED_AT.astimezone(timezone(timedelta(hours=8)))
    sha256 = seal(folder, key, Link(3, "ab" * 32), "a", in_china).sha256
    raw = (folder / "manifest.json").read_bytes()
    assert sha256 == hashlib.sha256(raw).hexdigest()
    manifest = json.loads(raw)
    assert set(manifest.pop("files")) == {*FILES, "incident.json"}
    assert manifest == {
        "version": 2,
        "incident": "a",
        "chain": {"sequence": 3, "previous": "ab" * 32},
        "key": key.key_id,
        "sealed_at": "2026-05-01T14:15:00.000Z",
        "software": __version__,
    }
    assert json.loads(raw)["files"]["clip.mp4"] == {
        "sha256": hashlib.sha256(FILES["clip.mp4"]).hexdigest(),
        "bytes": len(FILES["clip.mp4"]),
    }
    assert verify_manifest(folder) == []
    assert verify_bundle(folder, key.public, replay=False).ok


def test_no_seal_is_on_the_disk_before_all_that_it_vouches_for(
    tmp_path: Path, key: BoxKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that was killed has not waited for the disk with its clip."""
    folder, flushed = write_files(tmp_path / "a"), []
    really = os.fsync

    def fsync(handle: int) -> None:
        flushed.append(Path(f"/proc/self/fd/{handle}").readlink().name)
        really(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    seal(folder, key, Link(1, None), "a", SEALED_AT)
    before = flushed[: flushed.index(".manifest.json.part")]
    assert {*FILES, "incident.json"} <= set(before)


def test_sealing_again_gives_the_same_bytes_and_leaves_no_part(tmp_path: Path, key: BoxKey) -> None:
    folder = sealed_bundle(tmp_path, key)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    (folder / ".still.jpg.part").write_bytes(b"cut by a crash")
    seal(folder, key, Link(1, None), "a", SEALED_AT)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_unsealing_leaves_the_evidence_alone(tmp_path: Path, key: BoxKey) -> None:
    folder = sealed_bundle(tmp_path, key)
    unseal(folder)
    assert names(folder) == {*FILES, "incident.json"}
    unseal(folder)


@pytest.mark.parametrize("link", [(0, None), (1, "ab" * 32), (2, None)])
def test_a_link_that_hangs_nowhere_cannot_be_made(link: tuple[int, str | None]) -> None:
    with pytest.raises(ValueError, match="the chain begins with 1"):
        Link(*link)


def test_what_is_not_a_plain_file_is_not_sealed(tmp_path: Path, key: BoxKey) -> None:
    folder = write_files(tmp_path / "a")
    (folder / "more.jpg").symlink_to("/etc/hostname")
    with pytest.raises(EvidenceError, match=r"more\.jpg: is not a plain file"):
        seal(folder, key, Link(1, None), "a", SEALED_AT)


def test_a_time_without_a_zone_is_refused(tmp_path: Path, key: BoxKey) -> None:
    with pytest.raises(ValueError, match="time zone"):
        seal(write_files(tmp_path / "a"), key, Link(1, None), "a", datetime(2026, 5, 1))


def test_a_deletion_leaves_the_record_and_the_proof(tmp_path: Path, key: BoxKey) -> None:
    folder = sealed_bundle(tmp_path, key)
    sha256 = hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
    written = delete_evidence(folder, key, WHY, SEALED_AT)
    assert names(folder) == {"manifest.json", "manifest.sig", "incident.json", "deletion.json", "deletion.sig"}
    told = json.loads(written.read_text())
    assert (told["incident"], told["reason"], told["manifest_sha256"]) == ("a", WHY, sha256)
    assert told["deleted_at"] == "2026-05-01T14:15:00.000Z"
    assert {name: entry["sha256"] for name, entry in told["files"].items()} == {
        name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()
    }
    checked = verify_bundle(folder, key.public)
    assert checked.ok
    assert checked.deleted
    assert WHY in "\n".join(checked.notes)


def test_deleting_again_changes_nothing(tmp_path: Path, key: BoxKey) -> None:
    folder = sealed_bundle(tmp_path, key)
    delete_evidence(folder, key, WHY, SEALED_AT)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    delete_evidence(folder, key, "another reason", SEALED_AT + timedelta(days=1))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_deleted_evidence_is_neither_unsealed_nor_sealed_again(tmp_path: Path, key: BoxKey) -> None:
    folder = sealed_bundle(tmp_path, key)
    delete_evidence(folder, key, WHY, SEALED_AT)
    with pytest.raises(EvidenceError, match="was deleted"):
        unseal(folder)
    with pytest.raises(EvidenceError, match="was deleted"):
        seal(folder, key, Link(1, None), "a", SEALED_AT)
    assert verify_bundle(folder, key.public).ok


def test_what_somebody_put_into_the_folder_goes_too(tmp_path: Path, key: BoxKey) -> None:
    folder, outside = sealed_bundle(tmp_path, key), tmp_path / "outside"
    outside.mkdir()
    (outside / "kept.txt").write_text("kept")
    (folder / "sub").mkdir()
    (folder / "sub" / "x").write_text("x")
    (folder / "link").symlink_to(outside)
    delete_evidence(folder, key, WHY, SEALED_AT)
    assert not {"sub", "link"} & names(folder)
    assert (outside / "kept.txt").exists()


def test_evidence_that_was_never_sealed_can_be_deleted(tmp_path: Path, key: BoxKey) -> None:
    folder = write_files(tmp_path / "a")
    told = json.loads(delete_evidence(folder, key, WHY, SEALED_AT).read_text())
    assert told["manifest_sha256"] is None
    assert told["incident"] == "a"
    assert names(folder) == {"incident.json", "deletion.json", "deletion.sig"}


class Crash(BaseException):
    """The power went."""


@pytest.fixture
def power_cut(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The power goes before the n-th write or deletion; ``[0]`` counts down, and never ends below zero."""
    left = [-1]

    def counted(action):
        def act(*args, **kwargs):
            left[0] -= 1
            if left[0] == -1:
                raise Crash
            return action(*args, **kwargs)

        return act

    unlink, replace = Path.unlink, Path.replace
    monkeypatch.setattr(Path, "unlink", counted(unlink))
    monkeypatch.setattr(Path, "replace", counted(replace))
    monkeypatch.setattr("os.fsync", counted(durable_files.os.fsync))
    left[0] = -100
    yield left
    left[0] = -100


def test_after_a_crash_anywhere_in_a_deletion_nothing_is_lost_and_it_can_be_finished(
    tmp_path: Path, key: BoxKey, power_cut: list[int]
) -> None:
    whole = sealed_bundle(tmp_path / "whole", key)
    crashes = 0
    for step in range(100):
        folder = tmp_path / f"a{step}" / "a"
        shutil.copytree(whole, folder)
        power_cut[0] = step
        try:
            delete_evidence(folder, key, WHY, SEALED_AT)
            crashed = False
        except Crash:
            crashed = True
            crashes += 1
        power_cut[0] = -100
        gone = set(FILES) - names(folder)
        proven = {"deletion.json", "deletion.sig"} <= names(folder)
        assert proven or not gone, f"step {step}: {gone} went without a proof"
        delete_evidence(folder, key, "begun again", SEALED_AT + timedelta(hours=1))
        checked = verify_bundle(folder, key.public)
        assert checked.ok, (step, checked.problems)
        assert checked.deleted
        assert names(folder) == sealing.SURVIVES_DELETION
        if proven and gone:
            assert WHY in (folder / "deletion.json").read_text()
        if not crashed:
            break
    assert not crashed
    assert crashes >= 2 * 3 + len(FILES)


def test_after_a_crash_anywhere_in_sealing_it_is_sealed_again(
    tmp_path: Path, key: BoxKey, power_cut: list[int]
) -> None:
    for step in range(100):
        folder = sealed_bundle(tmp_path / f"a{step}", key, Link(7, "cd" * 32))  # an older, other seal is there
        power_cut[0] = step
        try:
            seal(folder, key, Link(1, None), "a", SEALED_AT)
            crashed = False
        except Crash:
            crashed = True
        power_cut[0] = -100
        half = verify_bundle(folder, key.public, replay=False)
        assert half.ok or {"manifest.json", "manifest.sig"} - names(folder), half.problems
        seal(folder, key, Link(1, None), "a", SEALED_AT)
        assert verify_bundle(folder, key.public, replay=False).ok
        assert json.loads((folder / "manifest.json").read_text())["chain"]["sequence"] == 1
        if not crashed:
            break
    assert not crashed
    assert step > 6
