"""Every page, as everybody, with markup in every string that a box, a user or an address can carry; and with rows that
an older version stored and nobody can show."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import quote

import pytest
from console.conftest import Browser, Office
from console.hostile import MARKUP, Page, store, store_device
from sqlalchemy import select

from edgecv.console.accounts import Role
from edgecv.console.storage import EVERYTHING
from edgecv.console.storage.schema import CaseEntry, Community, Incident, User
from edgecv.console.web.addresses import incident_path, part
from edgecv.console.web.pages import ROUTES
from edgecv.console.web.statistics_tables import TITLES
from edgecv.console.web.ui_texts import KINDS

ROLES = {"chen": Role.OFFICIAL, "yu": Role.VIEWER, "wang": Role.WORKER, "zhao": Role.ADMIN}
QUERIES = ("kind", "building", "device", "mass_class", "state", "floor", "since", "until", "due", "after", "next", "to")
_ENDLESS = "/live"


def _record(**more: Any) -> dict[str, Any]:
    """Of the contract's form, with markup in every text."""
    place = {"floor": 8, "floor_name": MARKUP, "window": MARKUP, "facade": MARKUP, "p": 0.6}
    interval = {"median": 1.0, "low": 0.5, "high": 2.0, MARKUP: MARKUP}
    return {
        "id": MARKUP,
        "kind": MARKUP,
        "site": MARKUP,
        "device": MARKUP,
        "started_at": MARKUP,
        "text": MARKUP,
        "subject": MARKUP,
        "origin": {**place, "reason": MARKUP, "candidates": [place, place], "excluded_floors": [1, MARKUP]},
        "mass": {
            "class": MARKUP,
            "p": {MARKUP: 0.5},
            "kg": interval,
            "hazard": MARKUP,
            "assumed": MARKUP,
            "reason": MARKUP,
            "things": [{"name": MARKUP, "p": 0.5}],
            "photometry": {
                "area_m2": interval,
                "scatter": 0.5,
                "background_sd": 0.0,
                "line_m2": [0.1, 0.2],
                "points": [{"background": 0.5, "flux_m2": 0.1, "sd_m2": 0.1, "weight": 1.0, MARKUP: MARKUP}, MARKUP],
                MARKUP: MARKUP,
            },
        },
        "motion": {"release": MARKUP, "impact_speed_mps": 3.0},
        "verdict": {"label": MARKUP, "reasons": [MARKUP]},
        "details": {MARKUP: MARKUP, "deep": {MARKUP: [MARKUP, {MARKUP: MARKUP}]}, "opened_at": MARKUP},
        **more,
    }


def _columns(kind: str) -> dict[str, Any]:
    texts = ("device", "building", "floor_name", "window", "mass_class", "hazard", "label", "subject", "text")
    return dict.fromkeys(texts, MARKUP) | {"kind": kind, "floor": 8 if kind == "thrown_object" else None, "p": 0.6}


@pytest.fixture
def marked(office: Office) -> Office:
    """A console where every text is markup; ``wang`` is sent to every case."""
    office.problems.append(MARKUP)
    for name, role in ROLES.items():
        if name != "chen":
            office.add(name, role)
    with office.database.session(EVERYTHING, writes=True) as session:
        for community in session.scalars(select(Community)):
            community.title = MARKUP
        users = {user.name: user for user in session.scalars(select(User))}
        for user in users.values():
            user.full_name = MARKUP
        wang, chen = users["wang"].key, users["chen"].key
    kinds = ["thrown_object", *KINDS, MARKUP, "100%", "%(floor)s"]
    ids = ["a", *(f"kind-{n}" for n in range(len(KINDS))), MARKUP, "100%", "a/b"]
    for kind, incident_id in zip(kinds, ids, strict=True):
        sent: dict[str, Any] = {"assignee_id": wang, "state": "assigned"}
        key = store(office, incident_id, _record(), **_columns(kind), **sent)
        with office.database.session(EVERYTHING, writes=True) as session:
            incident = session.get_one(Incident, key)
            line = {"from_state": "confirmed", "to_state": "assigned", "note": MARKUP, "at_s": incident.received_s}
            session.add(
                CaseEntry(community_id=incident.community_id, incident_key=key, user_id=chen, assignee_id=wang, **line)
            )
    causes = {"noted_minutes": 60, "blind_minutes": 5, "minutes": {MARKUP: 5}}
    for name in (MARKUP, "north-1", "100%"):
        store_device(
            office,
            name,
            {"state": MARKUP if name != "north-1" else "online", "text": MARKUP},
            ("covered", MARKUP, {MARKUP: MARKUP}),
            ("blind_minutes", MARKUP, causes),
        )
    return office


