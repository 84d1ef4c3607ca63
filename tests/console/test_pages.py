"""What the pages show, and to whom."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, cast

import pytest
from console.conftest import Office, arrival_of
from sqlalchemy import select

from edgecv.console.accounts import Role
from edgecv.console.intake.events import read_arrival
from edgecv.console.settings import LIVE_STREAMS, PAGE_ROWS
from edgecv.console.storage import EVERYTHING
from edgecv.console.storage.schema import AccessEntry
from edgecv.console.web import request_context
from edgecv.console.web.server_sent_events import EventBroadcaster

_FILES = {"strobe.jpg": b"all at once", "clip.mp4": b"moving pictures", "manifest.json": b"{}"}


def _with_evidence(office: Office, incident_id: str = "a", **fields: Any) -> None:
    office.take(arrival_of(incident_id, **fields))
    folder = office.shelf / incident_id
    folder.mkdir(parents=True)
    for name, content in _FILES.items():
        (folder / name).write_bytes(content)


def test_the_list_shows_the_own_communitys_incidents(office: Office) -> None:
    office.take(arrival_of("a"), arrival_of("b", site="riverside-1", origin={"floor": 77}))
    ours, theirs = office.browser("chen").get("/incidents").text, office.browser("river").get("/incidents").text
    assert "/incidents/a" in ours and "Floor 8" in ours
    assert "/incidents/b" not in ours and "77" not in ours
    assert "/incidents/b" in theirs and "/incidents/a" not in theirs


def test_anothers_incident_is_not_there_at_all(office: Office) -> None:
    _with_evidence(office)
    river = office.browser("river")
    missing = river.get("/incidents/none")
    for path in ("/incidents/a", "/incidents/a/pictures/strobe.jpg", "/api/v1/incidents/a"):
        assert river.get(path).status_code == missing.status_code == 404
    assert river.post("/incidents/a/evidence/clip.mp4", why="curious").status_code == 404
    assert river.get("/api/v1/incidents").json() == {"incidents": [], "following": None}


def test_a_worker_sees_only_what_they_are_sent_to(office: Office) -> None:
    office.take(arrival_of("a"))
    office.add("wang", Role.WORKER)
    worker = office.browser("wang")
    assert worker.get("/incidents").url.path == "/work"
    assert "/work/a" not in worker.get("/work").text
    for path in ("/incidents/a", "/work/a", "/incidents/a/pictures/strobe.jpg"):
        assert worker.get(path).status_code == 404
    assert worker.get("/cameras").status_code == 403


def test_excluded_floors_stand_beside_the_likely_one(office: Office) -> None:
    origin = {
        "floor": 8,
        "window": "02",
        "excluded_floors": [1, 2, 16],
        "candidates": [{"floor": 8, "window": "02", "p": 0.91}],
    }
    office.take(arrival_of("a", origin=origin))
    page = office.browser("chen").get("/incidents/a").text
    assert "91 %" in page
    assert "Excluded floors" in page
    assert re.findall(r'<ul class="floors">(.*?)</ul>', page) == ["<li>1–2</li><li>16</li>"]


def test_an_incident_whose_origin_is_unknown_says_why(office: Office) -> None:
    office.take(arrival_of("a", origin={"reason": "the camera is not calibrated"}))
    browser = office.browser("chen")
    assert "Floor unknown" in browser.get("/incidents").text
    page = browser.get("/incidents/a").text
    assert "the camera is not calibrated" in page
    assert "No floor can be excluded" in page


def test_a_download_needs_a_reason_that_is_written_down_first(office: Office) -> None:
    _with_evidence(office)
    browser = office.browser("chen")
    refused = browser.post("/incidents/a/evidence/clip.mp4", why=" ")
    assert refused.status_code == 422
    assert "Say why" in refused.text
    answer = browser.post("/incidents/a/evidence/clip.mp4", why="police file 17")
    assert answer.content == _FILES["clip.mp4"]
    assert "attachment" in answer.headers["content-disposition"]
    with office.database.session(EVERYTHING) as session:
        lines = session.execute(select(AccessEntry.action, AccessEntry.what, AccessEntry.why)).all()
    assert [tuple(line) for line in lines] == [("export", "clip.mp4", "police file 17")]


@pytest.mark.parametrize("name", ["..%2f..%2fconsole.db", "%2e%2e", ".hidden", "console.db", "clip.mp4%0a"])
def test_no_name_leads_out_of_the_evidence_folder(office: Office, name: str) -> None:
    _with_evidence(office)
    browser = office.browser("chen")
    assert browser.post(f"/incidents/a/evidence/{name}", why="x").status_code == 404
    assert browser.get(f"/incidents/a/pictures/{name}").status_code == 404


def test_older_pages_and_filters_are_links_that_work(office: Office) -> None:
    office.take(*(arrival_of(f"id-{n}", origin={"floor": 1 + n % 2}) for n in range(2 * PAGE_ROWS + 6)))
    browser = office.browser("chen")
    page = browser.get("/incidents?floor=1&state=&since=2026-05-01&until=2026-05-01").text
    assert page.count('<a href="/incidents/id-') == PAGE_ROWS
    following = page.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert "floor=1" in following and "since=2026-05-01" in following
    assert browser.get(following).text.count('<a href="/incidents/id-') == 3
    assert "Nothing matches" in browser.get("/incidents?until=2026-04-30").text


def test_nonsense_in_the_address_is_not_an_error(office: Office) -> None:
    browser = office.browser("chen")
    for query in (
        "floor=x&state=odd&since=yesterday",
        "after=nan_1",
        "after=1e999_5",
        "floor=99999999999999999999",
        "until=9999-12-31",
    ):
        assert browser.get(f"/incidents?{query}").status_code == 200, query


def test_htmx_gets_the_list_alone(office: Office) -> None:
    office.take(arrival_of("a"))
    fragment = office.browser("chen").get("/incidents", **{"hx-request": "true", "hx-target": "list"}).text
    assert fragment.lstrip().startswith("<section")
    assert "/incidents/a" in fragment


def test_the_text_of_a_record_is_text(office: Office) -> None:
    evil = "<script>alert(1)</script>"
    office.take(arrival_of("a", device=evil, origin={"floor": 8, "floor_name": evil, "reason": evil}))
    browser = office.browser("chen")
    for path in ("/incidents", "/incidents/a"):
        assert evil not in browser.get(path).text


def test_cameras_tell_their_state(office: Office) -> None:
    office.take(read_arrival("jialinglu-3", "north-1", "state", '{"state": "offline", "text": "no picture"}', 1.8e9))
    page = office.browser("chen").get("/cameras").text
    assert "north-1" in page and "no picture" in page
    assert "north-1" not in office.browser("river").get("/cameras").text


def test_what_is_in_a_feeds_way_is_said(office: Office) -> None:
    office.problems.append("broker mqtt://hub closed the connection")
    assert "closed the connection" in office.browser("chen").get("/incidents").text


def test_a_failure_is_a_page_that_tells_nothing_of_our_insides(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = office.browser("chen")
    monkeypatch.setattr("edgecv.console.web.pages.incidents.list_incidents", lambda *_: 1 / 0)
    answer = browser.get("/incidents")
    assert answer.status_code == 500
    assert "Something went wrong" in answer.text
    assert "ZeroDivision" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def _allowed() -> bool:
    return True


async def _news(told: set[tuple[int, str]]) -> bytes:
    """What a page of community 1 hears, up to a last word to it."""
    live, heard = EventBroadcaster(), b""
    stream = live.stream(1, 7, _allowed)
    await anext(stream)
    live.tell(told | {(1, "the end")})
    while b"the end" not in heard:
        heard += await asyncio.wait_for(anext(stream), 60)
    return heard


def test_open_pages_hear_of_their_own_community_only() -> None:
    assert b"event: incident" in asyncio.run(_news({(1, "incident")}))
    assert b"event: incident" not in asyncio.run(_news({(2, "incident")}))


async def _opened(pages: int) -> list[bool]:
    """Whether so many pages of one user hear news, one of another user, and one more after the first has closed."""
    live = EventBroadcaster()
    streams = [live.stream(1, 7, _allowed) for _ in range(pages)]
    heard = [b"hello" in await anext(stream) for stream in [*streams, live.stream(1, 8, _allowed)]]
    await cast("AsyncGenerator[bytes]", streams[0]).aclose()
    return [*heard, b"hello" in await anext(live.stream(1, 7, _allowed))]


def test_one_user_does_not_take_every_connection_with_open_pages() -> None:
    assert asyncio.run(_opened(LIVE_STREAMS + 1)) == [True] * LIVE_STREAMS + [False, True, True]


def test_templates_hold_no_script_or_style_of_their_own() -> None:
    for path in (Path(request_context.__file__).parent / "templates").glob("*"):
        content = path.read_text()
        assert "<style" not in content and " style=" not in content and " onclick" not in content, path
        assert content.count("<script") == content.count('<script src="/static/'), path
