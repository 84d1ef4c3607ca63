"""Storing arrivals: each once, all of a batch in one transaction, and nothing is thrown away."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import (
    DataError,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
    StatementError,
)
from sqlalchemy.orm import Session

from edgecv.console.cases.due import due_after
from edgecv.console.cases.machine import State
from edgecv.console.intake.events import Arrival, read_arrival
from edgecv.console.storage import EVERYTHING, ConsoleDatabase
from edgecv.console.storage.projection import columns_of
from edgecv.console.storage.schema import (
    Base,
    Device,
    DeviceEvent,
    Evidence,
    FeedCursor,
    Incident,
    Site,
    Unclaimed,
)

News = set[tuple[int, str]]
"""What changed: ``(community, "incident" | "evidence" | "device" | "state")``."""


def receive(database: ConsoleDatabase, arrivals: Sequence[Arrival], *, cursors: dict[str, int] | None = None) -> News:
    """Store a batch, and how far the feeds have read; on the disk when this returns.

    Args:
        database: the console's.
        arrivals: in the order they came.
        cursors: position of each feed after this batch.
    """
    try:
        return _receive(database, arrivals, cursors, one_by_one=False)
    except (DataError, IntegrityError, InternalError, StatementError, ValueError, OverflowError) as error:
        if isinstance(error, OperationalError | InterfaceError):
            raise  # the database's trouble, not a message's
        # One of them cannot be stored: it must not hold up the others.
        return _receive(database, arrivals, cursors, one_by_one=True)


def _receive(
    database: ConsoleDatabase, arrivals: Sequence[Arrival], cursors: dict[str, int] | None, *, one_by_one: bool
) -> News:
    with database.session(EVERYTHING, writes=True) as session:
        news = _store_singly(session, arrivals) if one_by_one else store(session, arrivals)
        for feed, position in (cursors or {}).items():
            session.merge(FeedCursor(feed=feed, position=position))
    return news


def store(session: Session, arrivals: Iterable[Arrival]) -> News:
    """Store arrivals in the caller's transaction."""
    owners: dict[str, int] = {
        row.name: row.community_id for row in session.execute(select(Site.name, Site.community_id))
    }
    news: News = set()
    for arrival in arrivals:
        community = owners.get(arrival.site)
        if community is None or arrival.kind is None:
            _keep_aside(session, arrival, arrival.problem or "its site belongs to no community")
        elif _STORING[arrival.kind](session, community, arrival):
            news.add((community, "incident" if arrival.kind == "update" else arrival.kind))
    return news


def _store_singly(session: Session, arrivals: Iterable[Arrival]) -> News:
    """The same, but one that the database refuses is kept aside."""
    news: News = set()
    for arrival in arrivals:
        try:
            with session.begin_nested():
                news |= store(session, [arrival])
        except (DataError, IntegrityError, InternalError, StatementError, ValueError, OverflowError) as error:
            if isinstance(error, OperationalError | InterfaceError):
                raise
            _keep_aside(session, arrival, f"the database refuses it: {type(error).__name__}")
    return news


def claim(session: Session, site: str) -> int:
    """Take in what was kept aside for a site that belongs to a community now; return how many there were."""
    kept = session.scalars(select(Unclaimed).where(Unclaimed.site == site).order_by(Unclaimed.key)).all()
    for row in kept:
        _, _, site_name, device, kind = row.topic.split("/", 4)
        session.delete(row)
        session.flush()
        store(session, [read_arrival(site_name, device, kind, row.event, row.at_s)])
    return len(kept)


def _incident(session: Session, community: int, arrival: Arrival) -> bool:
    now = time.time()
    values = columns_of(arrival.data) | {"record": dict(arrival.data), "received_s": now, "state_s": now}
    values |= {"due_s": due_after(State.NEW, now), "as_of_s": arrival.at_s}
    return _insert(session, Incident, {"community_id": community, "state": "new", **values})


def _update(session: Session, community: int, arrival: Arrival) -> bool:
    """An alarm as it is now; it may overtake the alarm itself, or come after a newer one. Its case stays as it is."""
    if _incident(session, community, arrival):
        return True
    wanted = select(Incident).where(Incident.community_id == community, Incident.id == arrival.id)
    known = session.scalars(wanted.with_for_update()).one()
    values = columns_of(arrival.data)
    if any(getattr(known, name) != values[name] for name in ("kind", "site", "device")):
        raise ValueError(f"an update of {arrival.id}, which is another device's")
    # What is over does not begin again, whatever the box's clock did meanwhile.
    if (values["ended_s"] is not None, arrival.at_s) < (known.ended_s is not None, known.as_of_s or 0.0):
        return False
    if known.record == dict(arrival.data):
        return False
    for name, value in values.items():
        setattr(known, name, value)
    known.record, known.as_of_s = dict(arrival.data), arrival.at_s
    session.flush()
    return True


def _evidence(session: Session, community: int, arrival: Arrival) -> bool:
    values = {
        "incident_id": arrival.id,
        "site": arrival.site,
        "device": arrival.device,
        "manifest_sha256": str(arrival.data["manifest_sha256"]),
        "files": [str(name) for name in arrival.data["files"]],
        "sealed_s": arrival.at_s,
    }
    return _insert(session, Evidence, {"community_id": community, **values})


def _device_event(session: Session, community: int, arrival: Arrival) -> bool:
    values = {
        "id": arrival.id,
        "site": arrival.site,
        "device": arrival.device,
        "kind": str(arrival.data["kind"]),
        "text": str(arrival.data["text"]),
        "at_s": arrival.at_s,
        "data": dict(arrival.data),
    }
    return _insert(session, DeviceEvent, {"community_id": community, **values})


def _state(session: Session, community: int, arrival: Arrival) -> bool:
    device = session.scalar(
        select(Device).where(
            Device.community_id == community, Device.site == arrival.site, Device.name == arrival.device
        )
    )
    state = dict(arrival.data)
    if device is None:
        session.add(
            Device(community_id=community, site=arrival.site, name=arrival.device, state=state, changed_s=arrival.at_s)
        )
        session.flush()
        return True
    if device.state == state:
        return False
    device.state, device.changed_s = state, arrival.at_s
    return True


_STORING = {"incident": _incident, "evidence": _evidence, "update": _update, "device": _device_event, "state": _state}


def _keep_aside(session: Session, arrival: Arrival, reason: str) -> None:
    digest = hashlib.sha256(arrival.topic.encode() + b"\n" + arrival.raw.encode(errors="replace")).hexdigest()
    _insert(
        session,
        Unclaimed,
        {
            "id": digest,
            "site": arrival.site,
            "topic": arrival.topic,
            "reason": reason,
            "at_s": arrival.at_s,
            "event": arrival.raw,
        },
    )


def _insert(session: Session, table: type[Base], values: dict[str, Any]) -> bool:
    """Insert a row unless it is there; whether it was new."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    core = table.__table__
    added = insert(core).values(**values).on_conflict_do_nothing().returning(core.c.key)  # type: ignore[arg-type]
    return session.execute(added).first() is not None
