"""Rows that an older edgecv stored unchecked: checked once, and those that do not hold are kept aside.

A case that somebody has worked on stays, with its log: pages bear with its record, and its times are brought into the
range that lists and statistics count in. States are not kept aside: devices send them again.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import String, cast, delete, exists, select, update
from sqlalchemy.orm import Session

from edgecv.console.cases.state_machine import State
from edgecv.console.intake.event_contract import check_device_event, check_record, check_state
from edgecv.console.intake.events import read_arrival
from edgecv.console.intake.quarantine import quarantine_event, trim
from edgecv.console.settings import AHEAD_S, BATCH
from edgecv.console.storage import EVERYTHING, ConsoleDatabase
from edgecv.console.storage.schema import AccessEntry, CaseEntry, Device, DeviceEvent, FeedCursor, Incident
from edgecv.incidents.cloudevents import DEVICE_TYPE, INCIDENT_TYPE
from edgecv.untrusted import EARLIEST_S, UntrustedError, read_json

_log = logging.getLogger("edgecv.console")
_MARK = "rows checked"
_RULES = 1
"""Count it up when what is stored has to be checked anew."""


def recheck(database: ConsoleDatabase) -> int:
    """Check what is stored, unless that was done; return how many rows were moved.

    Args:
        database: the console's.
    """
    with database.session(EVERYTHING) as session:
        mark = session.get(FeedCursor, _MARK)
        if mark is not None and mark.position >= _RULES:
            return 0
    moved = sum(_through(database, table) for table in _TABLES)
    with database.session(EVERYTHING, writes=True) as session:
        session.merge(FeedCursor(feed=_MARK, position=_RULES))
    if moved:
        _log.warning("%d rows that an older edgecv stored do not hold; the table 'unclaimed' has them", moved)
    return moved


@dataclass(frozen=True, slots=True)
class _Table:
    """A table of what boxes send: the column with the content, when it happened, the check, and what is done then."""

    rows: Any
    content: Any
    at_s: Any
    check: Callable[[object], object]
    move: Callable[[Session, int, str, str], bool]


def _through(database: ConsoleDatabase, table: _Table) -> int:
    moved, after = 0, 0
    while rows := _batch(database, table, after):
        after = rows[-1][0]
        bad = [(key, text, reason) for key, text, at_s in rows if (reason := _problem(table, text, at_s)) is not None]
        if bad:
            with database.session(EVERYTHING, writes=True) as session:
                moved += sum(table.move(session, *row) for row in bad)
    return moved


def _batch(database: ConsoleDatabase, table: _Table, after: int) -> Sequence[Any]:
    # as text, for a document may nest too deep to be parsed
    query = select(table.rows.key, cast(table.content, String), table.at_s).where(table.rows.key > after)
    with database.session(EVERYTHING) as session:
        return session.execute(query.order_by(table.rows.key).limit(BATCH)).all()


def _problem(table: _Table, text: str, at_s: float) -> str | None:
    try:
        table.check(read_json(text))
    except UntrustedError as error:
        return str(error)
    return None if EARLIEST_S <= at_s <= time.time() + AHEAD_S else "its time is that of a clock that was never set"


def _incident(session: Session, key: int, record: str, reason: str) -> bool:
    columns = (Incident.site, Incident.device, Incident.source_id, Incident.state, Incident.received_s)
    site, device, source_id, state, received_s = session.execute(select(*columns).where(Incident.key == key)).one()
    of_it = exists().where(CaseEntry.incident_key == key) | exists().where(AccessEntry.incident_key == key)
    if state != State.NEW.value or session.scalar(select(of_it)):
        _bring_into_range(session, key, received_s)
        return False
    _keep(session, (site, device, "incident"), _event(INCIDENT_TYPE, source_id, received_s, record), received_s, reason)
    session.execute(delete(Incident).where(Incident.key == key))
    return True


def _bring_into_range(session: Session, key: int, received_s: float) -> None:
    for column in (Incident.started_s, Incident.ended_s):
        outside = (column < EARLIEST_S) | (column > time.time() + AHEAD_S)
        session.execute(update(Incident).where(Incident.key == key, outside).values({column.key: received_s}))
    no_probability = (Incident.p < 0.0) | (Incident.p > 1.0)
    session.execute(update(Incident).where(Incident.key == key, no_probability).values(p=None))


def _device_event(session: Session, key: int, data: str, reason: str) -> bool:
    columns = (DeviceEvent.site, DeviceEvent.device, DeviceEvent.id)
    site, device, event_id = session.execute(select(*columns).where(DeviceEvent.key == key)).one()
    now = time.time()
    _keep(session, (site, device, "device"), _event(DEVICE_TYPE, event_id, now, data), now, reason)
    session.execute(delete(DeviceEvent).where(DeviceEvent.key == key))
    return True


def _device(session: Session, key: int, _state: str, _reason: str) -> bool:
    session.execute(delete(Device).where(Device.key == key))
    return True


def _keep(session: Session, topic: tuple[str, str, str], event: str, at_s: float, reason: str) -> None:
    arrival = read_arrival(*topic, event, at_s)
    quarantine_event(session, arrival, arrival.problem or reason)
    trim(session, arrival.site)


def _event(event_type: str, event_id: str, at_s: float, data: str) -> str:
    envelope = json.dumps({"type": event_type, "id": event_id, "time": datetime.fromtimestamp(at_s, UTC).isoformat()})
    return f'{envelope[:-1]}, "data": {data}}}'


_TABLES = (
    _Table(Incident, Incident.record, Incident.started_s, check_record, _incident),
    _Table(DeviceEvent, DeviceEvent.data, DeviceEvent.at_s, check_device_event, _device_event),
    _Table(Device, Device.state, Device.changed_s, check_state, _device),
)
