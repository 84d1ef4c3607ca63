"""In a real browser: a case from the incident to its end, on an official's desk and a worker's phone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from console.browsing import PASSWORD, SLOW_MS, barriers, complaints_of, log_in
from console.seen_bundle import keep_evidence, record_of, the_fall
from waiting import wait_for

from edgecv.cli import main
from edgecv.config import load_box
from edgecv.console.server import ConsoleServer
from edgecv.evidence.keys import BoxKey
from edgecv.storage.database import DATABASE, Database
from edgecv.storage.incident_store import INCIDENTS, IncidentStore

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "locale": "zh-CN"}


@dataclass
class AtWork:
    """A box's console, and the store the daemon writes to."""

    address: str
    state: Path
    store: IncidentStore


@pytest.fixture
def box(tmp_path: Path) -> Iterator[AtWork]:
    file, password, state = tmp_path / "box.yaml", tmp_path / "password", tmp_path / "state"
    file.write_text(
        "site: jialinglu-3\ncameras:\n  north-1: {source: rtsp://192.0.2.1/x}\n"
        f"storage: {{directory: {state}}}\nconsole: {{listen: '127.0.0.1:0'}}\n"
    )
    password.write_text(PASSWORD + "\n")
    for name, role, full_name in (("chen", "official", "陈主任"), ("wang", "worker", "王师傅")):
        made = ["console", "user", "add", name, "--role", role, "--full-name", full_name, "--config", str(file)]
        assert main([*made, "--password-file", str(password)]) == 0
    server = ConsoleServer(load_box(file))
    server.start()
    with closing(Database(state / DATABASE)) as database:
        yield AtWork(server.address, state, IncidentStore(database, state / INCIDENTS))
    server.stop()


_DRAWN = """([x, y]) => {
  const pen = document.querySelector('.player canvas').getContext('2d');
  return [...pen.getImageData(Math.round(x), Math.round(y), 1, 1).data];
}"""
_DARKEST_NEAR = """([x, y]) => {
  const video = document.querySelector('video'), canvas = document.createElement('canvas');
  canvas.width = video.videoWidth; canvas.height = video.videoHeight;
  const pen = canvas.getContext('2d');
  pen.drawImage(video, 0, 0);
  const data = pen.getImageData(Math.round(x) - 2, Math.round(y) - 2, 4, 4).data;
  let least = 255;
  for (let n = 0; n < data.length; n += 4) { least = Math.min(least, data[n]); }
  return least;
}"""


def _the_case_goes_through(page: Any, worker: Any, box: AtWork) -> None:
    case = page.locator("#case")
    case.locator("form").first.get_by_role("button", name="Confirm").click()
    case.get_by_text("Confirmed").first.wait_for()
    sending = case.locator("details", has_text="Send somebody")
    sending.get_by_label("Who is sent").select_option(label="王师傅")
    sending.get_by_label("Note").fill("先问 6 层 02 室")
    sending.get_by_role("button", name="Send somebody").click()
    case.get_by_text("→ 王师傅").wait_for()

    log_in(worker, box.address, "wang")
    worker.get_by_role("link", name="02 号窗").click()
    worker.get_by_text("先问 6 层 02 室").first.wait_for()
    worker.get_by_text("装满的瓶或罐").wait_for()
    worker.get_by_text("1–3").wait_for()
    assert barriers(worker) == []
    worker.locator("textarea").fill("住户承认掉了一个水瓶")
    worker.get_by_role("button", name="提交调查结果").click()
    worker.locator(".headline").get_by_text("已调查").wait_for()

    page.reload()
    case.get_by_text("住户承认掉了一个水瓶").wait_for()
    case.locator("form").first.get_by_role("button", name="Close the case").click()
    page.locator(".headline").get_by_text("Closed").wait_for()


def test_a_case_from_its_appearance_to_its_end(chromium: Any, box: AtWork) -> None:
    page = chromium.new_page(locale="en-GB")
    complaints = complaints_of(page)
    log_in(page, box.address)
    page.get_by_text("No incident yet").wait_for()
    keep_evidence(box.store, BoxKey.load_or_create(box.state), record_of())
    page.get_by_role("link", name="Floor 6").click()
    page.get_by_text("Every file is what the box sealed").wait_for()
    page.locator(".player[data-time]").wait_for()
    fall = the_fall()
    middle = (fall.pixels[19] + fall.pixels[20]) / 2  # between two sightings: nothing but the path's line is there
    assert page.evaluate(_DRAWN, middle.tolist())[3] > 0, "the path is drawn where the thing fell"
    assert page.evaluate(_DRAWN, [20, 20])[3] == 0
    assert barriers(page) == []
    worker = chromium.new_context(**PHONE).new_page()
    _the_case_goes_through(page, worker, box)
    stored = box.store.get("seen")
    assert stored is not None and stored.resolution == "confirmed", "retention knows that it is over"
    assert complaints == []
    page.goto(f"{box.address}/incidents")
    page.locator(".incidents").get_by_text("Closed").wait_for()
    assert barriers(page) == []


def test_the_path_lies_on_the_thing_in_every_frame_of_the_untouched_clip(chromium: Any, box: AtWork) -> None:
    keep_evidence(box.store, BoxKey.load_or_create(box.state), record_of())
    page = chromium.new_page(locale="en-GB", color_scheme="dark")
    complaints = complaints_of(page)
    log_in(page, box.address)
    page.get_by_role("link", name="Floor 6").click()
    assert barriers(page) == []
    page.get_by_label("Why the untouched files are opened").fill("police file 17")
    page.get_by_role("button", name="Play the untouched clip").click()
    page.get_by_text("police file 17").wait_for()
    # not by wait_for_function: it polls by eval, which the page's security policy forbids
    wait_for(lambda: page.evaluate("document.querySelector('video').readyState") >= 2, seconds=SLOW_MS / 1000)
    fall = the_fall()
    for sighting in (2, 21, 38):
        page.locator(".seek").evaluate(
            "(seek, t) => { seek.value = t; seek.dispatchEvent(new Event('input')); }", float(fall.times[sighting])
        )
        x, y = fall.pixels[sighting]
        place = [float(x), float(y)]
        wait_for(lambda place=place: page.evaluate(_DARKEST_NEAR, place) > 200, seconds=SLOW_MS / 1000)  # type: ignore[misc]
        assert abs(float(page.locator(".player").get_attribute("data-time")) - fall.times[sighting]) < 0.03
        shown = page.evaluate(_DRAWN, ((fall.pixels[0] + fall.pixels[1]) / 2).tolist())
        assert shown[3] > 0
    assert complaints == []
    assert barriers(page) == []