def _entries(office: Office, incident_id: str) -> Iterator[int]:
    """Keys of what the official opened and printed, with markup as the reason."""
    browser = office.browser("chen")
    for asked in ("open", "print"):
        answer = browser.post(f"{incident_path(incident_id)}/{asked}", why=MARKUP)
        found = re.search(r"/(?:opened|printed)/(\d+)$", answer.url.path)
        if found is not None:
            yield int(found[1])


def _part_of(parts: dict[str, str], hole: re.Match[str]) -> str:
    return parts[hole[1]]


def _addresses(office: Office) -> list[str]:
    """Every route that is read, filled in with what there is."""
    entry = max([*_entries(office, "a"), 1])
    found = []
    for route in ROUTES:
        if "GET" not in (route.methods or ()) or route.path == _ENDLESS:
            continue
        for incident_id in ("a", "kind-2", "kind-11", "a/b", MARKUP) if "{incident" in route.path else ("",):
            parts = {
                "incident": part(incident_id),
                "site": "jialinglu-3",
                "camera": part(MARKUP),
                "table": "buildings",
                "name": "strobe.jpg",
                "entry": str(entry),
            }
            found.append(re.sub(r"\{(\w+)(?::\w+)?\}", partial(_part_of, parts), route.path))
    assert len(found) > 40
    return [*found, *(f"/statistics/{table}.csv" for table in TITLES), "/cameras/jialinglu-3/100~25"]


def _check(address: str, answer: Any) -> None:
    assert answer.status_code < 500, f"{address}: {answer.text[:300]}"
    if answer.headers.get("content-type", "").startswith("text/html"):
        assert Page(answer.text).strange == [], address


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("name", ROLES)
def test_no_element_and_no_attribute_of_any_page_comes_from_data(marked: Office, name: str, language: str) -> None:
    browser = marked.browser(name, language)
    query = "&".join(f"{field}={quote(MARKUP)}" for field in QUERIES)
    seen = ""
    for address in [*_addresses(marked), "/incidents?state=closed", "/no/such/page", f"/{quote(MARKUP)}"]:
        for asked in (address, f"{address}{'&' if '?' in address else '?'}{query}"):
            answer = browser.get(asked)
            _check(asked, answer)
            seen += answer.text
    assert "evil" in seen, "pages show the data, as text"
    fragment = browser.get("/incidents", **{"hx-request": "true", "hx-target": "list"})
    _check("/incidents (list alone)", fragment)


def test_no_answer_to_a_form_holds_an_element_or_an_attribute_of_what_was_sent(marked: Office) -> None:
    admin, worker = marked.browser("zhao"), marked.browser("wang")
    forms = [
        (admin, "/users", {"do": "add", "name": MARKUP, "full_name": MARKUP, "role": "viewer"}),
        (admin, "/users", {"do": "add", "name": "li", "full_name": MARKUP, "role": "viewer"}),
        (admin, "/account/password", {"old": MARKUP, "new": MARKUP, "again": "other"}),
        (admin, "/incidents/a/case", {"before": MARKUP, "after": MARKUP, "note": MARKUP, "seen": MARKUP}),
        (worker, "/incidents/a/case", {"before": "assigned", "after": MARKUP, "note": MARKUP, "seen": "1"}),
        (admin, "/incidents/a/print", {"why": MARKUP}),
        (admin, "/incidents/a/open", {"why": " "}),
        (Browser(marked.browser().client), "/login", {"name": MARKUP, "password": MARKUP}),
    ]
    for browser, address, form in forms:
        _check(address, browser.post(address, **form))


