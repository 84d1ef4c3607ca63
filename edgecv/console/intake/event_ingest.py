"""Storing arrivals: each once, all of a batch in one transaction; what cannot be stored is kept aside."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError, StatementError
from sqlalchemy.orm import Session

from edgecv.console.cases.deadlines import due_after
from edgecv.console.cases.state_machine import State
from edgecv.console.intake.event_contract import THROWN
from edgecv.console.intake.events import Arrival
from edgecv.console.intake.quarantine import insert, quarantine_event, trim
from edgecv.console.settings import DEVICES_PER_SITE
from edgecv.console.storage import EVERYTHING, ConsoleDatabase
from edgecv.console.storage.record_columns import columns_of
from edgecv.console.storage.schema import Device, DeviceEvent, Evidence, FeedCursor, Incident, Site
from edgecv.untrusted import UntrustedError

News = set[tuple[int, str]]
"""What changed: ``(community, "incident" | "evidence" | "device" | "state")``."""
_NUMBERS = 10  # tried for another device's incident of the same id: some may be in use


def receive(database: ConsoleDatabase, arrivals: Sequence[Arrival], *, cursors: dict[str, int] | None = None) -> News:
    """Store a batch, and how far the feeds have read; on the disk when this returns.

    Args:
        database: the console's.
        arrivals: in the order they came.
        cursors: position of each feed after this batch.
    """
    try:
        return _receive(database, arrivals, cursors, one_by_one=False)
    except Exception as error:
        if is_of_database(error):
            raise
        # One of them cannot be stored: it must not hold up the others.
        return _receive(database, arrivals, cursors, one_by_one=True)


def _receive(
    database: ConsoleDatabase, arrivals: Sequence[Arrival], cursors: dict[str, int] | None, *, one_by_one: bool
) -> News:
    news: News = set()
    with database.session(EVERYTHING, writes=True) as session:
        owners = owners_of(session)
        asides: set[str] = set()
        for arrival in arrivals:
            reason = arrival.problem or "its site belongs to no community"
            if arrival.kind is not None and arrival.site in owners:
                try:
                    news |= _store_alone(session, owners, arrival) if one_by_one else store(session, owners, arrival)
                    continue
                except Exception as error:
                    if not one_by_one or is_of_database(error):
                        raise
                    reason = reason_of(error)
            quarantine_event(session, arrival, reason)
            asides.add(arrival.site)
        for site in sorted(asides):
            trim(session, site)
        for feed, position in (cursors or {}).items():
            session.merge(FeedCursor(feed=feed, position=position))
    return news


def owners_of(session: Session) -> dict[str, int]:
    """The community of each site."""
    return {row.name: row.community_id for row in session.execute(select(Site.name, Site.community_id))}


def store(session: Session, owners: Mapping[str, int], arrival: Arrival) -> News:
    """Store one that was understood, of a site that has a community, in the caller's transaction.

    Raises:
        UntrustedError: it cannot be stored for what it is.
        sqlalchemy.exc.SQLAlchemyError: the database does not take it.
    """
    assert arrival.kind is not None
    community = owners[arrival.site]
    if not _STORING[arrival.kind](session, community, arrival):
        return set()
    return {(community, "incident" if arrival.kind == "update" else arrival.kind)}


def _store_alone(session: Session, owners: Mapping[str, int], arrival: Arrival) -> News:
    with session.begin_nested():
        return store(session, owners, arrival)


def is_of_database(error: Exception) -> bool:
    """Whether it is the database's trouble, such as a full disk, and not what a message holds."""
    if isinstance(error, OperationalError | InterfaceError):
        return True
    return isinstance(error, SQLAlchemyError) and not isinstance(error, StatementError)


def reason_of(error: Exception) -> str:
    """Why a message could not be stored, without its content."""
    return str(error) if isinstance(error, UntrustedError) else f"the database refuses it: {type(error).__name__}"


