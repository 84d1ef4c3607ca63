"""A database of an older edgecv opens, keeps its rows, and loses what no page could show to the messages aside."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from console.conftest import COMMUNITIES, arrival_of
from console.older_databases import older_postgres, older_sqlite
from known_bundles import record
from sqlalchemy import create_engine, select, text

from edgecv.console.intake.event_ingest import receive
from edgecv.console.intake.site_registry import set_communities
from edgecv.console.intake.stored_event_check import recheck
from edgecv.console.settings import UNCLAIMED_BYTES
from edgecv.console.storage import EVERYTHING, ConsoleDatabase
from edgecv.console.storage.schema import CaseEntry, Device, DeviceEvent, Evidence, Incident, QuarantinedEvent
from edgecv.untrusted import MAX_JSON_BYTES

RECEIVED_S = 1.77e9
_INSERT = """INSERT INTO incidents (community_id, id, kind, site, device, building, floor, label, started_s, received_s,
    state, state_s, record, as_of_s) VALUES (1, :id, 'thrown_object', 'jialinglu-3', 'north-1', 'jialinglu-3', 8,
    'thrown_object', :started_s, :received_s, :state, :received_s, :record, :as_of_s)"""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.service)])
def older(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database of schema 3 with a community and its site."""
    if request.param == "sqlite":
        url = older_sqlite(tmp_path)
    else:
        url = older_postgres(request.getfixturevalue("postgres_server"))
    _write(url, "INSERT INTO communities (name, title) VALUES ('jialing', 'Jialing')")
    _write(url, "INSERT INTO sites (community_id, name) VALUES (1, 'jialinglu-3')")
    yield url


def _write(url: str, statement: str, **values: Any) -> None:
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(text(statement), values)
    engine.dispose()


def _store(url: str, incident_id: str, started_s: float = RECEIVED_S, state: str = "new", **fields: Any) -> None:
    content = json.loads(record(incident_id).to_json()) | fields
    values = {"started_s": started_s, "received_s": RECEIVED_S, "state": state, "as_of_s": RECEIVED_S}
    _write(url, _INSERT, id=incident_id, record=json.dumps(content), **values)


def _opened(url: str) -> ConsoleDatabase:
    database = ConsoleDatabase(url)
    set_communities(database, COMMUNITIES)
    return database


def test_an_older_database_keeps_its_rows_and_takes_the_same_id_of_another_source(older: str) -> None:
    _store(older, "a")
    _write(
        older,
        "INSERT INTO evidence (community_id, incident_id, site, device, manifest_sha256, files, sealed_s) "
        "VALUES (1, 'a', 'jialinglu-3', 'north-1', '00', '[]', 5)",
    )
    _write(
        older,
        "INSERT INTO device_events (community_id, id, site, device, kind, text, at_s, data) VALUES "
        "(1, 'e', 'jialinglu-3', 'north-1', 'camera_lost', 'gone', :at, :data)",
        at=RECEIVED_S,
        data='{"kind": "camera_lost", "text": "gone"}',
    )
    database = _opened(older)
    assert receive(database, [arrival_of("a")]) == set()
    receive(database, [arrival_of("a", device="south-1")])
    with database.session(EVERYTHING) as session:
        assert session.execute(select(Incident.id, Incident.source_id).order_by(Incident.key)).all() == [
            ("a", "a"),
            ("a~2", "a"),
        ]
        assert session.scalars(select(Evidence.manifest_sha256)).all() == ["00"]
        assert session.scalars(select(DeviceEvent.text)).all() == ["gone"]
        assert session.scalars(select(QuarantinedEvent)).all() == []
        for table, site in ((Evidence, {"incident_id": "a"}), (DeviceEvent, {"id": "e"})):
            row = session.scalars(select(table)).one()
            copied = {c.key: getattr(row, c.key) for c in table.__table__.columns if c.key != "key"}
            session.add(table(**{**copied, **site, "site": "another"}))
        session.flush()
        session.rollback()
    database.close()


