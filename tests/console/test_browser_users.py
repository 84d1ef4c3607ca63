"""In a real browser: administrators look after users, those after their account; logins elsewhere; axe, phone, dark."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from console.browsing import PASSWORD, SLOW_MS, barriers, complaints_of, log_in
from console.oidc_provider import CLIENT, SECRET, Account, running_provider
from running import free_port

from edgecv.cli import main
from edgecv.config import load_box
from edgecv.console.accounts.oidc_provider import ANSWER
from edgecv.console.server import ConsoleServer

SCREENS = os.environ.get("EDGECV_SCREENSHOTS")
LOOKS = [
    {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "is_mobile": True, "has_touch": True},
]
_IDS = ["desk, light", "phone, dark"]
_WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@contextmanager
def _console(folder: Path, **section: Any) -> Iterator[str]:
    """A box's console with an administrator; its address."""
    file, password = folder / "box.yaml", folder / "password"
    content = {
        "site": "jialinglu-3",
        "cameras": {"north-1": {"source": "rtsp://192.0.2.1/x"}},
        "storage": {"directory": str(folder / "state")},
        "console": {"listen": "127.0.0.1:0"} | section,
    }
    file.write_text(yaml.safe_dump(content))
    password.write_text(PASSWORD + "\n")
    made = ["console", "user", "add", "chen", "--role", "admin", "--full-name", "陈主任", "--config", str(file)]
    assert main([*made, "--password-file", str(password)]) == 0
    server = ConsoleServer(load_box(file))
    server.start()
    try:
        yield server.address
    finally:
        server.stop()


def _looked_at(page: Any, name: str) -> None:
    """Nothing keeps anybody out of the page, and nothing stands beside the screen."""
    if SCREENS:
        page.screenshot(path=str(Path(SCREENS) / f"{name}.png"), full_page=True)
    assert barriers(page) == []
    assert page.evaluate(_WIDER) <= 0, "nobody scrolls sideways"


def _type_login(page: Any, address: str, name: str, password: str) -> None:
    """Send the form, whatever comes of it."""
    page.goto(f"{address}/login")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def _opened(page: Any, name: str) -> Any:
    """The row of a user, unfolded."""
    row = page.locator("details").filter(has_text=name)
    if row.get_attribute("open") is None:
        row.locator("summary").click()
    return row


@pytest.fixture
def people(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Browsers of different people: each is a page with cookies of its own."""
    contexts = []

    def person(**look: Any) -> Any:
        contexts.append(chromium.new_context(locale="en-GB", **look))
        page = contexts[-1].new_page()
        page.set_default_timeout(SLOW_MS)
        return page

    yield person
    for context in contexts:
        context.close()


@pytest.mark.parametrize("look", LOOKS, ids=_IDS)
def test_a_user_from_the_first_password_to_the_last_login(
    people: Callable[..., Any], tmp_path: Path, look: dict[str, Any]
) -> None:
    shot = f"users-{look['color_scheme']}"
    with _console(tmp_path) as address:
        admin, wang = people(**look), people(**look)
        complaints = [complaints_of(page) for page in (admin, wang)]
        log_in(admin, address)
        admin.goto(f"{address}/users")
        admin.get_by_label("Login name").fill("wang")
        admin.get_by_label("Full name").fill("王师傅")
        admin.locator("form.stack select").select_option("worker")
        admin.get_by_role("button", name="Add", exact=True).click()
        first = admin.locator(".notice code").inner_text()
        _opened(admin, "wang")
        _looked_at(admin, f"{shot}-added")

        _type_login(wang, address, "wang", first)
        wang.locator(".top .name").click()
        wang.get_by_label("Old password").fill("not the first")
        wang.get_by_label("New password, 10 characters or more").fill(PASSWORD)
        wang.get_by_label("New password once more").fill(PASSWORD)
        wang.get_by_role("button", name="Change the password").click()
        wang.get_by_role("alert").wait_for()
        _looked_at(wang, f"{shot}-account")
        wang.get_by_label("Old password").fill(first)
        wang.get_by_label("New password, 10 characters or more").fill(PASSWORD)
        wang.get_by_label("New password once more").fill(PASSWORD)
        wang.get_by_role("button", name="Change the password").click()
        wang.get_by_role("button", name="Log in").wait_for()
        _looked_at(wang, f"{shot}-login")
        log_in(wang, address, "wang")
        assert wang.get_by_role("link", name="Users").count() == 0

        row = _opened(admin, "wang")
        row.locator("select").select_option("viewer")
        row.get_by_role("button", name="Change the role").click()
        admin.locator("summary", has_text="wang").filter(has_text="Viewer").wait_for()
        wang.goto(f"{address}/incidents")
        wang.get_by_role("button", name="Log in").wait_for()  # another role ends logins
        log_in(wang, address, "wang")
        _opened(admin, "wang").get_by_role("button", name="Disable").click()
        admin.locator("summary", has_text="disabled").wait_for()
        _opened(admin, "wang")
        _looked_at(admin, f"{shot}-disabled")
        _type_login(wang, address, "wang", PASSWORD)
        wang.get_by_role("alert").wait_for()
        assert [said for heard in complaints for said in heard if "status of 4" not in said] == []


@pytest.mark.parametrize("look", LOOKS, ids=_IDS)
def test_somebody_logs_in_elsewhere_and_out_again(
    people: Callable[..., Any], tmp_path: Path, look: dict[str, Any]
) -> None:
    port = free_port()
    here = f"http://127.0.0.1:{port}"
    (tmp_path / "client.secret").write_text(SECRET)
    with running_provider() as provider:
        provider.redirect = here + ANSWER
        provider.account = Account(claims={"preferred_username": "li", "name": "李 Li", "groups": ["estate"]})
        grants = [{"value": "estate", "role": "official"}]
        oidc: dict[str, Any]
        oidc = {"issuer": provider.url, "client_id": CLIENT, "client_secret_file": "client.secret", "address": here}
        oidc |= {"title": "Town login", "grants": grants}
        with _console(tmp_path, listen=f"127.0.0.1:{port}", oidc=oidc):
            page = people(**look)
            complaints = complaints_of(page)
            page.goto(f"{here}/incidents")
            _looked_at(page, f"oidc-{look['color_scheme']}-login")
            page.get_by_role("link", name="Log in with Town login").click()
            page.locator(".top .name", has_text="李 Li").click()
            page.get_by_text("You log in elsewhere").wait_for()
            _looked_at(page, f"oidc-{look['color_scheme']}-account")
            page.get_by_role("button", name="Log out").click()
            page.get_by_role("link", name="Log out of Town login too").wait_for()
            _looked_at(page, f"oidc-{look['color_scheme']}-left")
            assert complaints == [], "the security policy lets a browser go to the provider and back"
            provider.account.claims["groups"] = ["strangers"]
            page.get_by_role("link", name="Log in with Town login").click()
            page.get_by_text("have no role here").wait_for()
            _looked_at(page, f"oidc-{look['color_scheme']}-no-role")