def _incident(session: Session, community: int, arrival: Arrival) -> bool:
    now = time.time()
    values = columns_of(arrival.data, now) | {"record": dict(arrival.data), "received_s": now, "state_s": now}
    values |= {"due_s": due_after(State.NEW, now), "as_of_s": arrival.at_s, "community_id": community, "state": "new"}
    if insert(session, Incident, values | {"id": arrival.id}):
        return True
    if session.scalar(select(Incident.key).where(*_is(community, arrival))) is not None:
        return False
    # Another device's has that id: the one that came first keeps the plain address.
    of_that_id = (Incident.community_id == community, Incident.source_id == arrival.id)
    count = session.scalar(select(func.count()).select_from(Incident).where(*of_that_id)) or 0
    for number in range(count + 1, count + 1 + _NUMBERS):
        if insert(session, Incident, values | {"id": f"{arrival.id}~{number}"}):
            return True
    raise UntrustedError(f"{count} other devices have an incident {arrival.id}")


def _is(community: int, arrival: Arrival) -> tuple[ColumnElement[bool], ...]:
    """That it is the incident of an arrival: of that device, and no other's of the same id."""
    return (
        Incident.community_id == community,
        Incident.site == arrival.site,
        Incident.device == arrival.device,
        Incident.source_id == arrival.id,
    )


def _update(session: Session, community: int, arrival: Arrival) -> bool:
    """An alarm as it is now; it may overtake the alarm itself, or come after a newer one. Its case stays as it is."""
    if _incident(session, community, arrival):
        return True
    incident = session.scalars(select(Incident).where(*_is(community, arrival)).with_for_update()).one()
    values = columns_of(arrival.data, time.time())
    if incident.kind != values["kind"]:
        raise UntrustedError(f"an update of {arrival.id}, which is of another kind")
    if incident.record == dict(arrival.data):
        return False
    if incident.kind == THROWN:
        if _without_weight(incident.record) != _without_weight(arrival.data):
            raise UntrustedError(f"an update of {arrival.id} that changes more than how heavy the thing was")
        # It is weighed by its pictures once: the box's clock, set back meanwhile, has no say in what is newer.
        if _is_weighed(incident.record) and not _is_weighed(arrival.data):
            return False
    # What is over does not begin again, whatever the box's clock did meanwhile.
    elif (values["ended_s"] is not None, arrival.at_s) < (incident.ended_s is not None, incident.as_of_s or 0.0):
        return False
    for name, value in values.items():
        setattr(incident, name, value)
    incident.record, incident.as_of_s = dict(arrival.data), arrival.at_s
    session.flush()
    return True


def _without_weight(record: Mapping[str, Any]) -> object:
    """What is certain of a thrown object at once; its weight is known better, and its clip, when pictures are drawn.

    A box that was updated in between writes fields that the version before did not know, and leaves them empty.
    """
    return _filled({name: value for name, value in record.items() if name not in {"mass", "evidence"}})


def _filled(value: object) -> object:
    """A value without its empty fields."""
    if isinstance(value, Mapping):
        fields = ((name, _filled(field)) for name, field in value.items())
        return {name: field for name, field in fields if field not in (None, [], {})}
    return [_filled(one) for one in value] if isinstance(value, list) else value


def _is_weighed(record: Mapping[str, Any]) -> bool:
    mass = record.get("mass")
    return isinstance(mass, Mapping) and mass.get("photometry") is not None


def _evidence(session: Session, community: int, arrival: Arrival) -> bool:
    values = {
        "incident_id": arrival.id,
        "site": arrival.site,
        "device": arrival.device,
        "manifest_sha256": arrival.data["manifest_sha256"],
        "files": list(arrival.data["files"]),
        "sealed_s": arrival.at_s,
    }
    return insert(session, Evidence, {"community_id": community, **values})


def _device_event(session: Session, community: int, arrival: Arrival) -> bool:
    values = {
        "id": arrival.id,
        "site": arrival.site,
        "device": arrival.device,
        "kind": arrival.data["kind"],
        "text": arrival.data["text"],
        "at_s": arrival.at_s,
        "data": dict(arrival.data),
    }
    return insert(session, DeviceEvent, {"community_id": community, **values})


def _state(session: Session, community: int, arrival: Arrival) -> bool:
    device = session.scalar(
        select(Device).where(
            Device.community_id == community, Device.site == arrival.site, Device.name == arrival.device
        )
    )
    state = dict(arrival.data)
    if device is None:
        at_site = select(func.count()).select_from(Device).where(Device.site == arrival.site)
        if (session.scalar(at_site.where(Device.community_id == community)) or 0) >= DEVICES_PER_SITE:
            raise UntrustedError(f"the site has {DEVICES_PER_SITE} devices, and this is another one")
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
