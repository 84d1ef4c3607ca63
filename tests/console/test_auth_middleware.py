"""Nobody gets in without a login, and nothing changes without the page's token."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from console.conftest import PASSWORD, Browser, Office, arrival_of
from sqlalchemy import select, update
from starlette.testclient import TestClient

from edgecv.console.accounts import Role, passwords, sessions
from edgecv.console.settings import (
    FORM_BYTES,
    HASH_RETRY_S,
    HASHES_AT_ONCE,
    HASHES_WAITING,
    LOGIN_FAILURES_PER_NAME,
    OPEN_FORM_BYTES,
    PASSWORD_LONGEST,
    SESSION_IDLE_S,
)
from edgecv.console.storage import EVERYTHING
from edgecv.console.storage.schema import AuditEntry, LoginSession, User
from edgecv.console.web.app import make_app
from edgecv.console.web.auth_middleware import COOKIE
from edgecv.console.web.pages import ROUTES

_OPEN = {"/login", "/login/oidc", "/login/oidc/answer", "/login/oidc/leave", "/language", "/healthz"}


def test_every_page_is_closed_without_a_login(office: Office) -> None:
    office.take(arrival_of("a"))
    browser = office.browser()
    paths = {route.path for route in ROUTES} - _OPEN | {"/api/v1/incidents", "/api/v1/openapi.json", "/no-such-page"}
    assert len(paths) > 6
    for path in paths:
        shown = path.replace("{incident}", "a").replace("{name}", "strobe.jpg")
        for method in ("GET", "POST", "PUT", "DELETE"):
            answer = browser.client.request(method, shown, follow_redirects=False)
            assert answer.status_code in (303, 401), (method, shown)
            assert answer.headers.get("location", "/login").startswith("/login")


def test_a_login_opens_and_a_logout_closes(office: Office) -> None:
    browser = office.browser("chen")
    assert "Incidents" in browser.get("/incidents").text
    token = browser.client.cookies[COOKIE]
    assert browser.post("/logout").url.path == "/login"
    thief = office.browser()
    thief.client.cookies.set(COOKIE, token)
    assert thief.get("/incidents").url.path == "/login"


def test_the_cookie_is_for_this_site_over_tls_and_no_script(office: Office) -> None:
    answer = office.browser().client.post("/login", data={"name": "chen", "password": PASSWORD}, follow_redirects=False)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-")
    assert {"Secure", "HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))


def test_the_database_holds_neither_password_nor_token(office: Office, tmp_path) -> None:
    token = office.browser("chen").client.cookies[COOKIE]
    content = b"".join(path.read_bytes() for path in tmp_path.glob("console.db*"))
    assert PASSWORD.encode() not in content
    assert token.encode() not in content
    assert b"$argon2id$" in content


def test_a_change_without_the_token_is_refused(office: Office) -> None:
    browser = office.browser("chen")
    for form in ({}, {"csrf": ""}, {"csrf": "x" * 43}):
        assert browser.client.post("/logout", data=form).status_code == 403
    other = office.browser("river")
    assert browser.client.post("/logout", data={"csrf": other.csrf}).status_code == 403
    assert browser.client.post("/logout", headers={"x-csrf-token": browser.csrf}).url.path == "/login"


@pytest.mark.parametrize("header", [{"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}])
def test_another_site_can_neither_change_nor_log_in(office: Office, header: dict[str, str]) -> None:
    browser = office.browser("chen")
    assert browser.client.post("/logout", data={"csrf": browser.csrf}, headers=header).status_code == 403
    form = {"name": "chen", "password": PASSWORD}
    assert office.browser().client.post("/login", data=form, headers=header).status_code == 403


@pytest.mark.parametrize("origin", ["null", "https://[", "https://", "http://console.evil.example", "console"])
def test_an_origin_that_is_not_ours_is_refused(office: Office, origin: str) -> None:
    form = {"name": "chen", "password": PASSWORD}
    assert office.browser().client.post("/login", data=form, headers={"origin": origin}).status_code == 403


def test_a_body_larger_than_a_form_is_refused(office: Office) -> None:
    stranger, chen = office.browser().client, office.browser("chen").client
    assert stranger.post("/login", content=b"x" * (OPEN_FORM_BYTES + 1)).status_code == 413
    assert chen.post("/logout", content=b"x" * (FORM_BYTES + 1)).status_code == 413


@pytest.mark.parametrize(
    "path", ["/incidents/a%00", "/%00", "/static/console.css%00", "/evidence/s/d/i/%00", "/" + "x" * 2000]
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_a_path_that_no_database_can_keep_is_refused(office: Office, method: str, path: str) -> None:
    assert office.browser("chen").client.request(method, path).status_code == 400


@pytest.mark.parametrize(
    "query", ["building=%00", "%00=1", "&".join("state=new" for _ in range(500)), "device=" + "x" * 12000]
)
def test_a_query_that_no_page_has_is_refused(office: Office, query: str) -> None:
    browser = office.browser("chen")
    for path in ("/incidents", "/statistics", "/login", "/api/v1/incidents"):
        assert browser.get(f"{path}?{query}").status_code == 400, path


@pytest.mark.parametrize("query", ["building=%ff%fe", "device=%ed%a0%80", "state=%", "since=%c0%80"])
def test_a_query_that_is_no_utf8_breaks_no_page(office: Office, query: str) -> None:
    browser = office.browser("chen")
    for path in ("/incidents", "/statistics", "/cameras", "/api/v1/incidents"):
        assert browser.get(f"{path}?{query}").status_code < 500, path


@pytest.mark.parametrize("place", ["1_%D9%A1", "%D9%A1_1", "1.%E0%A5%A7_1"])
def test_a_place_in_the_list_is_written_in_ascii_digits(office: Office, place: str) -> None:
    browser = office.browser("chen")
    assert browser.get(f"/api/v1/incidents?after={place}").status_code == 422
    assert browser.get(f"/incidents?after={place}").status_code == 200


_MULTIPART = "multipart/form-data; boundary=b; charset=utf-7"
_PART = b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\n+2AA-\r\n--b--\r\n'


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/x-www-form-urlencoded", b"name=%00&password=x", 400),
        ("application/x-www-form-urlencoded", b"n%00=1", 400),
        ("application/x-www-form-urlencoded", b"&".join(b"a=1" for _ in range(500)), 400),
        ("application/json", b'{"name": "\\ud800"}', 400),
        ("application/json", b'{"name": NaN}', 400),
        ("application/json", b"[" * 5000, 400),
        (_MULTIPART, _PART, 415),
        ("text/plain", b"name=chen&password=x", 415),
        ("", b"name=chen&password=x", 415),
    ],
)
def test_a_body_that_no_page_sends_is_refused(office: Office, content_type: str, body: bytes, status: int) -> None:
    headers = {"content-type": content_type} if content_type else {}
    chen = office.browser("chen")
    for browser, path in ((office.browser(), "/login"), (chen, "/account/password"), (chen, "/users")):
        answer = browser.client.post(path, content=body, headers=headers | {"x-csrf-token": browser.csrf})
        assert answer.status_code == status, path


@pytest.mark.parametrize("host", ["evil.example/x", "[", "a b", "user@console", ""])
def test_a_host_that_is_none_is_refused(office: Office, host: str) -> None:
    for path in ("/login", "/incidents", "/nothing"):
        assert office.browser().client.get(path, headers={"host": host}).status_code == 421, path


def test_where_the_public_address_is_known_other_hosts_are_refused(office: Office) -> None:
    app = make_app(office.console, tls=True, public_url="https://falls.example.net:8443")
    client = TestClient(app, base_url="https://falls.example.net:8443", follow_redirects=False)
    assert client.get("/login").status_code == 200
    for ours in ("falls.example.net", "127.0.0.1:8464", "localhost", "[::1]:8464"):
        assert client.get("/login", headers={"host": ours}).status_code == 200, ours
    for other in ("evil.example", "falls.example.net.evil.example"):
        assert client.get("/login", headers={"host": other}).status_code == 421, other
    form = {"name": "chen", "password": PASSWORD}
    by_proxy = {"host": "127.0.0.1:8464", "origin": "https://falls.example.net:8443"}
    assert client.post("/login", data=form, headers=by_proxy).status_code == 303
    assert client.post("/login", data=form, headers={"origin": "https://falls.example.net"}).status_code == 403


def test_every_redirect_is_a_path_whatever_the_host_header_says(office: Office) -> None:
    for browser in (office.browser(), office.browser("chen")):
        for path in (
            "/",
            "/login",
            "/incidents/",
            "/statistics/",
            "/static",
            "/api/v1/incidents/",
            "/language?next=/x",
        ):
            answer = browser.client.get(path, headers={"host": "evil.example"}, follow_redirects=False)
            assert "evil" not in answer.headers.get("location", ""), path
            assert answer.status_code in {200, 303, 401, 404, 422}, path


def test_logging_in_again_ends_the_login_before(office: Office) -> None:
    browser = office.browser("chen")
    before = browser.client.cookies[COOKIE]
    form = {"name": "chen", "password": PASSWORD, "csrf": browser.csrf}
    assert browser.client.post("/login", data=form, follow_redirects=False).status_code == 303
    assert browser.client.cookies[COOKIE] != before
    thief = office.browser()
    thief.client.cookies.set(COOKIE, before)
    assert thief.get("/incidents").url.path == "/login"


def test_who_comes_when_too_many_log_in_is_asked_to_come_again_and_loses_no_try(office: Office) -> None:
    with ExitStack() as others:
        for _ in range(HASHES_WAITING + HASHES_AT_ONCE):
            others.callback(passwords._turns._places.release)
            assert passwords._turns._places.acquire(blocking=False)
        for _ in range(LOGIN_FAILURES_PER_NAME + 1):
            form = {"name": "chen", "password": PASSWORD}
            answer = office.browser().client.post("/login", data=form)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, str(HASH_RETRY_S))
    assert office.browser().log_in("chen") == 200


def test_a_password_longer_than_any_costs_no_hashing(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_hasher", None)
    assert office.browser().log_in("chen", "x" * (PASSWORD_LONGEST + 1)) == 403


def test_guessing_is_stopped_even_when_the_guess_is_right(office: Office) -> None:
    for _ in range(LOGIN_FAILURES_PER_NAME):
        assert office.browser().log_in("chen", "wrong password") == 403
    assert office.browser().log_in("chen") == 429
    assert office.browser().log_in("river") == 200, "another name from the same address still may"


def test_who_does_not_exist_is_answered_as_who_mistypes(office: Office) -> None:
    known = office.browser().client.post("/login", data={"name": "chen", "password": "wrong password"})
    unknown = office.browser().client.post("/login", data={"name": "chex", "password": "wrong password"})
    assert known.text.replace("chen", "") == unknown.text.replace("chex", "")


def test_a_session_ends_when_it_is_not_used(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = office.browser("chen")
    now = sessions.time.time()
    monkeypatch.setattr(sessions.time, "time", lambda: now + SESSION_IDLE_S + 1)
    assert browser.get("/incidents").url.path == "/login"


def test_who_is_disabled_is_out_at_once(office: Office) -> None:
    browser = office.browser("chen")
    with office.database.session(EVERYTHING, writes=True) as session:
        session.execute(update(User).where(User.name == "chen").values(disabled=True))
    assert browser.get("/incidents").url.path == "/login"
    assert office.browser().log_in("chen") == 403


def test_logins_are_written_down_with_their_address(office: Office) -> None:
    office.browser().log_in("chen", "wrong password")
    office.browser("chen")
    with office.database.session(EVERYTHING) as session:
        lines = session.execute(select(AuditEntry.by, AuditEntry.action, AuditEntry.address)).all()
        assert len(session.scalars(select(LoginSession)).all()) == 1
    assert [tuple(line) for line in lines[-2:]] == [
        ("chen", "login refused", "testclient"),
        ("chen", "login", "testclient"),
    ]


def test_after_the_login_only_this_site_is_opened(office: Office) -> None:
    for wish in (
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "/\n/evil.example",
        "/\r\nLocation: https://evil.example",
        " //evil.example",
        "\\\\evil.example",
        "/\u2028/evil.example",
        "evil.example",
    ):
        form = {"name": "chen", "password": PASSWORD}
        answer = office.browser().client.post("/login", params={"next": wish}, data=form, follow_redirects=False)
        assert answer.headers["location"] == "/incidents"


def test_every_answer_has_the_headers_that_keep_others_out(office: Office) -> None:
    browser = office.browser("chen")
    for path in ("/login", "/incidents", "/nothing", "/static/console.css", "/api/v1/incidents", "/api/v1/nothing"):
        headers = browser.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"], path
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert "max-age" in headers["strict-transport-security"]


@pytest.mark.parametrize(
    ("role", "status"), [(Role.VIEWER, 403), (Role.WORKER, 403), (Role.OFFICIAL, 200), (Role.ADMIN, 200)]
)
def test_evidence_is_for_those_whose_role_allows_it(office: Office, role: Role, status: int) -> None:
    office.take(arrival_of("a"))
    (office.shelf / "a").mkdir(parents=True)
    (office.shelf / "a" / "clip.mp4").write_bytes(b"moving")
    office.add("who", role)
    browser: Browser = office.browser("who")
    assert browser.post("/incidents/a/evidence/clip.mp4", why="police file 17").status_code == status
