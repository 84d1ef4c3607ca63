from __future__ import annotations

import hashlib
import shutil
from email import message_from_bytes
from email.message import Message as Mail
from email.policy import HTTP
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from receivers import WebReceiver
from small_box import Box
from waiting import wait_for

from edgecv.upstream.evidence_upload import below

pytestmark = pytest.mark.usefixtures("short_pauses")

FILES = {
    "clip.mp4": bytes(range(256)) * 4000,
    "incident.json": b"{}",
    "manifest.json": b'{"files": {}}',
    "still.jpg": b"\xff\xd8still",
    "zone.bin": b"",
}
IN_ORDER = ["clip.mp4", "incident.json", "still.jpg", "zone.bin", "manifest.json"]


def write_evidence(box: Box, incident: str) -> Path:
    folder = box.evidence / incident
    folder.mkdir(parents=True)
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    (folder / ".clip.mp4.part").write_bytes(b"half")
    return folder


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def upload(web: WebReceiver, **more: Any) -> dict[str, Any]:
    return {"url": f"{web.url}/bucket/", "pictures": "untouched"} | more


def test_every_file_is_put_under_its_own_address_the_manifest_last(box: Box, web: WebReceiver) -> None:
    box.write("token", "t0ken")
    write_evidence(box, "inc-1")
    box.add("inc-1")  # the incident itself is no evidence
    box.add("inc-1", kind="evidence", device="门口")
    with box.courier(evidence=upload(web, token_file="token")) as courier:
        wait_for(lambda: courier.status()["evidence"].delivered == 1)
    prefix = "/bucket/home/%E9%97%A8%E5%8F%A3/inc-1/"
    assert [(request.method, request.path) for request in web.requests] == [("PUT", prefix + n) for n in IN_ORDER]
    for request in web.requests:
        content = FILES[request.path.rpartition("/")[2]]
        assert request.body == content
        assert request.headers["x-content-sha256"] == sha256(content)
        assert request.headers["content-length"] == str(len(content))
        assert request.headers["authorization"] == "Bearer t0ken"
    assert [r.headers["content-type"] for r in web.requests][:3] == ["video/mp4", "application/json", "image/jpeg"]
    assert box.depth("evidence").waiting == 0


def test_multipart_is_one_post_with_all_files_and_their_hashes(box: Box, web: WebReceiver) -> None:
    write_evidence(box, "inc-1")
    box.add("inc-1", kind="evidence")
    with box.courier(evidence=upload(web, method="multipart")) as courier:
        wait_for(lambda: courier.status()["evidence"].delivered == 1)
    (request,) = web.requests
    assert (request.method, request.path) == ("POST", "/bucket/home/north-1/inc-1")
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    parts = message_from_bytes(head + request.body, policy=HTTP).get_payload()
    assert isinstance(parts, list)
    assert [part.get_filename() for part in parts if isinstance(part, Mail)] == IN_ORDER
    for part in parts:
        assert isinstance(part, Mail)
        content = FILES[str(part.get_filename())]
        assert part.get_payload(decode=True) == content
        assert part["X-Content-SHA256"] == sha256(content)


@pytest.mark.parametrize("method", ["put", "multipart"])
def test_a_failing_server_is_tried_until_it_has_everything(box: Box, web: WebReceiver, method: str) -> None:
    write_evidence(box, "inc-1")
    box.add("inc-1", kind="evidence")
    web.answers = [(500, {}), (503, {})]
    with box.courier(evidence=upload(web, method=method)) as courier:
        wait_for(lambda: courier.status()["evidence"].delivered == 1)
    assert len(web.requests) == 2 + (len(FILES) if method == "put" else 1)


def test_files_that_are_there_are_not_sent_again_after_a_failure(box: Box, web: WebReceiver) -> None:
    write_evidence(box, "inc-1")
    box.add("inc-1", kind="evidence")
    web.answers = [(201, {}), (201, {}), (502, {})]
    with box.courier(evidence=upload(web)) as courier:
        wait_for(lambda: courier.status()["evidence"].delivered == 1)
    assert [request.path.rpartition("/")[2] for request in web.requests] == [*IN_ORDER[:3], *IN_ORDER[2:]]


