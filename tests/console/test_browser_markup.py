"""In a real browser: markup in an address, or on a page, makes nobody an administrator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml
from console.browsing import PASSWORD, complaints_of, log_in

from edgecv.cli import main
from edgecv.config import load_box
from edgecv.console.server import ConsoleServer

_USER = json.dumps({"do": "add", "name": "mallory", "full_name": "", "role": "admin"})
_ATTACK = f"<div hx-post='/users' hx-trigger='load' hx-include='[name=csrf]' hx-vals='{_USER}'>x</div>"


def _console(folder: Path) -> ConsoleServer:
    file, password = folder / "box.yaml", folder / "password"
    content = {
        "site": "jialinglu-3",
        "cameras": {"north-1": {"source": "rtsp://192.0.2.1/x"}},
        "storage": {"directory": str(folder / "state")},
        "console": {"listen": "127.0.0.1:0"},
    }
    file.write_text(yaml.safe_dump(content))
    password.write_text(PASSWORD + "\n")
    made = ["console", "user", "add", "chen", "--role", "admin", "--config", str(file)]
    assert main([*made, "--password-file", str(password)]) == 0
    return ConsoleServer(load_box(file))


def _users(page: Any, address: str) -> list[str]:
    page.goto(f"{address}/users")
    return [str(name) for name in page.locator("ul.users summary span:nth-of-type(1)").all_inner_texts()]


def test_a_link_that_an_administrator_follows_makes_no_user(chromium: Any, tmp_path: Path) -> None:
    server = _console(tmp_path)
    server.start()
    try:
        page = chromium.new_page(locale="en-GB")
        log_in(page, server.address)
        complaints = complaints_of(page)
        for path in ("statistics", "incidents"):
            page.goto(f"{server.address}/{path}?kind={quote(_ATTACK)}&building={quote(_ATTACK)}")
            page.wait_for_load_state("networkidle")
            assert page.locator("[hx-post]").count() == 0
        assert _users(page, server.address) == ["chen"]
        assert complaints == [], "the policy and the limits of htmx let all of our own through"
    finally:
        server.stop()


def test_markup_that_got_onto_a_page_all_the_same_makes_no_user(chromium: Any, tmp_path: Path) -> None:
    """The second line: htmx itself is asked to work on the attack, with the page's own token beside it."""
    server = _console(tmp_path)
    server.start()
    try:
        page = chromium.new_page(locale="en-GB")
        log_in(page, server.address)
        for path in ("incidents", "statistics"):
            page.goto(f"{server.address}/{path}")
            page.evaluate(
                "attack => { const at = document.body.appendChild(document.createElement('div'));"
                " at.innerHTML = attack; htmx.process(at); }",
                _ATTACK,
            )
            page.wait_for_load_state("networkidle")
            assert page.locator("[hx-post]").count() == 1, "the attack stands there"
        assert _users(page, server.address) == ["chen"]
    finally:
        server.stop()
