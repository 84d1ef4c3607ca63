"""The work: judged, sent, found and closed from the pages; the worker's own; what the box is told of it."""

from __future__ import annotations

import re
import time
from contextlib import closing

import pytest
from console.conftest import Browser, Office, arrival_of
from known_bundles import record
from sqlalchemy import select, update

from edgecv.console.accounts import Role
from edgecv.console.cases.labels import labels
from edgecv.console.settings import DUE_S
from edgecv.console.storage import EVERYTHING
from edgecv.console.storage.schema import CaseEntry, Incident
from edgecv.storage.database import DATABASE, Database
from edgecv.storage.incident_store import INCIDENTS, IncidentStore


def _incident(office: Office, incident_id: str = "a") -> Incident:
    with office.database.session(EVERYTHING) as session:
        return session.scalars(select(Incident).where(Incident.id == incident_id)).one()


def _change(browser: Browser, office: Office, after: str, incident_id: str = "a", **more: str):  # type: ignore[no-untyped-def]
    """Send the form as the page now has it."""
    incident = _incident(office, incident_id)
    form = {"before": incident.state, "after": after, "seen": repr(incident.state_s)} | more
    return browser.post(f"/incidents/{incident_id}/case", **form)


def test_a_case_goes_from_page_to_page_to_its_end(office: Office) -> None:
    wang = office.add("wang", Role.WORKER)
    office.take(arrival_of("a"))
    official, worker = office.browser("chen"), office.browser("wang")
    assert _change(official, office, "confirmed", note="seen on the clip").status_code == 200
    sent = _change(official, office, "assigned", assignee=str(wang), due="2099-01-31", note="ask 8-02 first")
    assert "ask 8-02 first" in sent.text and "wang" in sent.text
    jobs = worker.get("/").text
    assert "/work/a" in jobs and "Floor 8" in jobs
    job = worker.get("/incidents/a")
    assert job.url.path == "/work/a"
    assert "ask 8-02 first" in job.text and "From chen" in job.text and "Jan 31, 2099" in job.text
    found = _change(worker, office, "investigated", note="a flower pot from 8-02")
    assert found.url.path == "/work/a" and "Investigated" in found.text
    closed = _change(official, office, "closed")
    for text in ("seen on the clip", "ask 8-02 first", "a flower pot from 8-02", "Closed"):
        assert text in closed.text
    assert _incident(office).due_s is None


def test_a_second_official_who_saw_an_older_state_is_told(office: Office) -> None:
    wang, zhao = office.add("wang", Role.WORKER), office.add("zhao", Role.WORKER)
    office.take(arrival_of("a"))
    office.add("li")
    first, second = office.browser("chen"), office.browser("li")
    _change(first, office, "confirmed")
    _change(first, office, "assigned", assignee=str(wang))
    page = second.get("/incidents/a").text
    seen = re.findall(r'name="seen" value="([^"]+)"', page)[0]
    _change(first, office, "assigned", assignee=str(zhao))
    form = {"before": "assigned", "after": "false_alarm", "seen": seen, "note": "a bird, I am sure"}
    late = second.post("/incidents/a/case", **form)
    assert late.status_code == 409
    assert "Somebody else changed this case meanwhile" in late.text
    assert "a bird, I am sure" in late.text, "what was typed is not lost"
    assert _incident(office).state == "assigned"


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"after": "false_alarm", "note": " "}, 422),
        ({"after": "closed"}, 422),
        ({"after": "nonsense"}, 422),
        ({"after": "confirmed", "seen": "yesterday"}, 422),
        ({"after": "assigned", "before": "confirmed", "assignee": "99999999999999999999999"}, 422),
        ({"after": "confirmed", "seen": "nan"}, 409),
    ],
)
def test_a_form_that_is_wrong_changes_nothing(office: Office, form: dict[str, str], status: int) -> None:
    office.take(arrival_of("a"))
    browser = office.browser("chen")
    seen = repr(_incident(office).state_s)
    answer = browser.post("/incidents/a/case", **({"before": "new", "seen": seen} | form))
    assert answer.status_code == status
    assert 'role="alert"' in answer.text
    assert _incident(office).state == "new"
    with office.database.session(EVERYTHING) as session:
        assert session.scalars(select(CaseEntry)).all() == []