def test_evidence_deleted_meanwhile_is_passed_over(
    box: Box, web: WebReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    shutil.rmtree(write_evidence(box, "gone"))
    write_evidence(box, "there")
    box.add("gone", "there", kind="evidence")
    with box.courier(evidence=upload(web)) as courier:
        wait_for(lambda: courier.status()["evidence"].delivered == 1)
    assert all("/there/" in request.path for request in web.requests)
    assert "evidence of gone was deleted before it was sent" in caplog.text
    assert box.depth("evidence").parked == 0


def test_evidence_that_is_refused_is_parked_and_names_the_file(box: Box, web: WebReceiver) -> None:
    write_evidence(box, "large")
    write_evidence(box, "small")
    box.add("large", "small", kind="evidence")
    web.always = lambda request: 413 if request.path.endswith("/large/clip.mp4") else None
    with box.courier(evidence=upload(web)) as courier:
        wait_for(lambda: courier.status()["evidence"].delivered == 1)
    with box.outbox() as outbox:
        reasons = outbox._database.connection.execute("SELECT target, reason FROM parked").fetchall()
    assert [tuple(row) for row in reasons] == [("evidence", f"clip.mp4: answers 413 ({HTTPStatus(413).phrase})")]


def test_evidence_and_incidents_have_a_place_in_the_outbox_each(box: Box, web: WebReceiver) -> None:
    write_evidence(box, "inc-1")
    box.add("inc-1")
    box.add("inc-1", kind="evidence")
    web.always = lambda request: 500 if request.method == "PUT" else None
    targets = [{"name": "estate", "url": f"{web.url}/hook"}]
    with box.courier(drain_s=1, targets=targets, evidence=upload(web)) as courier:
        wait_for(lambda: courier.status()["estate"].delivered == 2)
        wait_for(lambda: courier.status()["evidence"].problem)
    assert box.depth("estate").waiting == 0
    assert box.depth("evidence").waiting == 1


def test_the_untouched_clip_and_pictures_stay_on_the_box_unless_the_section_says_otherwise(
    box: Box, web: WebReceiver
) -> None:
    folder = write_evidence(box, "inc-1")
    (folder / "still-blurred.jpg").write_bytes(b"\xff\xd8blurred")
    box.add("inc-1", kind="evidence")
    with box.courier(evidence={"url": f"{web.url}/bucket/"}) as courier:
        wait_for(lambda: courier.status()["evidence"].delivered == 1)
    sent = [request.path.rpartition("/")[2] for request in web.requests]
    assert sent == ["incident.json", "still-blurred.jpg", "zone.bin", "manifest.json"]


@pytest.mark.parametrize("method", ["put", "multipart"])
def test_pictures_of_an_older_edgecv_that_has_not_blurred_them_are_not_sent(
    box: Box, web: WebReceiver, caplog: pytest.LogCaptureFixture, method: str
) -> None:
    write_evidence(box, "old")
    new = write_evidence(box, "new")
    (new / "still-blurred.jpg").write_bytes(b"\xff\xd8blurred")
    box.add("old", "new", kind="evidence")
    with box.courier(evidence={"url": f"{web.url}/bucket/", "method": method}) as courier:
        wait_for(lambda: courier.status()["evidence"].delivered == 1)
    assert web.requests and all("/new" in request.path for request in web.requests)
    sent = b"".join(request.body for request in web.requests)
    assert FILES["clip.mp4"] not in sent and FILES["still.jpg"] not in sent
    assert "old has no blurred pictures and is not sent" in caplog.text


def test_names_go_below_an_address_and_its_query_stays() -> None:
    assert str(below("https://host/a/?sig=x%2Fy", "s", "a b/c")) == "https://host/a/s/a%20b%2Fc?sig=x%2Fy"
    assert str(below("https://host", "s")) == "https://host/s"
