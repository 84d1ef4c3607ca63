"""Evidence reaches a real hub from a box's own uploader, whole or not at all, and from nobody else."""

from __future__ import annotations

import asyncio
import hashlib
import http.client
import json
import os
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

import httpx
import pytest
from console.hub_server import TOKENS, HubServer, running_hub
from known_bundles import SEALED_AT, record, sealed_bundle, write_files

from edgecv.audit.verify import verify_bundle
from edgecv.config.upstream import EvidenceUpload
from edgecv.console.evidence.bundle_verifier import Verifier
from edgecv.console.evidence.evidence_paths import EvidencePaths
from edgecv.console.intake import evidence_upload, upload_cleanup
from edgecv.console.intake.evidence_upload import EvidenceFiles, RefusedFileError
from edgecv.console.settings import UNFINISHED_INCIDENTS, UNFINISHED_S, UPLOADS_AT_ONCE
from edgecv.evidence.file_names import KINDS, PICTURE_BYTES
from edgecv.evidence.keys import BoxKey
from edgecv.evidence.manifest import write_manifest
from edgecv.evidence.sealing import Link, delete_evidence, seal
from edgecv.incidents.cloudevents import incident_event
from edgecv.storage.outbox import Message
from edgecv.upstream.evidence_upload import EvidenceLink
from edgecv.upstream.link_protocol import UndeliveredError

SITE = "jialinglu-3"
JPEG = b"\xff\xd8\xff\xe0 a picture"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    with running_hub(tmp_path_factory.mktemp("hub")) as server:
        yield server


@pytest.fixture
def key(tmp_path: Path) -> BoxKey:
    return BoxKey.load_or_create(tmp_path / "state")


def _send(
    hub: HubServer,
    root: Path,
    incident: str,
    token: str = TOKENS[SITE],
    site: str = SITE,
    pictures: Literal["blurred", "untouched"] = "untouched",
) -> str | None:
    """What a box does with the evidence of an incident; why the hub refuses it for good."""
    (root / "token").write_text(token)
    upload = EvidenceUpload(url=f"{hub.url}/evidence", token_file="token", pictures=pictures)
    link = EvidenceLink(upload, site, root / "box.yaml", root)
    link.open(30.0)
    try:
        message = Message(1, "evidence", incident, "门口", 0.0, incident_event(record(incident)))
        ((answer,),) = link.deliver([message])
        return answer.refusal
    finally:
        link.close(clean=True, timeout_s=1.0)


def _put(
    hub: HubServer, path: str, content: bytes = JPEG, token: str = TOKENS[SITE], sha256: str = ""
) -> httpx.Response:
    given = {"Authorization": f"Bearer {token}", "X-Content-SHA256": sha256 or hashlib.sha256(content).hexdigest()}
    return httpx.request("PUT", f"{hub.url}/evidence/{path}", content=content, headers=given, timeout=60)


def test_what_a_box_sealed_arrives_as_it_was_sealed_and_again_changes_nothing(
    hub: HubServer, key: BoxKey, tmp_path: Path
) -> None:
    sent = write_files(tmp_path / "whole", "whole")
    clip = b"\0\0\0\x20ftypisom" + bytes(range(256)) * 20_000  # larger than any form
    (sent / "clip.mp4").write_bytes(clip)
    (sent / "incident.json").write_text(record("whole", clip=clip).to_json())
    seal(sent, key, Link(1, None), "whole", SEALED_AT)
    assert _send(hub, tmp_path, "whole") is None
    came = hub.evidence / SITE / "whole"
    assert {path.name: path.read_bytes() for path in came.iterdir()} == {
        path.name: path.read_bytes() for path in sent.iterdir()
    }
    found = verify_bundle(came, key.public, replay=False)
    assert found.ok, found.problems
    before = {path.name: path.stat().st_mtime_ns for path in came.iterdir()}
    assert _send(hub, tmp_path, "whole") is None, "a box that does not know sends it again"
    assert {path.name: path.stat().st_mtime_ns for path in came.iterdir()} == before
    (sent / "still.jpg").write_bytes(JPEG + b"another picture")
    assert "409" in str(_send(hub, tmp_path, "whole")), "what is sealed stays"
    assert (came / "still.jpg").read_bytes() != JPEG + b"another picture"


