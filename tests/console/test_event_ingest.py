"""What comes in is stored once, and nothing is thrown away."""

from __future__ import annotations

import json
from typing import Any

import pytest
from console.conftest import COMMUNITIES, arrival_of
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from edgecv.console.intake.event_ingest import receive
from edgecv.console.intake.events import read_arrival
from edgecv.console.intake.site_registry import set_communities
from edgecv.console.storage import EVERYTHING, ConsoleDatabase
from edgecv.console.storage.schema import Device, DeviceEvent, Evidence, Incident, QuarantinedEvent
from edgecv.errors import ConfigError
from edgecv.incidents.cloudevents import DEVICE_TYPE, EVIDENCE_TYPE


def _count(database: ConsoleDatabase, table: Any) -> int:
    with database.session(EVERYTHING) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def _event(kind: str, event_id: str, data: dict[str, Any]) -> str:
    return json.dumps({"type": kind, "id": event_id, "time": "2026-05-01T14:14:10Z", "data": data})


def test_the_same_event_twice_is_one_incident(database: ConsoleDatabase) -> None:
    assert len(receive(database, [arrival_of("a"), arrival_of("a")])) == 1
    assert receive(database, [arrival_of("a")]) == set()
    assert _count(database, Incident) == 1


def test_columns_say_what_the_record_says(database: ConsoleDatabase) -> None:
    receive(database, [arrival_of("a")])
    with database.session(EVERYTHING) as session:
        found = session.scalars(select(Incident)).one()
    assert (found.floor, found.window, found.mass_class, found.state) == (8, None, "heavy", "new")
    assert found.p == pytest.approx(0.9)
    assert found.started_s == pytest.approx(1777644842.12)  # date -d 2026-05-01T14:14:02.12Z +%s
    assert found.record["track"][0]["x"] == 800.0


def test_another_boxs_incident_of_the_same_id_is_another_incident(database: ConsoleDatabase) -> None:
    receive(database, [arrival_of("a"), arrival_of("a", site="riverside-1")])
    assert _count(database, Incident) == 2


def test_evidence_device_events_and_states_find_their_tables(database: ConsoleDatabase) -> None:
    evidence = {"incident": "a", "manifest_sha256": "00" * 32, "files": ["clip.mp4"]}
    told = {"kind": "camera_lost", "text": "no picture"}
    arrivals = [
        read_arrival("jialinglu-3", "north-1", "evidence", _event(EVIDENCE_TYPE, "a", evidence), 0.0),
        read_arrival("jialinglu-3", "north-1", "device", _event(DEVICE_TYPE, "e", told), 0.0),
        read_arrival("jialinglu-3", "north-1", "state", '{"state": "online"}', 5.0),
        read_arrival("jialinglu-3", "north-1", "state", '{"state": "offline"}', 6.0),
    ]
    receive(database, arrivals)
    receive(database, arrivals[:2])
    assert (_count(database, Evidence), _count(database, DeviceEvent), _count(database, Device)) == (1, 1, 1)
    with database.session(EVERYTHING) as session:
        device = session.scalars(select(Device)).one()
    assert (device.state, device.changed_s) == ({"state": "offline"}, 6.0)


def test_what_is_of_no_community_is_kept_and_taken_in_later(database: ConsoleDatabase) -> None:
    receive(database, [arrival_of("a", site="new-site")])
    assert (_count(database, Incident), _count(database, QuarantinedEvent)) == (0, 1)
    title, sites = COMMUNITIES["jialing"]
    set_communities(database, {"jialing": (title, [*sites, "new-site"])})
    assert (_count(database, Incident), _count(database, QuarantinedEvent)) == (1, 0)


def test_a_site_does_not_change_hands(database: ConsoleDatabase) -> None:
    with pytest.raises(ConfigError, match="belonged to another community"):
        set_communities(database, {"riverside": ("Riverside", ["jialinglu-3"])})


def test_one_that_cannot_be_stored_holds_up_no_other(database: ConsoleDatabase) -> None:
    broken = arrival_of("broken", device="north-1")
    broken.data["verdict"]["label"] = "\ud800"  # half a character: no database takes it
    receive(database, [arrival_of("a"), broken, arrival_of("b")])
    with database.session(EVERYTHING) as session:
        assert session.scalars(select(Incident.id).order_by(Incident.id)).all() == ["a", "b"]
        assert "refuses" in session.scalars(select(QuarantinedEvent.reason)).one()


def test_a_box_cannot_speak_for_another(database: ConsoleDatabase) -> None:
    forged = arrival_of("a", site="riverside-1")
    again = read_arrival("jialinglu-3", forged.device, "incident", forged.raw, 0.0)
    assert again.kind is None
    assert "not those of its topic" in (again.problem or "")
    receive(database, [again])
    assert (_count(database, Incident), _count(database, QuarantinedEvent)) == (0, 1)


@given(
    st.one_of(
        st.text(max_size=80), st.recursive(st.none() | st.integers() | st.text(max_size=5), st.lists).map(json.dumps)
    )
)
@settings(max_examples=150)
def test_nothing_on_the_wire_makes_reading_fail(raw: str) -> None:
    for kind in ("incident", "evidence", "device", "state", "command"):
        found = read_arrival("s", "d", kind, raw, 0.0)
        assert found.kind is None
        assert found.problem


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(["origin", "mass", "verdict", "kind", "started_at"]), _json)
@settings(max_examples=150)
def test_a_record_with_anything_in_a_section_is_read_or_kept_aside(section: str, content: Any) -> None:
    event = json.loads(arrival_of("a").raw)
    event["data"][section] = content
    found = read_arrival("jialinglu-3", "north-1", "incident", json.dumps(event), 0.0)
    assert (found.kind is None) == (found.problem is not None)
