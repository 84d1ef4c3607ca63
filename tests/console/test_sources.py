"""One box cannot take another's messages: whatever id it uses, and whatever its clock says."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

from console.conftest import COMMUNITIES, Office, arrival_of
from sqlalchemy import select

from edgecv.console.cases.listing import Filters, find_incident, list_incidents
from edgecv.console.evidence.evidence_paths import EvidencePaths
from edgecv.console.intake.event_ingest import receive
from edgecv.console.intake.events import Arrival, read_arrival
from edgecv.console.intake.site_registry import set_communities
from edgecv.console.storage import EVERYTHING, ConsoleDatabase, Scope
from edgecv.console.storage.schema import Community, DeviceEvent, Evidence, Incident, QuarantinedEvent
from edgecv.incidents.alarm import Alarm
from edgecv.incidents.cloudevents import DEVICE_TYPE, EVIDENCE_TYPE, UPDATE_TYPE

TITLE, SITES = COMMUNITIES["jialing"]
FIRST, SECOND = SITES[0], "jialinglu-4"


def _with_two_sites(database: ConsoleDatabase) -> Scope:
    set_communities(database, {"jialing": (TITLE, [FIRST, SECOND])})
    with database.session(EVERYTHING) as session:
        return Scope(session.scalar(select(Community.key).where(Community.name == "jialing")))


def _message(kind: str, event_type: str, site: str, data: dict[str, Any], event_id: str = "a", **more: Any) -> Arrival:
    event = {"type": event_type, "id": event_id, "time": "2026-05-01T14:14:10Z", "data": data, **more}
    return read_arrival(site, "north-1", kind, json.dumps(event), time.time())


def _alarm(site: str, text: str, **fields: Any) -> dict[str, Any]:
    given: dict[str, Any] = {"id": "a", "kind": "smoke_seen", "tier": "incident", "site": site, "device": "north-1"}
    given |= {"subject": "kitchen", "started_at": "2026-05-01T08:00:00Z", "text": text, "details": {}}
    made = Alarm.model_validate(given | {"software": {"version": "1"}} | fields)
    return dict(json.loads(made.to_json()))


def test_an_incident_of_an_id_that_another_site_has_is_stored_with_an_address_of_its_own(
    database: ConsoleDatabase,
) -> None:
    scope = _with_two_sites(database)
    for _ in range(2):
        receive(database, [arrival_of("a", site=SECOND), arrival_of("a", site=FIRST)])
    with database.session(scope) as session:
        listed = list_incidents(session, Filters(), 10).incidents
        assert sorted((row.site, row.id, row.source_id) for row in listed) == [
            (FIRST, "a~2", "a"),
            (SECOND, "a", "a"),
        ]
        addressed = [find_incident(session, row.id) for row in listed]
        assert [(row.site, row.record["site"]) for row in addressed if row is not None] == [
            (row.site, row.site) for row in listed
        ]


def test_an_update_reaches_the_alarm_of_its_own_site_alone(database: ConsoleDatabase) -> None:
    _with_two_sites(database)
    receive(database, [_message("incident", "io.edgecv.incident.v1", FIRST, _alarm(FIRST, "smoke"))])
    ended = _alarm(SECOND, "never mind", ended_at="2026-05-01T09:00:00Z")
    receive(database, [_message("update", UPDATE_TYPE, SECOND, ended)])
    with database.session(EVERYTHING) as session:
        assert {row.site: (row.text, row.ended_s is None) for row in session.scalars(select(Incident))} == {
            FIRST: ("smoke", True),
            SECOND: ("never mind", False),
        }


def test_evidence_and_device_events_of_one_id_are_those_of_each_source(database: ConsoleDatabase) -> None:
    _with_two_sites(database)
    for site in (FIRST, SECOND):
        sealed = {"incident": "a", "manifest_sha256": ("1" if site == FIRST else "2") * 64, "files": ["clip.mp4"]}
        arrivals = [
            _message("evidence", EVIDENCE_TYPE, site, sealed),
            _message("device", DEVICE_TYPE, site, {"kind": "camera_lost", "text": site}),
        ]
        receive(database, arrivals + arrivals)
    with database.session(EVERYTHING) as session:
        assert dict(session.execute(select(Evidence.site, Evidence.manifest_sha256)).all()) == {
            FIRST: "1" * 64,
            SECOND: "2" * 64,
        }
        assert set(session.scalars(select(DeviceEvent.text))) == {FIRST, SECOND}
        assert session.scalars(select(QuarantinedEvent)).all() == []


def test_an_update_from_a_clock_of_another_year_does_not_freeze_the_alarm(database: ConsoleDatabase) -> None:
    ahead = _message("update", UPDATE_TYPE, FIRST, _alarm(FIRST, "from the future"), time="2099-01-01T00:00:00Z")
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 5.0))
    later = _message("update", UPDATE_TYPE, FIRST, _alarm(FIRST, "as it is"), time=now)
    receive(database, [ahead])
    receive(database, [later])
    with database.session(EVERYTHING) as session:
        assert session.scalars(select(Incident.text)).one() == "as it is"


def test_an_incident_that_began_years_ahead_stands_in_the_list_where_it_came(database: ConsoleDatabase) -> None:
    receive(database, [arrival_of("ahead", started_at="2098-01-01T00:00:00Z"), arrival_of("b")])
    with database.session(EVERYTHING) as session:
        first = session.scalars(select(Incident).where(Incident.id == "ahead")).one()
    assert abs(first.started_s - time.time()) < 3600.0
    assert first.record["started_at"] == "2098-01-01T00:00:00Z"


def test_the_page_of_each_of_two_incidents_of_one_id_shows_its_own_evidence(office: Office) -> None:
    _with_two_sites(office.database)
    office.take(arrival_of("a", site=FIRST), arrival_of("a", site=SECOND))
    shelf = EvidencePaths(office.shelf, by_site=True)
    office.console = replace(office.console, shelf=shelf, box=None)
    for site in (FIRST, SECOND):
        folder = shelf.root / site / "a"
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text(json.dumps({"of": site}))
    with office.database.session(EVERYTHING) as session:
        ids = dict(session.execute(select(Incident.site, Incident.id)).all())
    assert ids == {FIRST: "a", SECOND: "a~2"}
    browser = office.browser("chen")
    for incident_id in ids.values():
        assert browser.get(f"/incidents/{incident_id}").status_code == 200
    assert shelf.folder(SECOND, ids[SECOND]) is None  # the address on the console is no name of a folder
