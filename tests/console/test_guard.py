"""Nobody gets in without a login, and nothing changes without the page's token."""

from __future__ import annotations

import pytest
from console.conftest import PASSWORD, Browser, Office, arrival_of
from sqlalchemy import select, update

from edgecv.console.accounts import Role, sessions
from edgecv.console.settings import FORM_BYTES, LOGIN_FAILURES_PER_NAME, SESSION_IDLE_S
from edgecv.console.storage import EVERYTHING
from edgecv.console.storage.schema import AuditEntry, LoginSession, User
from edgecv.console.web.guard import COOKIE
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


def test_a_body_larger_than_a_form_is_refused(office: Office) -> None:
    answer = office.browser().client.post("/login", content=b"x" * (FORM_BYTES + 1))
    assert answer.status_code == 413


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
    for wish in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
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
