"""Messages kept aside: bounded, taken in when they can be, and never in the way of a start."""

from __future__ import annotations

import json

import pytest
from console.conftest import COMMUNITIES, arrival_of
from sqlalchemy import func, select, update

from edgecv.console.intake import quarantine, site_claim
from edgecv.console.intake.event_ingest import receive
from edgecv.console.intake.events import read_arrival
from edgecv.console.intake.site_registry import set_communities
from edgecv.console.storage import EVERYTHING, ConsoleDatabase
from edgecv.console.storage.schema import Device, DiscardedEvents, Incident, QuarantinedEvent

TITLE, SITES = COMMUNITIES["jialing"]
WITH_NEW = {"jialing": (TITLE, [*SITES, "new-site"])}


def _ids(database: ConsoleDatabase) -> set[str]:
    with database.session(EVERYTHING) as session:
        return set(session.scalars(select(Incident.id)))


def _aside(database: ConsoleDatabase) -> list[QuarantinedEvent]:
    with database.session(EVERYTHING) as session:
        return list(session.scalars(select(QuarantinedEvent).order_by(QuarantinedEvent.key)))


def test_one_message_that_cannot_be_taken_in_keeps_no_console_from_starting(database: ConsoleDatabase) -> None:
    receive(database, [arrival_of(name, site="new-site") for name in ("a", "b", "c")])
    half_a_character = arrival_of("b", site="new-site").raw.replace('"thrown_object","p"', '"\\ud800","p"')
    assert "ud800" in half_a_character
    with database.session(EVERYTHING, writes=True) as session:
        second = select(QuarantinedEvent.key).order_by(QuarantinedEvent.key).offset(1).limit(1)
        session.execute(
            update(QuarantinedEvent)
            .where(QuarantinedEvent.key == session.scalar(second))
            .values(event=half_a_character)
        )
    set_communities(database, WITH_NEW)
    assert _ids(database) == {"a", "c"}
    assert len(_aside(database)) == 1


def test_one_that_the_database_refuses_is_left_aside_with_the_reason(
    database: ConsoleDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive(database, [arrival_of(name, site="new-site") for name in ("a", "b", "c")])
    really = site_claim.store

    def refuses_b(session: object, owners: object, arrival: object) -> object:
        if getattr(arrival, "id", "") == "b":
            raise RecursionError
        return really(session, owners, arrival)  # type: ignore[arg-type]

    monkeypatch.setattr(site_claim, "store", refuses_b)
    set_communities(database, WITH_NEW)
    assert _ids(database) == {"a", "c"}
    assert ["RecursionError" in row.reason for row in _aside(database)] == [True]
    monkeypatch.undo()
    set_communities(database, WITH_NEW)  # the next start of a console that knows better
    assert _ids(database) == {"a", "b", "c"}
    assert _aside(database) == []


def test_what_was_kept_aside_is_taken_in_by_batches(database: ConsoleDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site_claim, "CLAIM_BATCH", 2)
    receive(database, [arrival_of(f"id-{n}", site="new-site") for n in range(5)])
    receive(database, [read_arrival("new-site", "north-1", "incident", "{", 0.0)])
    set_communities(database, WITH_NEW)
    assert _ids(database) == {f"id-{n}" for n in range(5)}
    assert len(_aside(database)) == 1


def test_the_oldest_of_too_many_are_dropped_and_counted_and_a_flood_of_one_kind_displaces_no_other(
    database: ConsoleDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quarantine, "UNCLAIMED_ROWS", 3)
    receive(database, [arrival_of("a", site="new-site")])
    for first in (0, 5):
        receive(
            database, [read_arrival("new-site", "d", "device", f"nonsense {n}", 0.0) for n in range(first, first + 5)]
        )
    assert [row.event for row in _aside(database) if row.topic.endswith("/device")] == [
        f"nonsense {n}" for n in (7, 8, 9)
    ]
    assert [row.topic.rsplit("/", 1)[1] for row in _aside(database)].count("incident") == 1
    with database.session(EVERYTHING) as session:
        (dropped,) = session.scalars(select(DiscardedEvents)).all()
    assert (dropped.site, dropped.kind, dropped.count) == ("new-site", "device", 7)


def test_messages_on_topics_that_nobody_asked_for_are_bounded_too(
    database: ConsoleDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quarantine, "UNCLAIMED_ROWS", 2)
    receive(database, [read_arrival("?", "?", f"kind-{n}", "{", 0.0) for n in range(5)])
    assert [row.topic for row in _aside(database)] == ["edgecv/v1/?/?/kind-3", "edgecv/v1/?/?/kind-4"]


def test_a_message_of_no_community_is_kept_whole_however_long(database: ConsoleDatabase) -> None:
    long = arrival_of("a", site="new-site", track=json.loads(arrival_of("a").raw)["data"]["track"] * 40)
    assert len(long.raw) > 100_000
    receive(database, [long])
    set_communities(database, WITH_NEW)
    assert _ids(database) == {"a"}


def test_a_site_has_so_many_devices_and_no_more(database: ConsoleDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgecv.console.intake.event_ingest.DEVICES_PER_SITE", 2)
    for name in ("one", "two", "three", "one"):
        receive(database, [read_arrival("jialinglu-3", name, "state", '{"state": "online"}', 0.0)])
    with database.session(EVERYTHING) as session:
        assert session.scalar(select(func.count()).select_from(Device)) == 2
    assert [row.topic for row in _aside(database)] == ["edgecv/v1/jialinglu-3/three/state"]
