"""Evidence that was deleted, exchanged or renamed, and what of it can still be verified."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from audit import sealed_bundles
from audit.sealed_bundles import check, problem
from known_bundles import FILES, SEALED_AT, edit_json, sealed_bundle, sealed_chain, sign_again, write_files

from edgecv.audit.verify import verify_bundle
from edgecv.evidence.keys import BoxKey
from edgecv.evidence.manifest import write_manifest
from edgecv.evidence.sealing import Link, delete_evidence
from edgecv.evidence.subject import Subject

key = sealed_bundles.key
stranger = sealed_bundles.stranger
bundle = sealed_bundles.bundle
deleted = sealed_bundles.deleted


def test_a_deletion_is_well_and_told_with_its_reason(deleted: Path, key: BoxKey) -> None:
    checked = check(deleted, key)
    assert checked.ok
    assert checked.deleted
    assert checked.notes == (f"{deleted}: the evidence was deleted on 2026-05-01T14:15:00.000Z: 30 days are over",)


@pytest.mark.parametrize("name", ["manifest.json", "manifest.sig", "incident.json", "deletion.json", "deletion.sig"])
def test_what_a_deletion_leaves_cannot_be_taken_away_either(deleted: Path, key: BoxKey, name: str) -> None:
    (deleted / name).unlink()
    problems = check(deleted, key).problems
    assert f"{deleted / name}: is missing" in problems


@pytest.mark.parametrize("name", ["manifest.json", "incident.json", "deletion.json"])
def test_what_a_deletion_leaves_cannot_be_changed(deleted: Path, key: BoxKey, name: str) -> None:
    (deleted / name).write_text((deleted / name).read_text() + " ")
    assert not check(deleted, key).ok


def test_a_deletion_by_a_stranger_proves_nothing(bundle: Path, key: BoxKey, stranger: BoxKey) -> None:
    delete_evidence(bundle, stranger, "30 days are over", SEALED_AT)
    checked = check(bundle, key)
    assert not checked.deleted
    assert f"{bundle / 'clip.mp4'}: is missing" in checked.problems
    edit_json(bundle / "deletion.json", lambda d: d.update(key=key.key_id))
    sign_again(bundle, stranger, "deletion")
    assert not check(bundle, key).ok


def test_the_deletion_of_another_bundle_proves_nothing(bundle: Path, key: BoxKey, tmp_path: Path) -> None:
    other = sealed_bundle(tmp_path, key, Link(2, "ab" * 32), "b")
    delete_evidence(other, key, "30 days are over", SEALED_AT)
    for name in ("deletion.json", "deletion.sig"):
        shutil.copy(other / name, bundle)
    for name in FILES:
        (bundle / name).unlink()
    checked = check(bundle, key)
    assert not checked.deleted
    assert f"{bundle / 'deletion.json'}: is of other evidence than the manifest beside it" in checked.problems


def test_evidence_spoilt_before_its_deletion_stays_known_as_spoilt(bundle: Path, key: BoxKey) -> None:
    (bundle / "clip.mp4").write_bytes(b"other pictures")
    (bundle / "still.jpg").unlink()
    (bundle / "more.txt").write_text("x")
    delete_evidence(bundle, key, "30 days are over", SEALED_AT)
    problems = "\n".join(check(bundle, key).problems)
    assert "clip.mp4: had been changed before" in problems
    assert "still.jpg: was missing already" in problems
    assert "more.txt: was not there" in problems


def test_a_deletion_that_was_not_finished_is_a_problem(bundle: Path, key: BoxKey) -> None:
    clip = (bundle / "clip.mp4").read_bytes()
    delete_evidence(bundle, key, "30 days are over", SEALED_AT)
    (bundle / "clip.mp4").write_bytes(clip)
    assert "clip.mp4: is still there, though its deletion was recorded" in problem(bundle, key)


def _exchange(one: Path, other: Path) -> None:
    aside = one.with_name("aside")
    one.rename(aside)
    other.rename(one)
    aside.rename(other)


@pytest.mark.parametrize("are_deleted", [False, True])
def test_the_evidence_of_two_incidents_that_was_exchanged_is_not_to_be_trusted(
    tmp_path: Path, key: BoxKey, are_deleted: bool
) -> None:
    folders = sealed_chain(tmp_path, key, "ab")
    if are_deleted:
        for folder in folders:
            delete_evidence(folder, key, "30 days are over", SEALED_AT)
    _exchange(*folders)
    assert "is of incident b, and a was asked for" in problem(folders[0], key)
    assert "is of incident a, and b was asked for" in problem(folders[1], key)


def test_a_folder_that_was_renamed_is_well_where_its_incident_is_named(bundle: Path, key: BoxKey) -> None:
    renamed = bundle.rename(bundle.with_name("file 17 of the court"))
    assert not check(renamed, key).ok
    assert verify_bundle(renamed, key.public, replay=False, expected=Subject("a")).ok


@pytest.mark.parametrize(
    ("asked", "said"),
    [(Subject("a", "another-site"), "site jialinglu-3"), (Subject("a", None, "south-2"), "device north-1")],
)
def test_evidence_of_another_site_or_camera_is_not_what_was_asked_for(
    bundle: Path, key: BoxKey, asked: Subject, said: str
) -> None:
    (told,) = verify_bundle(bundle, key.public, replay=False, expected=asked).problems
    assert said in told


def test_a_replays_folder_under_another_incidents_name_is_told(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "b", "a")
    write_manifest(folder)
    assert "is of incident a, and b was asked for" in "\n".join(verify_bundle(folder, None, replay=False).problems)
