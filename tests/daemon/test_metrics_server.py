"""Who may see what over HTTP."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from daemon.healths import beat, box, camera

from edgecv.config.known_secrets import register_secret
from edgecv.daemon.health import BoxHealth
from edgecv.daemon.metrics_server import make_app, metrics_server
from edgecv.errors import ConfigError

INCIDENT = "0123456789abcdef0123456789abcdef0123"
TOKEN = "s3cret-token"


@contextmanager
def serving(
    folder: Path, token: str | None, health: BoxHealth | None = None, *, untouched: bool = False
) -> Iterator[httpx.Client]:
    """The application behind its own server, on any port."""
    now = health or box(camera(heard=beat()), ready=True)
    server = metrics_server(make_app(lambda: now, folder, token, untouched=untouched), "127.0.0.1:0")
    server.start()
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=30) as client:
            yield client
    finally:
        server.stop()


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    folder = tmp_path / "incidents"
    (folder / INCIDENT).mkdir(parents=True)
    (folder / INCIDENT / "clip.mp4").write_bytes(b"moving pictures")
    (folder / INCIDENT / "still-blurred.jpg").write_bytes(b"what may be seen")
    (folder / INCIDENT / ".clip.mp4.part").write_bytes(b"half")
    (tmp_path / "box.key").write_text("the box's key")
    return folder


def test_health_is_for_everyone_and_says_by_its_code_how_it_is(evidence: Path) -> None:
    with serving(evidence, None) as client:
        assert client.get("/healthz").json() == {"alive": True, "problems": []}
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["cameras"]["north-1"]["state"]) == (200, "online")
        assert b"edgecv_frames_total" in client.get("/metrics").content
    with serving(evidence, None, box(camera(), ready=False, alive=False, problems=("hangs",))) as client:
        assert client.get("/healthz").status_code == 503
        assert client.get("/readyz").status_code == 503


def test_with_a_token_metrics_and_evidence_are_for_those_who_show_it(evidence: Path) -> None:
    with serving(evidence, TOKEN) as client:
        assert client.get("/readyz").json() == {"ready": True, "cameras": {}}
        for path in ("/metrics", f"/evidence/{INCIDENT}/still-blurred.jpg"):
            for shown in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}):
                refused = client.get(path, headers=shown)
                assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, "Bearer")
        right = {"Authorization": f"Bearer {TOKEN}"}
        assert client.get("/metrics", headers=right).status_code == 200
        assert client.get(f"/evidence/{INCIDENT}/still-blurred.jpg", headers=right).content == b"what may be seen"


def test_untouched_files_are_fetched_only_where_the_box_file_says_so_and_each_time_is_logged(
    evidence: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    right = {"Authorization": f"Bearer {TOKEN}"}
    with serving(evidence, TOKEN) as client:
        refused = client.get(f"/evidence/{INCIDENT}/clip.mp4", headers=right)
        assert refused.status_code == 403 and "service.evidence" in refused.text
        assert b"moving" not in refused.content
    with serving(evidence, TOKEN, untouched=True) as client:
        assert client.get(f"/evidence/{INCIDENT}/clip.mp4", headers=right).content == b"moving pictures"
    assert f"untouched evidence {INCIDENT}/clip.mp4 was fetched by 127.0.0.1" in caplog.text
    assert TOKEN not in caplog.text


@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil.example"}, {"Host": ""}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}],
)
def test_without_a_token_no_page_of_another_site_is_answered(evidence: Path, headers: dict[str, str]) -> None:
    with serving(evidence, None) as client:
        for path in ("/readyz", "/metrics"):
            assert client.get(path, headers=headers).status_code == 403
        assert client.get("/metrics", headers={"Host": "localhost:9464"}).status_code == 200
    with serving(evidence, TOKEN) as client:
        assert client.get("/healthz", headers={"Host": "box.example"}).status_code == 200


def test_no_answer_sends_anybody_to_what_the_host_header_says(evidence: Path) -> None:
    with serving(evidence, TOKEN) as client:
        answer = client.get("/healthz/", headers={"Host": "evil.example"})
    assert (answer.status_code, answer.headers.get("location")) == (404, None)


def test_without_a_token_no_evidence_is_shown(evidence: Path) -> None:
    with serving(evidence, None) as client:
        assert client.get(f"/evidence/{INCIDENT}/clip.mp4").status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        f"/evidence/{INCIDENT}/.clip.mp4.part",
        f"/evidence/{INCIDENT}/..%2f..%2fbox.key",
        "/evidence/..%2f/box.key",
        f"/evidence/{INCIDENT}%2f..%2f..%2f/box.key",
        f"/evidence/{INCIDENT}/none.mp4",
        "/evidence/nobody/clip.mp4",
    ],
)
def test_nothing_but_finished_evidence_can_be_had(evidence: Path, path: str) -> None:
    with serving(evidence, TOKEN) as client:
        answer = client.get(path, headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 404
        assert b"key" not in answer.content


def test_a_port_that_is_taken_is_told_with_what_to_do(evidence: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"service\.listen = 127\.0\.0\.1:{port}: .*; choose another port"):
            metrics_server(make_app(box, evidence, None), f"127.0.0.1:{port}")


def test_health_holds_no_registered_secret(evidence: Path) -> None:
    register_secret("two hunters")
    now = box(camera(heard=beat()), ready=True, problems=("the broker said: bad password two hunters",))
    with serving(evidence, None, now) as client:
        assert client.get("/healthz").json()["problems"] == ["the broker said: bad password ***"]