@pytest.mark.parametrize("kind", [MARKUP, "100%", "%(floor)s", "Floor %(floor)s", "%s"])
def test_a_kind_in_the_address_is_shown_as_it_is(office: Office, kind: str) -> None:
    for address in ("/statistics", "/incidents"):
        answer = office.browser("chen").get(f"{address}?kind={quote(kind)}")
        assert answer.status_code == 200
        assert Page(answer.text).strange == []


_DEEP = "[" * 900 + "]" * 900
_HUGE = "9" * 400
_STORED: dict[str, str] = {
    "details nested too deep": f'{{"details": {{"a": {_DEEP}}}}}',
    "a document nested too deep to be read": f'{{"details": {"[" * 3000 + "]" * 3000}}}',
    "floors beyond every number": f'{{"origin": {{"floor": {_HUGE}, "candidates": [{{"floor": {_HUGE}, "p": 1}}]}}}}',
    "a probability beyond every number": f'{{"origin": {{"candidates": [{{"floor": 3, "p": {_HUGE}}}]}}}}',
    "a number of thousands of digits": f'{{"mass": {{"kg": {{"median": {"9" * 5000}}}}}}}',
    "infinity": '{"mass": {"kg": {"median": 1e999, "low": 1, "high": 2}}, "motion": {"impact_speed_mps": NaN}}',
    "candidates that are a number": '{"origin": {"candidates": 7, "floor": 3}}',
    "candidates of other things": '{"origin": {"candidates": [1, "x", null, [2]], "excluded_floors": 7}}',
    "sections of other things": '{"origin": 7, "mass": [1], "motion": "x", "track": {"a": 1}, "details": "x"}',
    "a path of other things": '{"track": [1, "x", {"t": "y"}], "origin": {"pixel": {"a": 1}}}',
    "half a surrogate pair": '{"origin": {"reason": "\\ud800"}, "details": {"a": "\\ud800"}}',
    "no object": "[1, 2]",
    "no JSON": "{{{",
}


@pytest.mark.parametrize("kind", ["thrown_object", "manhole_moved", "dose_missed"])
@pytest.mark.parametrize("stored", _STORED)
def test_a_record_that_cannot_be_shown_fails_no_page(office: Office, stored: str, kind: str) -> None:
    office.add("wang", Role.WORKER)
    with office.database.session(EVERYTHING) as session:
        wang = session.scalars(select(User.key).where(User.name == "wang")).one()
    store(office, "odd", _STORED[stored], kind=kind, assignee_id=wang, state="assigned")
    store(office, "plain", {"origin": {"reason": "as it should be"}}, subject="cover 17")
    official, worker = office.browser("chen"), office.browser("wang")
    for browser, address in (
        (official, "/incidents"),
        (official, "/incidents/odd"),
        (official, "/incidents/odd/verification"),
        (official, "/incidents/plain"),
        (official, "/statistics"),
        (official, "/statistics/months.csv"),
        (worker, "/work"),
        (worker, "/work/odd"),
    ):
        assert browser.get(address).status_code == 200, address
    assert official.post("/incidents/odd/print", why="to show it").status_code == 200
    assert official.get("/incidents/odd/pictures/strobe.jpg").status_code == 404
    answer = official.get("/api/v1/incidents/odd")
    assert answer.status_code == 200
    assert json.loads(answer.text)["id"] == "odd"
    assert official.get("/api/v1/incidents").status_code == 200


