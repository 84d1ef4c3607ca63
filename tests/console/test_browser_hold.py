"""In a real browser, on a hub: an official keeps an incident's evidence for a court, on desk and phone, with axe."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from console.browsing import PASSWORD, barriers, complaints_of, log_in
from console.conftest import COMMUNITIES, arrival_of
from console.hub_server import running_hub
from console.light_record import put_light
from known_bundles import sealed_bundle

from edgecv.cli import main
from edgecv.console.intake.event_ingest import receive
from edgecv.console.intake.site_registry import set_communities
from edgecv.console.storage import ConsoleDatabase
from edgecv.console.storage.database import sqlite_url
from edgecv.evidence.keys import BoxKey

SITE = "jialinglu-3"
SCREENS = os.environ.get("EDGECV_SCREENSHOTS")
LOOKS = {
    "desk, light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light", "locale": "en-GB"},
    "phone, dark, Chinese": {
        "viewport": {"width": 390, "height": 844},
        "color_scheme": "dark",
        "is_mobile": True,
        "has_touch": True,
        "locale": "zh-CN",
    },
}
WORDS = {
    "en-GB": ("Keep it longer", "Keep it until it is released", "Release it"),
    "zh-CN": ("延长保存", "保全至解除为止", "解除保全"),
}
_WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def _with_an_incident(folder: Path) -> None:
    (folder / "hub").mkdir()
    database = ConsoleDatabase(sqlite_url(folder / "hub"))
    set_communities(database, COMMUNITIES)
    receive(database, [arrival_of("a", site=SITE)])
    put_light(database)
    database.close()
    sealed_bundle(folder / "hub" / "evidence" / SITE, BoxKey.load_or_create(folder / "box"), incident_id="a")


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS.keys())
def test_evidence_is_kept_for_a_court_and_released(chromium: Any, tmp_path: Path, look: dict[str, Any]) -> None:
    _with_an_incident(tmp_path)
    (tmp_path / "password").write_text(PASSWORD + "\n")
    longer, keep, release = WORDS[look["locale"]]
    with running_hub(tmp_path) as hub:
        made = [
            "console",
            "user",
            "add",
            "chen",
            "--role",
            "official",
            "--community",
            "jialing",
            "--hub",
            str(hub.file),
        ]
        assert main([*made, "--password-file", str(tmp_path / "password")]) == 0
        context = chromium.new_context(**look)
        page = context.new_page()
        complaints = complaints_of(page)
        log_in(page, hub.url)
        page.goto(f"{hub.url}/incidents/a")
        page.locator(".light svg.plot circle.left-out").first.wait_for()
        page.locator("details.hold summary", has_text=longer).click()
        _looked_at(page, f"hold {look['locale']}")
        page.locator("details.hold input[name=why]").fill("court file 17/2026")
        page.get_by_role("button", name=keep).click()
        page.get_by_text("court file 17/2026 (chen)").wait_for()
        page.locator("details.hold summary", has_text=release).click()
        _looked_at(page, f"held {look['locale']}")
        page.locator("details.hold input[name=why]").fill("the court is done")
        page.locator("details.hold").get_by_role("button", name=release).click()
        page.locator("details.hold summary", has_text=longer).wait_for()
        # the clip and the pictures of this evidence are made up, so there is nothing to show of them
        assert [one for one in complaints if "404" not in one] == []
        context.close()


def _looked_at(page: Any, name: str) -> None:
    if SCREENS:
        page.screenshot(path=str(Path(SCREENS) / f"{name}.png"), full_page=True)
    assert barriers(page) == []
    assert page.evaluate(_WIDER) <= 0, "nobody scrolls sideways"