def test_who_may_not_judge_is_shown_no_form_and_gets_nowhere_with_one(office: Office) -> None:
    office.take(arrival_of("a"))
    office.add("vera", Role.VIEWER)
    vera = office.browser("vera")
    assert "<textarea" not in vera.get("/incidents/a").text
    assert _change(vera, office, "confirmed").status_code == 403
    assert _change(office.browser("river"), office, "confirmed").status_code == 404
    assert office.browser("chen").client.post("/incidents/a/case", data={"after": "confirmed"}).status_code == 403
    assert _incident(office).state == "new"


def test_a_worker_whose_case_was_judged_anew_sees_it_no_longer(office: Office) -> None:
    wang = office.add("wang", Role.WORKER)
    office.take(arrival_of("a"))
    official, worker = office.browser("chen"), office.browser("wang")
    for after, more in (
        ("confirmed", {}),
        ("assigned", {"assignee": str(wang)}),
        ("false_alarm", {"note": "a pigeon"}),
    ):
        _change(official, office, after, **more)
    assert "False alarm" in worker.get("/work/a").text, "they learn that nobody need go"
    _change(official, office, "confirmed", note="it was none")
    assert worker.get("/work/a").status_code == 404


def test_late_cases_are_counted_shown_and_found(office: Office) -> None:
    office.take(arrival_of("a"), arrival_of("b"))
    assert _incident(office).due_s == pytest.approx(_incident(office).received_s + DUE_S["new"], abs=1.0)
    browser = office.browser("chen")
    assert "overdue" not in browser.get("/incidents").text.lower().replace("overdue</option>", "")
    with office.database.session(EVERYTHING, writes=True) as session:
        session.execute(update(Incident).where(Incident.id == "b").values(due_s=time.time() - 60))
    page = browser.get("/incidents").text
    assert "1 case is overdue" in page
    assert "1 个案件已逾期" in office.browser("chen", "zh-CN").get("/incidents").text
    late = browser.get("/incidents?due=over").text
    assert "/incidents/b" in late and "/incidents/a" not in late
    assert "Overdue since" in browser.get("/incidents/b").text
    _change(browser, office, "confirmed", "b")
    assert "/incidents/b" not in browser.get("/incidents?due=over").text


def test_the_box_learns_how_cases_end_and_when_they_do_not(office: Office) -> None:
    state = office.shelf.parent
    with closing(Database(state / DATABASE)) as database:
        store = IncidentStore(database, state / INCIDENTS)
        for incident_id in ("a", "b"):
            store.add(record(incident_id))
        office.take(arrival_of("a"), arrival_of("b"))
        browser = office.browser("chen")
        _change(browser, office, "false_alarm", note="a pigeon")
        _change(browser, office, "confirmed", "b")
        resolutions = {stored.id: stored.resolution for stored in store.list()}
        assert resolutions == {"a": "false alarm", "b": None}
        _change(browser, office, "confirmed", note="it was none")
        assert store.get("a").resolution is None  # type: ignore[union-attr]
        _change(browser, office, "false_alarm", note="a pigeon after all")
        store.reopen("a")  # as if the box had been busy when it was told
        assert office.console.box is not None
        assert office.console.box.reflect(office.database) == 1
        assert store.get("a").resolution == "false alarm"  # type: ignore[union-attr]
        assert office.console.box.reflect(office.database) == 0


def test_labels_say_what_people_made_of_it_without_their_names(office: Office) -> None:
    office.take(arrival_of("a"), arrival_of("b"), arrival_of("c"))
    browser = office.browser("chen")
    _change(browser, office, "false_alarm", note="a pigeon")
    _change(browser, office, "confirmed", "b")
    found = labels(office.database, "jialinglu-3")
    assert {key: (label.label, label.notes) for key, label in found.items()} == {
        "a": ("false_alarm", ("a pigeon",)),
        "b": ("confirmed", ()),
    }
    assert labels(office.database, "riverside-1") == {}
