"""What a hub takes of evidence that boxes send: signed, whole, of bounded size, and never in another's place."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from console.hub_server import TOKENS
from known_bundles import SEALED_AT, sealed_bundle, write_files

from edgecv.console.evidence.bundle_verifier import Verifier
from edgecv.console.evidence.evidence_paths import EvidencePaths
from edgecv.console.intake import upload_cleanup
from edgecv.console.intake.evidence_upload import EvidenceFiles, RefusedFileError
from edgecv.console.settings import UNFINISHED_INCIDENTS, UNFINISHED_S, UPLOADS_AT_ONCE
from edgecv.evidence.keys import BoxKey
from edgecv.evidence.manifest import write_manifest
from edgecv.evidence.sealing import Link, delete_evidence, seal

SITE = "jialinglu-3"
JPEG = b"\xff\xd8\xff\xe0 a picture"


@pytest.fixture
def key(tmp_path: Path) -> BoxKey:
    return BoxKey.load_or_create(tmp_path / "state")


def _kept(folder: Path) -> EvidenceFiles:
    return EvidenceFiles(EvidencePaths(folder / "evidence", by_site=True), TOKENS)


def _take(files: EvidenceFiles, incident: str, name: str, content: bytes) -> bool:
    async def body() -> AsyncIterator[bytes]:
        yield content

    sha256 = hashlib.sha256(content).hexdigest()
    return asyncio.run(files.take(SITE, incident, name, sha256, len(content), body()))


def _take_all(files: EvidenceFiles, folder: Path, *, without: set[str] | None = None) -> bool:
    """Upload a bundle as a box does, the manifest last."""
    paths = sorted(folder.iterdir(), key=lambda path: (path.name == "manifest.json", path.name))
    left = [path for path in paths if path.name not in (without or set())]
    return [_take(files, folder.name, path.name, path.read_bytes()) for path in left][-1]


def _put_key(folder: Path, *keys: BoxKey, old_place: bool = False) -> None:
    path = folder / "evidence" / SITE / "box.pub" if old_place else folder / "keys" / f"{SITE}.pub"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(key.public_pem for key in keys))


@pytest.mark.parametrize("old_place", [False, True])
def test_where_the_site_s_key_is_known_only_what_it_signed_is_complete(
    tmp_path: Path, key: BoxKey, old_place: bool
) -> None:
    _put_key(tmp_path, key, old_place=old_place)
    files, stranger = _kept(tmp_path), BoxKey.load_or_create(tmp_path / "stranger")
    assert _take_all(files, sealed_bundle(tmp_path / "own", key, incident_id="mine"))
    with pytest.raises(RefusedFileError, match="its key is none of this site's") as refused:
        _take_all(files, sealed_bundle(tmp_path / "theirs", stranger, incident_id="forged"))
    assert refused.value.status == 403, "a box that got a new key keeps its evidence until the hub knows it"
    forged = sealed_bundle(tmp_path / "claimed", stranger, incident_id="claimed")
    manifest = json.loads((forged / "manifest.json").read_text())
    (forged / "manifest.json").write_text(json.dumps(manifest | {"key": key.key_id}))
    with pytest.raises(RefusedFileError, match="is not that of the box's key"):
        _take_all(files, forged)
    assert not list((tmp_path / "evidence" / SITE).glob("[fc]*/manifest.json"))


def test_a_box_that_got_a_new_key_is_believed_with_both(tmp_path: Path, key: BoxKey) -> None:
    new = BoxKey.load_or_create(tmp_path / "new")
    _put_key(tmp_path, key, new)
    files, verifier = _kept(tmp_path), Verifier(EvidencePaths(tmp_path / "evidence", by_site=True))
    for name, one in (("before", key), ("after", new)):
        assert _take_all(files, sealed_bundle(tmp_path / "own", one, incident_id=name))
        checked = verifier.check(SITE, name)
        assert checked is not None and checked.ok and checked.key_id == one.key_id


def test_without_a_key_evidence_is_taken_and_marked_as_unverified(tmp_path: Path, key: BoxKey) -> None:
    files = _kept(tmp_path)
    assert _take_all(files, sealed_bundle(tmp_path / "own", key, incident_id="a"))
    checked = Verifier(EvidencePaths(tmp_path / "evidence", by_site=True)).check(SITE, "a")
    assert checked is not None and checked.key_id is None
    assert any("nobody knows who sealed it" in note for note in checked.notes)


def test_a_key_that_cannot_be_read_takes_nothing_and_believes_nothing(tmp_path: Path, key: BoxKey) -> None:
    files = _kept(tmp_path)
    _put_key(tmp_path)
    with pytest.raises(RefusedFileError, match="the keys of this site cannot be read") as refused:
        _take_all(files, sealed_bundle(tmp_path / "own", key, incident_id="a"))
    assert refused.value.status == 503, "boxes try again"


def test_a_manifest_that_no_box_sealed_is_never_complete(tmp_path: Path, key: BoxKey) -> None:
    files = _kept(tmp_path)
    write_manifest(write_files(tmp_path / "own" / "listed", "listed"))
    with pytest.raises(RefusedFileError, match="not one that a box has sealed"):
        _take_all(files, tmp_path / "own" / "listed")
    sealed = sealed_bundle(tmp_path / "own", key, incident_id="bare")
    with pytest.raises(RefusedFileError, match="its signature is missing"):
        _take_all(files, sealed, without={"manifest.sig"})


def test_no_deletion_is_uploaded_before_or_after_the_manifest(tmp_path: Path, key: BoxKey) -> None:
    files = _kept(tmp_path)
    for name, content in (("deletion.json", b"{}"), ("deletion.sig", b"x")):
        with pytest.raises(RefusedFileError, match="boxes send no file of evidence called"):
            _take(files, "a", name, content)
    bundle = sealed_bundle(tmp_path / "own", key, incident_id="a")
    assert _take_all(files, bundle)
    delete_evidence(bundle, key, "old", SEALED_AT)
    with pytest.raises(RefusedFileError):
        _take(files, "a", "deletion.json", (bundle / "deletion.json").read_bytes())
    assert not list((tmp_path / "evidence").rglob("deletion*"))


def test_whoever_squats_on_an_incident_gives_way_to_its_box(tmp_path: Path, key: BoxKey) -> None:
    """Complete before the key was known; nothing of it changes until the true evidence is whole."""
    files, stranger = _kept(tmp_path), BoxKey.load_or_create(tmp_path / "stranger")
    (squat := write_files(tmp_path / "theirs" / "a", "a")).joinpath("still.jpg").write_bytes(JPEG + b"forged")
    seal(squat, stranger, Link(1, None), "a", SEALED_AT)
    assert _take_all(files, squat)
    _put_key(tmp_path, key)
    there, true = tmp_path / "evidence" / SITE / "a", sealed_bundle(tmp_path / "own", key, incident_id="a")
    _take(files, "a", "still.jpg", (true / "still.jpg").read_bytes())
    assert (there / "still.jpg").read_bytes() == JPEG + b"forged"
    assert _take_all(files, true)
    assert {p.name: p.read_bytes() for p in there.iterdir()} == {p.name: p.read_bytes() for p in true.iterdir()}
    assert [p.name for p in there.parent.iterdir()] == ["a"], "nothing is left beside it"
    with pytest.raises(RefusedFileError, match="complete already"):
        _take(files, "a", "still.jpg", JPEG + b"forged")


def test_an_unfinished_upload_is_replaced_and_goes_after_a_week(tmp_path: Path) -> None:
    files, folder = _kept(tmp_path), tmp_path / "evidence" / SITE
    for content in (JPEG, JPEG + b" again"):
        _take(files, "old", "still.jpg", content)
    assert (folder / "old" / "still.jpg").read_bytes() == JPEG + b" again"
    week_ago = time.time() - UNFINISHED_S - 60
    os.utime(folder / "old", (week_ago, week_ago))
    _take(files, "new", "still.jpg", JPEG)
    assert {path.name for path in folder.iterdir()} == {"new"}


def test_unfinished_incidents_of_a_site_are_few(tmp_path: Path) -> None:
    files, folder = _kept(tmp_path), tmp_path / "evidence" / SITE
    for n in range(UNFINISHED_INCIDENTS):
        _take(files, f"i{n}", "still.jpg", JPEG)
    with pytest.raises(RefusedFileError, match="too much of jialinglu-3 is incomplete") as refused:
        _take(files, "more", "still.jpg", JPEG)
    assert refused.value.status == 503 and not (folder / "more").exists()
    _take(files, "i5", "strobe.jpg", JPEG)
    hours_ago = time.time() - 7200
    os.utime(folder / "i7", (hours_ago, hours_ago))
    _take(files, "more", "still.jpg", JPEG)
    assert not (folder / "i7").exists() and len(list(folder.iterdir())) == UNFINISHED_INCIDENTS


def test_unfinished_incidents_of_a_site_are_not_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload_cleanup, "UNFINISHED_BYTES", 50_000)
    files = _kept(tmp_path)
    for n in range(6):
        _take(files, f"i{n}", "still.jpg", JPEG + bytes(10_000 - len(JPEG)))
    with pytest.raises(RefusedFileError, match="is incomplete"):
        _take(files, "more", "still.jpg", JPEG)


def test_uploads_leave_room_for_the_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload_cleanup, "KEPT_FREE_BYTES", 2**80)
    monkeypatch.setattr(upload_cleanup, "KEPT_FREE_SHARE", 1.0)
    with pytest.raises(RefusedFileError, match="the disk is nearly full") as refused:
        _take(_kept(tmp_path), "a", "still.jpg", JPEG)
    assert refused.value.status == 507


def test_what_is_complete_takes_no_room_either(tmp_path: Path, key: BoxKey, monkeypatch: pytest.MonkeyPatch) -> None:
    files = _kept(tmp_path)
    assert _take_all(files, sealed_bundle(tmp_path / "box", key, incident_id="a"))
    monkeypatch.setattr(upload_cleanup, "KEPT_FREE_BYTES", 2**80)
    monkeypatch.setattr(upload_cleanup, "KEPT_FREE_SHARE", 1.0)
    with pytest.raises(RefusedFileError, match="the disk is nearly full"):
        _take(files, "a", "clip.mkv", b"\x1a\x45\xdf\xa3" + bytes(1000))


def test_a_site_sends_few_files_at_once(tmp_path: Path) -> None:
    files = _kept(tmp_path)

    async def flood() -> list[object]:
        go_on = asyncio.Event()

        async def slow() -> AsyncIterator[bytes]:
            await go_on.wait()
            yield JPEG

        digest = hashlib.sha256(JPEG).hexdigest()
        sent = [
            asyncio.create_task(files.take(SITE, f"i{n}", "still.jpg", digest, None, slow()))
            for n in range(UPLOADS_AT_ONCE)
        ]
        await asyncio.sleep(0)
        more = asyncio.create_task(files.take(SITE, "more", "still.jpg", digest, None, slow()))
        refused = (await asyncio.gather(more, return_exceptions=True))[0]
        go_on.set()
        return [refused, *await asyncio.gather(*sent, return_exceptions=True)]

    refused, *taken = asyncio.run(flood())
    assert isinstance(refused, RefusedFileError) and refused.status == 503
    assert taken == [False] * UPLOADS_AT_ONCE
    assert _take(files, "more", "still.jpg", JPEG) is False, "room again"