def test_a_blurred_copy_arrives_without_the_clip_and_what_is_there_can_be_checked(
    hub: HubServer, key: BoxKey, tmp_path: Path
) -> None:
    sent = write_files(tmp_path / "apart", "apart")
    for name in ("still-blurred.jpg", "strobe-blurred.jpg"):
        (sent / name).write_bytes(JPEG + name.encode())
    seal(sent, key, Link(1, None), "apart", SEALED_AT)
    assert _send(hub, tmp_path, "apart", pictures="blurred") is None
    came = hub.evidence / SITE / "apart"
    gone = {"clip.mp4", "still.jpg", "strobe.jpg"}
    assert {path.name for path in came.iterdir()} == {path.name for path in sent.iterdir()} - gone
    found = verify_bundle(came, key.public)
    assert found.ok and set(found.withheld) == gone, found.problems


def test_evidence_that_is_not_what_was_sealed_is_never_complete(hub: HubServer, key: BoxKey, tmp_path: Path) -> None:
    sent = sealed_bundle(tmp_path, key, incident_id="spoilt")
    (sent / "still.jpg").write_bytes(JPEG + b"another picture")
    assert "409" in str(_send(hub, tmp_path, "spoilt"))
    assert not (hub.evidence / SITE / "spoilt" / "manifest.json").exists()
    sealed_bundle(tmp_path / "x", key, incident_id="other").rename(tmp_path / "renamed")
    assert "409" in str(_send(hub, tmp_path, "renamed")), "another incident's evidence"


def test_a_box_that_shows_no_token_of_its_site_is_refused_and_nothing_is_kept(
    hub: HubServer, key: BoxKey, tmp_path: Path
) -> None:
    sealed_bundle(tmp_path, key, incident_id="foreign")
    for token, site in (
        ("c" * 64, SITE),
        (TOKENS["riverside-1"], SITE),
        (TOKENS[SITE], "riverside-1"),
        ("d" * 64, "x"),
    ):
        with pytest.raises(UndeliveredError, match="401"):
            _send(hub, tmp_path, "foreign", token, site)
    assert not list(hub.evidence.glob("*/foreign"))
    said = hub.log.read_text()
    assert not any(token in said for token in (*TOKENS.values(), "c" * 64)), "no token in the log"


def test_the_token_opens_nothing_else(hub: HubServer) -> None:
    given = {"Authorization": f"Bearer {TOKENS[SITE]}"}
    for method, path in (("GET", "/evidence/a/b/c/d.jpg"), ("POST", "/evidence/a/b/c/d.jpg"), ("PUT", "/incidents")):
        answer = httpx.request(method, hub.url + path, headers=given)
        assert (answer.status_code, answer.headers["location"]) == (303, "/login" + answer.headers["location"][6:])
    assert httpx.get(f"{hub.url}/api/v1/incidents", headers=given).status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        f"{SITE}/d/../x.jpg",
        f"{SITE}/d/%2e%2e/x.jpg",
        f"{SITE}/d/a/..%2f..%2fx.jpg",
        f"{SITE}/d/a/%2e%2e",
        f"{SITE}/d/a/.hidden.jpg",
        f"{SITE}/d/a%00/x.jpg",
        f"{SITE}/d/a/x.jpg%00.txt",
        f"{SITE}/d/a/x.jpg%0a",
        "../hub/d/a/x.jpg",
    ],
)
def test_no_name_leads_out_of_its_folder(hub: HubServer, path: str) -> None:
    before = {str(found) for found in hub.evidence.parent.rglob("*")}
    assert _put(hub, path).status_code in {303, 400, 401, 404}
    assert {str(found) for found in hub.evidence.parent.rglob("*")} <= before | {str(hub.evidence)}


