"""Administrators manage the users of their own community, and everybody their own password."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from console.conftest import PASSWORD, Browser, Office, arrival_of
from sqlalchemy import select

from edgecv.cli import main
from edgecv.console.accounts import Role
from edgecv.console.accounts.user_administration import join
from edgecv.console.accounts.users import find_community, find_user
from edgecv.console.storage import EVERYTHING
from edgecv.console.storage.schema import AuditEntry, User


def _key(office: Office, name: str) -> str:
    with office.database.session(EVERYTHING) as session:
        return str(find_user(session, name).key)


def _join(office: Office, name: str, community: str, role: Role = Role.OFFICIAL) -> None:
    with office.database.session(EVERYTHING, writes=True) as session:
        join(session, find_user(session, name), find_community(session, community), role, "test")


@pytest.fixture
def admin(office: Office) -> Browser:
    office.add("boss", Role.ADMIN)
    return office.browser("boss")


def _shown_password(page: str) -> str:
    found = re.search(r'role="status">.*<code>([^<]+)</code>', page)
    assert found is not None, page
    return html.unescape(found[1])


def test_an_administrator_adds_a_user_and_hands_over_the_password(office: Office, admin: Browser) -> None:
    page = admin.post("/users", do="add", name="wang", full_name="王师傅", role="worker")
    assert page.status_code == 200
    assert "王师傅" in page.text
    password = _shown_password(page.text)
    assert len(password) >= 16
    assert admin.post("/users", do="add", name="wang", role="worker").status_code == 422, "taken"
    assert admin.post("/users", do="add", name="a b", role="worker").status_code == 422
    worker = office.browser()
    assert worker.log_in("wang", password) == 200
    assert worker.get("/incidents").url.path == "/work", "a worker's page"


def test_a_new_password_ends_every_login_and_replaces_the_old_one(office: Office, admin: Browser) -> None:
    chen = office.browser("chen")
    page = admin.post("/users", do="password", user=_key(office, "chen"))
    assert chen.get("/incidents").url.path == "/login"
    assert office.browser().log_in("chen") == 403
    assert office.browser().log_in("chen", _shown_password(page.text)) == 200
    with office.database.session(EVERYTHING) as session:
        written = " ".join(f"{line.action} {line.what}" for line in session.scalars(select(AuditEntry)))
    assert "password reset chen" in written
    assert _shown_password(page.text) not in written


def test_who_is_disabled_is_out_and_may_come_back(office: Office, admin: Browser) -> None:
    chen = office.browser("chen")
    assert admin.post("/users", do="disable", user=_key(office, "chen")).status_code == 200
    assert chen.get("/incidents").url.path == "/login"
    assert office.browser().log_in("chen") == 403
    admin.post("/users", do="enable", user=_key(office, "chen"))
    assert office.browser().log_in("chen") == 200


def test_a_new_role_counts_from_the_next_login(office: Office, admin: Browser) -> None:
    chen = office.browser("chen")
    admin.post("/users", do="role", user=_key(office, "chen"), role="viewer")
    assert chen.get("/incidents").url.path == "/login"
    again = office.browser("chen")
    assert "Viewer" in again.get("/incidents").text


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OFFICIAL, Role.WORKER])
def test_only_administrators_manage_users(office: Office, role: Role) -> None:
    office.add("who", role)
    browser = office.browser("who")
    assert browser.get("/users").status_code == 403
    assert browser.post("/users", do="add", name="mole", role="admin").status_code == 403
    with office.database.session(EVERYTHING) as session:
        assert session.scalar(select(User).where(User.name == "mole")) is None


@pytest.mark.parametrize("do", ["role", "disable", "password"])
def test_nobody_reaches_another_communitys_users(office: Office, admin: Browser, do: str) -> None:
    assert "river" not in admin.get("/users").text
    answer = admin.post("/users", do=do, user=_key(office, "river"), role="viewer")
    assert answer.status_code == 422
    assert office.browser().log_in("river") == 200


def test_an_administrator_gets_into_no_other_community_by_a_shared_users_password(
    office: Office, admin: Browser
) -> None:
    _join(office, "chen", "riverside")
    for do in ("password", "disable"):
        assert admin.post("/users", do=do, user=_key(office, "chen")).status_code == 422
    assert office.browser().log_in("chen") == 200


def test_an_administrator_cannot_lock_themselves_out(office: Office, admin: Browser) -> None:
    for do in ("role", "disable"):
        assert admin.post("/users", do=do, user=_key(office, "boss"), role="viewer").status_code == 422


@pytest.mark.parametrize("form", [{"do": "role", "role": "king"}, {"do": "fly"}, {"do": ""}])
def test_what_no_form_of_ours_sends_is_refused(office: Office, admin: Browser, form: dict[str, str]) -> None:
    assert admin.post("/users", user=_key(office, "chen"), **form).status_code == 400
    assert admin.post("/users", do="disable", user="²" * 3).status_code == 422


def test_ones_own_password_needs_the_old_one(office: Office) -> None:
    chen, other = office.browser("chen"), office.browser("chen")
    new = "an even better battery"
    for old, first, second, status in (
        ("wrong password", new, new, 422),
        (PASSWORD, "short", "short", 422),
        (PASSWORD, new, new + "x", 422),
    ):
        assert chen.post("/account/password", old=old, new=first, again=second).status_code == status
    assert chen.post("/account/password", old=PASSWORD, new=new, again=new).url.path == "/login"
    assert other.get("/incidents").url.path == "/login", "every login ended"
    assert office.browser().log_in("chen") == 403
    assert office.browser().log_in("chen", new) == 200


def test_who_is_in_several_communities_sees_one_at_a_time(office: Office) -> None:
    office.take(arrival_of("a"), arrival_of("b", "riverside-1"))
    _join(office, "chen", "riverside", Role.VIEWER)
    chen = office.browser("chen")

    def seen() -> set[str]:
        return {one["id"] for one in chen.get("/api/v1/incidents").json()["incidents"]}

    assert seen() == {"a"}
    page = chen.get("/account").text
    keys = dict(re.findall(r'<option value="(\d+)"[^>]*>([^<]+)', page))
    there = next(key for key, title in keys.items() if title == "Riverside towers")
    assert chen.post("/account/community", community=there).status_code == 200
    assert seen() == {"b"}
    assert "Viewer" in chen.get("/incidents").text, "with the role they have there"
    assert chen.post("/account/community", community="99").status_code == 403
    river = office.browser("river")
    jialing = next(key for key in keys if key != there)
    assert river.post("/account/community", community=jialing).status_code == 403, "no member"


def test_the_command_line_lists_gives_roles_and_disables(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file, password = tmp_path / "hub.yaml", tmp_path / "password"
    password.write_text(PASSWORD)
    file.write_text(
        "communities:\n  one: {title: One, sites: [s-1]}\n  two: {title: Two, sites: [s-2]}\n"
        f"mqtt: {{url: 'mqtt://127.0.0.1'}}\ndirectory: {tmp_path / 'hub'}\n"
    )

    def user(*words: str) -> tuple[int, str]:
        code = main(["console", "user", *words, "--hub", str(file)])
        told = capsys.readouterr()
        return code, told.out + told.err

    made = ("add", "chen", "--role", "viewer", "--community", "one", "--password-file", str(password))
    assert user(*made)[0] == 0
    assert user("role", "chen", "official", "--community", "two")[0] == 0
    assert [line.split() for line in user("list")[1].splitlines()] == [
        ["chen", "viewer", "one"],
        ["chen", "official", "two"],
    ]
    assert user("disable", "chen")[0] == 0
    assert "disabled" in user("list")[1]
    code, told = user("disable", "chem")
    assert code != 0
    assert "did you mean 'chen'" in told


def from_address(office: Office, address: str) -> Callable[[str], int]:
    from starlette.testclient import TestClient  # noqa: PLC0415

    client = TestClient(office.app, base_url="https://console", client=(address, 1))

    def log_in(password: str) -> int:
        return client.post("/login", data={"name": "chen", "password": password}, follow_redirects=False).status_code

    return log_in


def test_who_guesses_elsewhere_only_slows_a_known_name_down(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    async def note(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("edgecv.console.web.pages.login.asyncio.sleep", note)
    for number in range(4):
        guess = from_address(office, f"192.0.2.{number}")
        assert [guess("wrong password") for _ in range(6)] == [403] * 5 + [429]
        assert guess(PASSWORD) == 429, "not even the right one from there"
    assert waited[0] == 0
    assert waited == sorted(waited), "slower and slower, wherever it comes from"
    assert 1 <= waited[-1] <= 15
    assert from_address(office, "198.51.100.7")(PASSWORD) == 303, "its owner gets in"
