"""Evidence reaches a real hub from a box's own uploader, whole or not at all, and from nobody else."""

from __future__ import annotations

import asyncio
import hashlib
import http.client
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
from edgecv.console.evidence.evidence_paths import EvidencePaths
from edgecv.console.intake import evidence_upload
from edgecv.evidence.file_names import KINDS, PICTURE_BYTES
from edgecv.evidence.keys import BoxKey
from edgecv.evidence.sealing import Link, seal
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


def test_refused_uploads_take_a_line_a_minute(hub: HubServer) -> None:
    for n in range(40):
        _put(hub, f"{SITE}/d/i{n}/clip.m3u8", token="wrong" * 10)
        _put(hub, f"{SITE}/d/i{n}/clip.m3u8")
    lines = hub.log.read_text().splitlines()
    assert sum("i3" in line for line in lines) == 0
    assert sum("the token is not that of the site" in line for line in lines) <= 3
    assert sum("boxes send no file of evidence" in line for line in lines) <= 3