def test_a_file_that_was_spoilt_on_the_way_leaves_nothing(hub: HubServer) -> None:
    answer = _put(hub, f"{SITE}/d/broken/still.jpg", sha256="0" * 64)
    assert answer.status_code == 400
    assert list((hub.evidence / SITE / "broken").iterdir()) == []
    assert _put(hub, f"{SITE}/d/broken/still.jpg", sha256="none").status_code == 400


def test_a_file_larger_than_any_is_refused_by_its_length(hub: HubServer) -> None:
    line = http.client.HTTPConnection(hub.url.removeprefix("http://"), timeout=60)
    line.putrequest("PUT", f"/evidence/{SITE}/d/big/still.jpg")
    given = {"Authorization": f"Bearer {TOKENS[SITE]}", "X-Content-SHA256": "0" * 64}
    for name, value in (given | {"Content-Length": str(PICTURE_BYTES + 1)}).items():
        line.putheader(name, value)
    line.endheaders()
    assert line.getresponse().status == 413, "before anything of it was sent"
    line.close()


def test_a_file_that_does_not_say_its_length_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, "still.jpg", replace(KINDS["still.jpg"], most_bytes=1000))
    files = evidence_upload.EvidenceFiles(EvidencePaths(tmp_path, by_site=True), TOKENS)

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"\xff\xd8\xff" + b"x" * 400

    with pytest.raises(evidence_upload.RefusedFileError) as error:
        asyncio.run(files.take(SITE, "a", "still.jpg", "0" * 64, None, endless()))
    assert error.value.status == 413
    assert list((tmp_path / SITE / "a").iterdir()) == []


@pytest.mark.parametrize(
    "name",
    ["clip.m3u8", "clip.ffconcat", "clip.sdp", "clip.mpd", "clip.ts", "x.jpg", "box.pub", "still.html", "CLIP.MP4"],
)
def test_evidence_has_the_names_that_boxes_write_and_no_others(hub: HubServer, name: str) -> None:
    answer = _put(hub, f"{SITE}/d/named/{name}", b"#EXTM3U")
    assert answer.status_code == 400 and "boxes send no file of evidence called" in answer.text
    assert not (hub.evidence / SITE / "named").exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("clip.mp4", b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n"),
        ("clip.mkv", b"ffconcat version 1.0\nfile clip.mkv\n"),
        ("clip.avi", b"RIFF    WAVE"),
        ("clip.mp4", b""),
        ("still.jpg", b"\x89PNG\r\n\x1a\n        IHDR"),
        ("strobe-blurred.jpg", b"<svg/>"),
        ("incident.json", b"[1]"),
        ("manifest.sig", b"\0" * 64),
        ("box.yaml", b"\0\1\2\3"),
    ],
)
def test_content_begins_as_its_name_says(hub: HubServer, name: str, content: bytes) -> None:
    answer = _put(hub, f"{SITE}/d/begins/{name}", content)
    assert answer.status_code == 400 and f"{name} does not begin as" in answer.text
    assert list((hub.evidence / SITE / "begins").iterdir()) == []


@pytest.mark.parametrize("incident", ["box.pub", "BOX.PUB", "box.key", "%2e", "%2e%2e", ".new"])
def test_no_upload_takes_the_place_of_a_key(hub: HubServer, incident: str) -> None:
    assert _put(hub, f"{SITE}/d/{incident}/still.jpg").status_code in {303, 400, 404}
    assert not (hub.evidence / SITE / incident).exists()


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


def test_refused_uploads_take_a_line_a_minute(hub: HubServer) -> None:
    for n in range(40):
        _put(hub, f"{SITE}/d/i{n}/clip.m3u8", token="wrong" * 10)
        _put(hub, f"{SITE}/d/i{n}/clip.m3u8")
    lines = hub.log.read_text().splitlines()
    assert sum("i3" in line for line in lines) == 0
    assert sum("the token is not that of the site" in line for line in lines) <= 3
    assert sum("boxes send no file of evidence" in line for line in lines) <= 3
