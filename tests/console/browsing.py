"""Debian's Chromium, driven by Playwright, and what axe-core finds wrong with a page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from services import missing

CHROMIUM = Path("/usr/bin/chromium")
_FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
SLOW_MS = 60_000
PASSWORD = "correct horse battery"


@contextmanager
def running_chromium() -> Iterator[Any]:
    """A browser; the test skips where there is none, and fails in CI."""
    if not CHROMIUM.exists():
        missing("Chromium", "chromium")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=_FLAGS)
        yield browser
        browser.close()


def log_in(page: Any, address: str, name: str = "chen") -> None:
    """Log in through the form, in whatever language it is."""
    page.set_default_timeout(SLOW_MS)
    page.goto(f"{address}/login")
    page.locator("input[name=name]").fill(name)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main button").click()
    page.locator(".top .name").wait_for()


def complaints_of(page: Any) -> list[str]:
    """What the browser complains about from now on: scripts that fail, and what the security policy keeps out."""
    found: list[str] = []
    page.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


def barriers(page: Any) -> list[str]:
    """What axe-core finds that keeps people out: rule and element of everything serious or critical."""
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415

    found = Axe().run(page).response
    assert len(found["passes"]) > 10, "it has looked at the page"
    return [
        f"{violation['id']}: {node['html'][:120]}"
        for violation in found["violations"]
        if violation["impact"] in {"serious", "critical"}
        for node in violation["nodes"]
    ]
