from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from audit import sealed_bundles
from audit.sealed_bundles import check, problem
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from known_bundles import FILES, SEALED_AT, edit_json, record, sealed_bundle, sign_again, write_files

from edgecv.audit.verify import Verification, verify_bundle
from edgecv.durable_files import sha256_file
from edgecv.evidence.keys import BoxKey
from edgecv.evidence.manifest import write_manifest
from edgecv.evidence.sealing import Link, seal

key = sealed_bundles.key
stranger = sealed_bundles.stranger
bundle = sealed_bundles.bundle
deleted = sealed_bundles.deleted


ALL_FILES = sorted({*FILES, "incident.json", "manifest.json", "manifest.sig"})


def test_a_bundle_as_it_was_sealed_is_well(bundle: Path, key: BoxKey) -> None:
    assert check(bundle, key) == Verification((), (), False)


@pytest.mark.parametrize("name", ALL_FILES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(data=st.data())
def test_one_flipped_bit_in_any_file_is_found(bundle: Path, key: BoxKey, name: str, data: st.DataObject) -> None:
    path = bundle / name
    whole = path.read_bytes()
    # the signature's last line end is not part of it
    bit = data.draw(st.integers(0, 8 * (len(whole) - (name == "manifest.sig")) - 1))
    changed = bytearray(whole)
    changed[bit // 8] ^= 1 << bit % 8
    path.write_bytes(bytes(changed))
    try:
        assert not check(bundle, key).ok
    finally:
        path.write_bytes(whole)
    assert check(bundle, key).ok


def test_bits_of_the_signature_that_decoding_leaves_out_count_too(bundle: Path, key: BoxKey) -> None:
    path = bundle / "manifest.sig"
    text = bytearray(path.read_bytes())
    last = text.index(b"==") - 1
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    text[last] = alphabet[alphabet.index(text[last]) ^ 1]
    path.write_bytes(bytes(text))
    assert problem(bundle, key) == f"{path}: is not a signature"


@pytest.mark.parametrize("name", ALL_FILES)
def test_a_file_taken_away_is_named(bundle: Path, key: BoxKey, name: str) -> None:
    (bundle / name).unlink()
    assert problem(bundle, key) == f"{bundle / name}: is missing"


@pytest.fixture
def passed_on(tmp_path: Path, key: BoxKey) -> Path:
    """What a receiver gets of a bundle: all but the untouched clip and pictures."""
    folder = write_files(tmp_path / "b", "b")
    for name in ("still-blurred.jpg", "strobe-blurred.jpg"):
        (folder / name).write_bytes(name.encode())
    seal(folder, key, Link(1, None), "b", SEALED_AT)
    for name in FILES:
        (folder / name).unlink()
    return folder


def test_a_blurred_copy_is_well_and_says_what_it_is_without(passed_on: Path, key: BoxKey) -> None:
    found = verify_bundle(passed_on, key.public)
    assert found == Verification((), (), False, ("clip.mp4", "still.jpg", "strobe.jpg"))


def test_a_blurred_copy_is_no_whole_bundle(passed_on: Path, key: BoxKey) -> None:
    found = verify_bundle(passed_on, key.public, replay=False, whole=True)
    assert found.problems == tuple(f"{passed_on / name}: is missing" for name in sorted(FILES))


@pytest.mark.parametrize("name", ["still-blurred.jpg", "strobe-blurred.jpg", "incident.json"])
def test_what_was_passed_on_must_be_as_it_was_sealed_and_all_there(passed_on: Path, key: BoxKey, name: str) -> None:
    kept = (passed_on / name).read_bytes()
    (passed_on / name).write_bytes(kept + b"x")
    assert f"{passed_on / name}: has been changed" in check(passed_on, key).problems
    (passed_on / name).unlink()
    assert f"{passed_on / name}: is missing" in check(passed_on, key).problems


def test_one_untouched_file_taken_from_the_others_is_named(passed_on: Path, key: BoxKey) -> None:
    (passed_on / "still.jpg").write_bytes(FILES["still.jpg"])
    assert check(passed_on, key).problems == tuple(
        f"{passed_on / name}: is missing" for name in ("clip.mp4", "strobe.jpg")
    )


def test_pictures_without_blurred_copies_must_be_there(bundle: Path, key: BoxKey) -> None:
    for name in FILES:
        (bundle / name).unlink()
    assert check(bundle, key).problems == tuple(f"{bundle / name}: is missing" for name in sorted(FILES))


@pytest.mark.parametrize("name", ["more.jpg", ".hidden", "deletion.sig.txt"])
def test_a_file_put_there_is_named(bundle: Path, key: BoxKey, name: str) -> None:
    (bundle / name).write_bytes(b"")
    assert problem(bundle, key) == f"{bundle / name}: was not there when the evidence was written"


def test_a_folder_put_there_is_named(bundle: Path, key: BoxKey) -> None:
    (bundle / "more").mkdir()
    assert "more: was not there" in problem(bundle, key)


def test_a_link_to_the_same_content_is_no_evidence(bundle: Path, key: BoxKey, tmp_path: Path) -> None:
    (bundle / "still.jpg").rename(tmp_path / "still.jpg")
    (bundle / "still.jpg").symlink_to(tmp_path / "still.jpg")
    assert "still.jpg: is not a plain file" in problem(bundle, key)


def test_a_file_changed_and_entered_in_the_manifest_anew_breaks_the_signature(bundle: Path, key: BoxKey) -> None:
    (bundle / "clip.mp4").write_bytes(b"other pictures")
    edit_json(
        bundle / "manifest.json",
        lambda m: m["files"]["clip.mp4"].update(sha256=sha256_file(bundle / "clip.mp4"), bytes=14),
    )
    assert any("is not the signature of manifest.json" in p for p in check(bundle, key).problems)


def test_a_manifest_written_and_signed_by_another_key_is_refused(bundle: Path, key: BoxKey, stranger: BoxKey) -> None:
    seal(bundle, stranger, Link(1, None), "a", SEALED_AT)
    assert check(bundle, stranger).ok
    assert f"was signed with key {stranger.key_id}, not with {key.key_id}" in problem(bundle, key)


def test_a_stranger_who_names_the_boxs_key_is_refused(bundle: Path, key: BoxKey, stranger: BoxKey) -> None:
    edit_json(bundle / "manifest.json", lambda m: m.update(sealed_at="2026-01-01T00:00:00.000Z"))
    sign_again(bundle, stranger)
    assert "is not the signature of manifest.json" in problem(bundle, key)


def test_the_signature_of_another_bundle_does_not_pass(bundle: Path, key: BoxKey, tmp_path: Path) -> None:
    other = sealed_bundle(tmp_path, key, Link(2, "ab" * 32), "b")
    shutil.copy(other / "manifest.sig", bundle)
    assert "manifest.sig: is not the signature" in problem(bundle, key)


def test_the_seal_of_another_bundle_does_not_pass(bundle: Path, key: BoxKey, tmp_path: Path) -> None:
    other = sealed_bundle(tmp_path, key, Link(2, "ab" * 32), "b")
    for name in ("manifest.json", "manifest.sig"):
        shutil.copy(other / name, bundle)
    assert not check(bundle, key).ok


def test_the_record_of_another_incident_is_found_even_where_the_box_signed_it(tmp_path: Path, key: BoxKey) -> None:
    folder = write_files(tmp_path / "a", "another")
    seal(folder, key, Link(1, None), "a", SEALED_AT)
    assert "is of incident another, the manifest of a" in problem(folder, key)


def test_a_record_that_names_another_clip_is_found_even_where_the_box_signed_it(tmp_path: Path, key: BoxKey) -> None:
    folder = write_files(tmp_path / "a")
    (folder / "incident.json").write_text(record("a", clip=b"some other clip").to_json())
    seal(folder, key, Link(1, None), "a", SEALED_AT)
    assert "names a clip that is not the one in the folder" in problem(folder, key)


def test_a_seal_cannot_be_taken_off_unnoticed(bundle: Path, key: BoxKey) -> None:
    for name in ("manifest.json", "manifest.sig"):
        (bundle / name).unlink()
    write_manifest(bundle)
    assert "is not sealed" in problem(bundle, key)
    without_key = verify_bundle(bundle, None, replay=False)
    assert without_key.ok
    assert "is not sealed" in "\n".join(without_key.notes)


def test_without_a_key_the_files_are_checked_and_that_is_said(bundle: Path) -> None:
    checked = verify_bundle(bundle, None, replay=False)
    assert checked.ok
    assert "nobody knows who sealed it" in "\n".join(checked.notes)
    (bundle / "clip.mp4").write_bytes(b"other pictures")
    assert not verify_bundle(bundle, None, replay=False).ok


@pytest.mark.parametrize("content", ["", "null", "{}", '{"version": 2}', '{"version": 1, "files": []}', "\x00"])
def test_a_manifest_that_is_none_is_told(bundle: Path, key: BoxKey, content: str) -> None:
    (bundle / "manifest.json").write_text(content)
    assert "manifest.json: is not a manifest" in problem(bundle, key)


def test_a_manifest_of_a_newer_edgecv_says_so(bundle: Path, key: BoxKey) -> None:
    edit_json(bundle / "manifest.json", lambda m: m.update(version=3))
    assert "does not know; update it" in problem(bundle, key)


@pytest.mark.parametrize("name", ["../outside", "/etc/hostname", "..", "a/b", "", "x" * 300, "照" * 86, "a\0b", "a\nb"])
def test_a_manifest_may_not_name_files_elsewhere(bundle: Path, key: BoxKey, name: str) -> None:
    edit_json(bundle / "manifest.json", lambda m: m["files"].update({name: {"sha256": "ab" * 32, "bytes": 1}}))
    sign_again(bundle, key)
    assert "is not a manifest" in problem(bundle, key)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)
@given(name=st.sampled_from(ALL_FILES), content=st.binary(max_size=200))
def test_whatever_a_file_is_replaced_by_it_is_told_and_never_a_crash(
    bundle: Path, key: BoxKey, name: str, content: bytes
) -> None:
    whole = (bundle / name).read_bytes()
    (bundle / name).write_bytes(content)
    assert check(bundle, key).ok == (content == whole)
    (bundle / name).write_bytes(whole)


def test_a_clip_that_cannot_be_played_is_a_problem_only_when_it_is_replayed(bundle: Path, key: BoxKey) -> None:
    assert json.loads((bundle / "incident.json").read_text())["evidence"]["clip"] == "clip.mp4"
    assert check(bundle, key).ok
    problems = verify_bundle(bundle, key.public).problems
    assert len(problems) == 1
    assert problems[0].startswith(f"{bundle}: cannot be replayed: {bundle / 'clip.mp4'}: ")


def test_a_record_longer_than_any_is_not_read_into_memory(tmp_path: Path) -> None:
    key = BoxKey.load_or_create(tmp_path / "state")
    bundle = sealed_bundle(tmp_path, key)
    with (bundle / "manifest.json").open("r+b") as file:
        file.truncate(10**12)  # takes no room on the disk
    found = verify_bundle(bundle, key.public, replay=False)
    assert not found.ok
    assert any("manifest.json: has more than 16 MB, which no box writes" in line for line in found.problems)
