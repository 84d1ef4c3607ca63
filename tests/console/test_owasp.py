"""OWASP's top ten of 2021, one by one; what other files test in full is named there."""

from __future__ import annotations

import logging
import re
import socket
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
from console.conftest import PASSWORD, Office, arrival_of
from sqlalchemy import text

from edgecv.console.accounts import Role
from edgecv.console.evidence.evidence_paths import EvidencePaths
from edgecv.console.intake.evidence_upload import EvidenceFiles
from edgecv.console.storage import EVERYTHING
from edgecv.console.web.auth_middleware import COOKIE
from edgecv.console.web.pages import ROUTES

ROOT = Path(__file__).parents[2]
_EVIL = "<script>alert(1)</script>'\"; DROP TABLE incidents; -- {{7*7}} %s"


def _paths(incident: str) -> list[tuple[str, str]]:
    """Method and address of every page about an incident."""
    found = []
    for route in ROUTES:
        if "{incident}" in route.path and not route.path.startswith("/evidence/"):
            path = re.sub(r"\{(\w+)(:\w+)?\}", lambda m: incident if m[1] == "incident" else "strobe.jpg", route.path)
            found += [(method, path) for method in route.methods or () if method != "HEAD"]
    return found


def test_a01_access_control_no_page_shows_anything_of_another_communitys_incident(office: Office) -> None:
    office.take(arrival_of("theirs", "riverside-1", device="secret-camera"))
    office.add("boss", Role.ADMIN)
    browser = office.browser("boss")
    paths = _paths("theirs")
    assert len(paths) >= 5
    for method, path in paths:
        form = {"csrf": browser.csrf, "why": "curious", "before": "new", "after": "confirmed", "seen": "0", "note": "n"}
        answer = browser.client.request(method, path, data=None if method == "GET" else form, follow_redirects=False)
        assert answer.status_code in {403, 404, 422}, (method, path)
        assert "secret-camera" not in answer.text
    assert browser.get("/api/v1/incidents/theirs").status_code == 404
    for page in ("/incidents", "/cameras", "/statistics", "/incidents?device=secret-camera"):
        assert 'href="/incidents/theirs"' not in browser.get(page).text


def test_a01_access_control_a_worker_sees_no_case_but_their_own(office: Office) -> None:
    office.take(arrival_of("a", device="secret-camera"))
    office.add("wang", Role.WORKER)
    worker = office.browser("wang")
    for method, path in _paths("a"):
        form = {"csrf": worker.csrf, "why": "curious", "before": "new", "after": "confirmed", "seen": "0", "note": "n"}
        answer = worker.client.request(method, path, data=None if method == "GET" else form, follow_redirects=False)
        assert answer.status_code in {303, 403, 404, 422}, (method, path)
        assert "secret-camera" not in answer.text


def test_a02_cryptography_tokens_are_long_random_and_kept_as_hashes(office: Office, tmp_path: Path) -> None:
    tokens = {office.browser("chen").client.cookies[COOKIE] for _ in range(3)}
    assert len(tokens) == 3
    assert min(len(token) for token in tokens) >= 43, "256 bits"
    box_token = "0123456789abcdef" * 4
    kept = EvidenceFiles(EvidencePaths(tmp_path, by_site=True), {"s": box_token})
    assert box_token not in repr(vars(kept))


def test_a03_injection_what_is_typed_or_sent_stays_text(office: Office) -> None:
    office.take(arrival_of("a", device=_EVIL.replace("/", "")[:60]))
    office.add("boss", Role.ADMIN)
    browser = office.browser("boss")
    browser.post("/users", do="add", name="wang", full_name=_EVIL, role="worker")
    pages = [browser.get(path) for path in ("/incidents", "/incidents/a", "/users", "/cameras", "/statistics")]
    pages += [
        browser.client.get("/incidents", params={name: _EVIL}) for name in ("building", "device", "state", "since")
    ]
    pages.append(office.browser().client.post("/login", data={"name": _EVIL, "password": _EVIL}))
    for page in pages:
        assert page.status_code < 500, page.url
        assert "<script>alert" not in page.text, page.url
        assert "49 %s" not in page.text
    with office.database.session(EVERYTHING) as session:
        assert session.execute(text("SELECT count(*) FROM incidents")).scalar_one() == 1


