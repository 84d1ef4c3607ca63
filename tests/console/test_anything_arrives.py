"""Whatever comes is stored or kept aside, and every list works afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from console.conftest import COMMUNITIES
from console.test_event_contract import ALARM, AS_THE_CONTRACT_SAYS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from edgecv.console.cameras.visibility_history import find_device, last_events, sights
from edgecv.console.cases import statistics
from edgecv.console.cases.labels import labels
from edgecv.console.cases.listing import Filters, choices, find_incident, list_incidents
from edgecv.console.cases.statistics import Selection
from edgecv.console.intake.box_feed import BoxFeed
from edgecv.console.intake.event_ingest import receive
from edgecv.console.intake.events import read_arrival
from edgecv.console.intake.site_registry import set_communities
from edgecv.console.storage import EVERYTHING, ConsoleDatabase, Scope
from edgecv.console.storage.database import sqlite_url
from edgecv.console.storage.schema import Base, Community, Device, DeviceEvent, Evidence, Incident, QuarantinedEvent
from edgecv.incidents.cloudevents import DEVICE_TYPE, EVIDENCE_TYPE, INCIDENT_TYPE, UPDATE_TYPE
from edgecv.storage.database import DATABASE, Database

TABLES: dict[str, type[Base]] = {"incident": Incident, "evidence": Evidence, "update": Incident, "device": DeviceEvent}
TABLES["state"] = Device
TYPES = {"incident": INCIDENT_TYPE, "update": UPDATE_TYPE, "evidence": EVIDENCE_TYPE, "device": DEVICE_TYPE}
SEALED = {"incident": "a-1", "manifest_sha256": "00" * 32, "files": ["clip.mp4"]}
BLIND = {"kind": "blind_minutes", "text": "blind", "from_s": 1.7e9, "minutes": {"rain": 3}, "blind_minutes": 3}
TESTED = {"kind": "sensitivity", "text": "tested", "drawn": 20, "seen": 18}

_awkward = st.sampled_from(
    ["", "\x00", "\ud800", "100%", "<b>", "x" * 70_000, "9999-12-31T23:59:59Z", "0001-01-01", 10**400, -(2**63), 1e308]
)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | _awkward,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def _changed(draw: st.DrawFn, data: dict[str, Any]) -> dict[str, Any]:
    """A valid document with anything in one place."""
    made = json.loads(json.dumps(data))
    place: Any = made
    while True:
        name = draw(st.sampled_from(sorted(place)) if isinstance(place, dict) else st.integers(0, len(place) - 1))
        if not isinstance(place[name], dict | list) or not place[name] or draw(st.booleans()):
            place[name] = draw(_json)
            return dict(made)
        place = place[name]


@st.composite
def _messages(draw: st.DrawFn) -> tuple[str, str]:
    kind = draw(st.sampled_from(sorted(TABLES)))
    if kind == "state":
        return kind, json.dumps(draw(_changed({"state": "online", "text": "well"}) | _json))
    known: dict[str, list[dict[str, Any]]] = {"evidence": [SEALED], "device": [BLIND, TESTED], "update": [ALARM]}
    base = known.get(kind, [ALARM, AS_THE_CONTRACT_SAYS])
    data = draw(st.sampled_from(base))
    event = {"type": TYPES[kind], "id": data.get("incident") or data.get("id") or "e", "data": data}
    event |= {"time": "2026-05-01T14:14:10Z"}
    return kind, json.dumps(draw(_changed(event) | _json))


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleDatabase]:
    made = ConsoleDatabase(sqlite_url(tmp_path_factory.mktemp("hub")))
    set_communities(made, COMMUNITIES)
    yield made
    made.close()


def _count(database: ConsoleDatabase) -> int:
    with database.session(EVERYTHING) as session:
        tables = (Incident, Evidence, DeviceEvent, Device, QuarantinedEvent)
        return sum(session.scalar(select(func.count()).select_from(table)) or 0 for table in tables)


def _empty(database: ConsoleDatabase) -> None:
    with database.session(EVERYTHING, writes=True) as session:
        for table in (Incident, Evidence, DeviceEvent, Device, QuarantinedEvent):
            session.execute(table.__table__.delete())  # type: ignore[attr-defined]


def _list_everything(database: ConsoleDatabase) -> None:
    with database.session(EVERYTHING) as session:
        community = session.scalar(select(Community.key).where(Community.name == "jialing"))
    with database.session(Scope(community)) as session:
        for incident in list_incidents(session, Filters(), 100).incidents:
            assert find_incident(session, incident.id) is not None
        choices(session)
        for device in session.scalars(select(Device)):
            assert find_device(session, device.site, device.name) is not None
            json.dumps(device.state)
        sights(session)
        last_events(session, "jialinglu-3", "north-1")
        statistics.by_month(session, Selection(), ZoneInfo("Asia/Shanghai"))
        statistics.by_hour(session, Selection(), ZoneInfo("Asia/Shanghai"))
        statistics.by_floor_band(statistics.by_column(session, Selection(), "floor"))
    labels(database)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(_messages())
def test_any_message_is_stored_or_kept_aside_and_every_list_works(
    hub: ConsoleDatabase, message: tuple[str, str]
) -> None:
    kind, raw = message
    _empty(hub)
    receive(hub, [read_arrival("jialinglu-3", "north-1", kind, raw, 1.8e9)])
    assert _count(hub) == 1
    _list_everything(hub)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from([*TABLES, "command"]), st.binary(max_size=60), st.text(max_size=8), st.text(max_size=8))
def test_any_bytes_on_any_topic_are_kept_aside(
    hub: ConsoleDatabase, kind: str, raw: bytes, site: str, device: str
) -> None:
    _empty(hub)
    receive(hub, [read_arrival(site, device, kind, raw, 1.8e9)])
    assert _count(hub) == 1


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(_changed(AS_THE_CONTRACT_SAYS) | _changed(ALARM))
def test_any_record_in_a_boxs_own_database_lets_its_console_go_on(
    tmp_path_factory: pytest.TempPathFactory, data: dict[str, Any]
) -> None:
    folder: Path = tmp_path_factory.mktemp("box")
    console = ConsoleDatabase(sqlite_url(folder))
    set_communities(console, COMMUNITIES)
    feed = BoxFeed(folder / DATABASE, "jialinglu-3", console, lambda _: None)
    with closing(Database(folder / DATABASE)) as box:
        for number, content in enumerate((json.dumps(data), json.dumps(ALARM | {"id": "after"}), "{")):
            with box.transaction() as connection:
                connection.execute(
                    "INSERT INTO incidents (id, kind, device, tier, started_at, stored_s, record, evidence) "
                    "VALUES (?, 'k', 'north-1', 'incident', '', 1.0, ?, 'none')",
                    (str(number), content),
                )
        while feed.step(box):
            pass
    with console.session(EVERYTHING) as session:
        assert "after" in session.scalars(select(Incident.id)).all()
    console.close()