def test_an_alarm_that_a_clock_of_year_9000_froze_takes_updates_again(older: str) -> None:
    _store(older, "a")
    _write(older, "UPDATE incidents SET as_of_s = 221845392000")
    database = _opened(older)
    with database.session(EVERYTHING) as session:
        assert session.scalars(select(Incident.as_of_s)).one() == RECEIVED_S
    database.close()


def test_of_messages_kept_aside_that_are_longer_than_any_may_be_the_beginning_stays(older: str) -> None:
    aside = "INSERT INTO unclaimed (id, site, topic, reason, at_s, event) VALUES "
    for name, size in (("long", MAX_JSON_BYTES + 1), ("short", MAX_JSON_BYTES)):
        topic = "edgecv/v1/jialinglu-3/north-1/device"
        _write(older, f"{aside}(:name, 'jialinglu-3', '{topic}', 'why', 1.7e9, :event)", name=name, event="x" * size)
    database = _opened(older)
    with database.session(EVERYTHING) as session:
        rows = {row.id: (len(row.event), row.reason) for row in session.scalars(select(QuarantinedEvent))}
    assert rows == {
        "long": (UNCLAIMED_BYTES, "why; only its beginning is kept"),
        "short": (MAX_JSON_BYTES, "why"),
    }
    database.close()


def test_rows_that_no_page_could_show_are_moved_aside_once(older: str) -> None:
    _store(older, "good")
    _store(older, "early", -62135596800.0, started_at="0001-01-01T00:00:00Z")
    _store(older, "number", origin={"floor": None, "candidates": 5})
    deep = json.dumps(json.loads(record("deep").to_json()) | {"more": 1}).replace(
        '"more": 1', f'"more": {"[" * 900}{"]" * 900}'
    )
    _write(
        older, _INSERT, id="deep", record=deep, started_s=1.7e9, received_s=RECEIVED_S, state="new", as_of_s=RECEIVED_S
    )
    event = "INSERT INTO device_events (community_id, id, site, device, kind, text, at_s, data) VALUES "
    _write(
        older, f"{event}(1, 'e', 'jialinglu-3', 'd', 'camera_lost', '', 1e12, '{{\"kind\": \"<b>\", \"text\": \"\"}}')"
    )
    state = "INSERT INTO devices (community_id, site, name, state, changed_s) VALUES "
    _write(older, f"{state}(1, 'jialinglu-3', 'd', '{{\"state\": \"<b>\"}}', 1.7e9)")
    database = _opened(older)
    with database.session(EVERYTHING) as session:
        assert session.scalars(select(Incident.id)).all() == ["good"]
        assert session.scalars(select(DeviceEvent)).all() == []
        assert session.scalars(select(Device)).all() == []
        reasons = {json.loads(row.event)["id"]: row.reason for row in session.scalars(select(QuarantinedEvent))}
    assert set(reasons) == {"early", "number", "deep", "e"}
    assert "candidates" in reasons["number"]
    assert recheck(database) == 0
    database.close()


def test_a_case_that_somebody_has_worked_on_stays_within_the_years_that_are_counted(older: str) -> None:
    _store(older, "early", -62135596800.0, started_at="0001-01-01T00:00:00Z")
    _store(older, "judged", 253402300799.0, state="confirmed", started_at="9999-12-31T23:59:59Z")
    _write(older, "INSERT INTO users (name, full_name, disabled, created_s) VALUES ('chen', '', :no, 1)", no=False)
    _write(
        older,
        "INSERT INTO case_log (community_id, incident_key, at_s, user_id, from_state, to_state, note) "
        "VALUES (1, 1, 1, 1, 'confirmed', 'new', '')",
    )
    database = _opened(older)
    with database.session(EVERYTHING) as session:
        assert session.execute(select(Incident.id, Incident.started_s).order_by(Incident.key)).all() == [
            ("early", RECEIVED_S),
            ("judged", RECEIVED_S),
        ]
        assert session.scalars(select(CaseEntry.incident_key)).all() == [1]
    database.close()