def test_a04_design_tries_are_limited_wherever_a_password_is_asked(office: Office) -> None:
    browser = office.browser("chen")
    new = "an even better battery"
    tried = [browser.post("/account/password", old="wrong password", new=new, again=new).status_code for _ in range(6)]
    assert tried == [422] * 5 + [429]


def test_a05_configuration_errors_and_answers_say_nothing_of_our_insides(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = office.browser("chen")

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret of our insides")

    monkeypatch.setattr("edgecv.console.web.pages.incidents.list_incidents", broken)
    answer = browser.get("/incidents")
    assert answer.status_code == 500
    assert "insides" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert browser.get("/api/v1/docs").status_code == 404, "no interactive pages"
    assert "server" not in answer.headers


def test_a06_components_what_is_installed_is_what_the_lock_file_names() -> None:
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    locked = dict(line.split(" ")[0].split("==") for line in lines if "==" in line and not line.startswith((" ", "#")))
    used = ("starlette", "fastapi", "jinja2", "uvicorn", "SQLAlchemy", "argon2-cffi", "httpx", "python-multipart")
    by_name = {name.lower().replace("_", "-"): number for name, number in locked.items()}
    for name in used:
        assert name.lower() in by_name, f"{name} is not in the lock file"
        try:
            assert version(name) == by_name[name.lower()], name
        except PackageNotFoundError:
            pytest.fail(f"{name} is not installed")


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a06_components_no_file_is_installed_but_those_whose_hash_is_locked(lock: str) -> None:
    pins = (ROOT / lock).read_text().replace("\\\n", " ").splitlines()
    for pin in pins:
        if not pin.startswith("#"):
            assert re.fullmatch(r"[\w.-]+(?:\[\w+\])?==\S+( ;.*?)?( +--hash=sha256:[0-9a-f]{64})+", pin), pin
    assert len(pins) > 30
    for script in ("setup", "install"):
        text = (ROOT / "scripts" / script).read_text()
        assert "--require-hashes" in text and "--constraint" not in text


def test_a07_authentication_a_login_gets_a_token_of_its_own(office: Office) -> None:
    browser = office.browser()
    browser.client.cookies.set(COOKIE, "chosen-by-somebody-else", domain="console")
    answer = browser.client.post("/login", data={"name": "chen", "password": PASSWORD}, follow_redirects=False)
    assert "chosen-by-somebody-else" not in answer.headers["set-cookie"]
    # guessing: test_guard and test_users; sessions that end: test_guard


def test_a08_integrity_no_form_changes_anything_without_the_pages_token(office: Office) -> None:
    office.take(arrival_of("a"))
    office.add("boss", Role.ADMIN)
    browser = office.browser("boss")
    forms = [route.path for route in ROUTES if "POST" in (route.methods or ()) and route.path != "/login"]
    assert len(forms) > 5
    for path in forms:
        shown = re.sub(r"\{(\w+)(:\w+)?\}", "a", path)
        assert browser.client.post(shown, data={"do": "x"}).status_code == 403, path
    # uploads and their hashes: test_evidence_upload


def test_a09_logging_no_password_or_token_is_in_a_log(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    browser = office.browser("chen")
    office.browser().log_in("chen", "a wrong password")
    browser.get("/incidents")
    sent = {"Authorization": "Bearer tok3n-of-a-box-tok3n-of-a-box-xx", "X-Content-SHA256": "0" * 64}
    assert browser.client.put("/evidence/s/d/a/x.jpg", content=b"x", headers=sent).status_code == 401
    said = caplog.text
    assert "evidence from" in said, "it was logged"
    for secret in (PASSWORD, "a wrong password", browser.client.cookies[COOKIE], browser.csrf, "tok3n"):
        assert secret not in said


def test_a10_ssrf_nothing_that_anybody_sends_makes_the_console_fetch(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(socket.socket, "connect", lambda _self, address: asked.append(address))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *name, **_: asked.append(name) or [])
    url = "http://192.0.2.1/latest/meta-data"
    office.take(arrival_of("a", media={"source": url, "start_s": 20.0, "end_s": 22.0, "clock": "box"}))
    office.add("boss", Role.ADMIN)
    browser = office.browser("boss")
    for path in ("/incidents/a", f"/incidents?building={url}", f"/login?next={url}", "/cameras"):
        browser.get(path)
    browser.post("/users", do="add", name="wang", full_name=url, role="worker")
    browser.post("/incidents/a/case", before="new", after="confirmed", seen="0", note=url)
    assert asked == []