@pytest.mark.parametrize("stored", ["details nested too deep", "a document nested too deep to be read", "infinity"])
def test_a_page_says_why_a_record_cannot_be_shown(office: Office, stored: str) -> None:
    store(office, "odd", _STORED[stored])
    browser = office.browser("chen")
    assert "This record cannot be shown: " in browser.get("/incidents/odd").text
    assert "此记录无法显示：" in office.browser("chen", "zh-CN").get("/incidents/odd").text
    answer = browser.get("/api/v1/incidents/odd").json()
    assert answer["record"] == {} and answer["problem"]
    store(office, "plain", {"origin": {"reason": "as it should be"}})
    assert "cannot be shown" not in browser.get("/incidents/plain").text


_YEAR_1, _YEAR_9999 = -62135596800.0, 253402300799.0


@pytest.mark.parametrize("moment_s", [_YEAR_1, _YEAR_9999, -1e300, 1e300, float("inf")])
def test_a_time_that_no_calendar_has_fails_no_page(office: Office, moment_s: float) -> None:
    times = ("started_s", "ended_s", "state_s", "due_s", "received_s")
    for kind in ("thrown_object", "manhole_moved"):
        columns: dict[str, Any] = dict.fromkeys(times, moment_s)
        store(office, f"odd-{kind}", {}, **columns, kind=kind, p=float("-inf"))
    store_device(office, "north-1", {"state": "online"}, ("covered", "x", {}))
    browser = office.browser("chen")
    for address in (
        "/incidents",
        "/incidents/odd-thrown_object",
        "/incidents/odd-manhole_moved",
        "/statistics",
        "/statistics/hours.csv",
        "/api/v1/incidents",
        "/api/v1/incidents/odd-thrown_object",
    ):
        assert browser.get(address).status_code == 200, address


@pytest.mark.parametrize(
    "state", [{}, {"state": 7}, {"state": None}, {"state": {"a": 1}, "text": 7}, [], 7, {"state": "x" * 100_000}]
)
def test_a_device_that_told_nonsense_fails_no_page(office: Office, state: Any) -> None:
    huge = int("9" * 400)
    store_device(
        office,
        "odd",
        state,
        ("blind_minutes", "", {"noted_minutes": huge, "blind_minutes": huge, "from_s": huge, "minutes": {"a": huge}}),
        ("blind_minutes", "", {"from_s": 1e300, "minutes": [1]}),
        ("blind_minutes", "", [1]),
        ("sensitivity", "", {"drawn": huge, "seen": huge}),
        ("sensitivity", "", {"drawn": 1e-300, "seen": 1e300}),
        ("sensitivity", "", 7),
    )
    browser = office.browser("chen")
    assert browser.get("/cameras").status_code == 200
    assert browser.get("/cameras/jialinglu-3/odd").status_code == 200


@pytest.mark.parametrize("incident_id", ["a/b", "../../etc", "..", ".", "a%2Fb", "~2F", "嘉陵/3", "a?b#c", "a\\b", " "])
def test_every_id_has_a_page_a_link_and_forms(office: Office, incident_id: str) -> None:
    store(office, incident_id, {}, label="x")
    browser = office.browser("chen")
    link = re.findall(r'<a href="(/incidents/[^"]+)"', browser.get("/incidents").text)
    assert link == [incident_path(incident_id)]
    page = browser.get(link[0])
    assert page.status_code == 200
    assert f'action="{link[0]}/case"' in page.text
    judged = browser.post(
        f"{link[0]}/case",
        before="new",
        after="confirmed",
        note="seen",
        seen=re.findall(r'name="seen" value="([^"]+)"', page.text)[0],
    )
    assert judged.status_code == 200 and "Confirmed" in judged.text
    assert browser.get(f"/api/v1/incidents/{quote(incident_id, safe='')}").status_code in {200, 404}
