"""In a real browser: Debian's Chromium, driven by Playwright, against the console of a box."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from console.browsing import PASSWORD, SLOW_MS
from known_bundles import record

from edgecv.cli import main
from edgecv.config import load_box
from edgecv.console.server import ConsoleServer
from edgecv.storage.database import DATABASE, Database
from edgecv.storage.incident_store import INCIDENTS, IncidentStore


@pytest.fixture
def box(tmp_path: Path) -> Iterator[tuple[str, IncidentStore]]:
    """A box's console with one user, at work; its address, and the store the daemon would write to."""
    file = tmp_path / "box.yaml"
    file.write_text(
        "site: jialinglu-3\ncameras:\n  north-1: {source: rtsp://192.0.2.1/x}\n"
        f"storage: {{directory: {tmp_path / 'state'}}}\nconsole: {{listen: '127.0.0.1:0'}}\n"
    )
    password = tmp_path / "password"
    password.write_text(PASSWORD + "\n")
    made = ["console", "user", "add", "chen", "--role", "admin", "--full-name", "陈主任", "--config", str(file)]
    assert main([*made, "--password-file", str(password)]) == 0
    server = ConsoleServer(load_box(file))
    server.start()
    with closing(Database(tmp_path / "state" / DATABASE)) as database:
        yield server.address, IncidentStore(database, tmp_path / "state" / INCIDENTS)
    server.stop()


def _log_in(page: Any, address: str) -> None:
    page.set_default_timeout(SLOW_MS)
    page.goto(address)
    page.get_by_label("Name").fill("chen")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def test_an_incident_appears_without_reload(chromium: Any, box: tuple[str, IncidentStore]) -> None:
    address, store = box
    page = chromium.new_page(locale="en-GB")
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    _log_in(page, address)
    page.get_by_text("No incident yet").wait_for()
    page.evaluate("window.notReloaded = true")
    store.add(record("a"))
    page.get_by_role("link", name="Floor 8").wait_for()
    assert page.evaluate("window.notReloaded") is True
    page.get_by_text("Filter").click()
    page.get_by_label("Weight").select_option("light")
    page.get_by_text("Nothing matches this filter").wait_for()
    page.get_by_label("Weight").select_option("heavy")
    page.get_by_role("link", name="Floor 8").click()
    page.get_by_role("heading", name="Excluded floors").wait_for()
    assert complaints == [], "the content security policy lets all of our own through"
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("button", name="Log in").wait_for()
