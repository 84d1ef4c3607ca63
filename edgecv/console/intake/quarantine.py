"""Messages kept aside, a bounded number: those of a site of no community yet, and what was not understood."""

from __future__ import annotations

import hashlib
import logging
from typing import Any

from sqlalchemy import delete, func, not_, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from edgecv.console.intake.events import Arrival
from edgecv.console.settings import UNCLAIMED_ROWS
from edgecv.console.storage.schema import Base, DiscardedEvents, QuarantinedEvent

_log = logging.getLogger("edgecv.console")
_KINDS = ("incident", "evidence", "update", "device", "state")


def quarantine_event(session: Session, arrival: Arrival, reason: str) -> None:
    """Keep a message with the reason, in the caller's transaction; once, however often it comes."""
    digest = hashlib.sha256(f"{arrival.topic}\n{arrival.raw}".encode()).hexdigest()
    values = {"id": digest, "site": arrival.site, "topic": arrival.topic, "at_s": arrival.at_s}
    insert(session, QuarantinedEvent, {**values, "reason": reason, "event": arrival.raw})


def trim(session: Session, site: str) -> None:
    """Drop the oldest of a site's where there are more of a kind than are kept, and count them."""
    ends = {kind: QuarantinedEvent.topic.endswith(f"/{kind}") for kind in _KINDS}
    for kind, ending in {**ends, "other": not_(or_(*ends.values()))}.items():
        of_kind = (QuarantinedEvent.site == site, ending)
        first_dropped = select(QuarantinedEvent.key).where(*of_kind).order_by(QuarantinedEvent.key.desc())
        last = session.scalar(first_dropped.offset(UNCLAIMED_ROWS).limit(1))
        if last is None:
            continue
        too_many = (*of_kind, QuarantinedEvent.key <= last)
        count = session.scalar(select(func.count()).select_from(QuarantinedEvent).where(*too_many)) or 0
        session.execute(delete(QuarantinedEvent).where(*too_many))
        dropped = session.get(DiscardedEvents, (site, kind)) or DiscardedEvents(site=site, kind=kind, count=0)
        dropped.count += count
        session.add(dropped)
        _log.warning(
            "site %s: %d messages '%s' kept aside were dropped (%d until now), for no more than %d are kept; "
            "add the site to a community, or find out what sends them",
            *(site, count, kind, dropped.count, UNCLAIMED_ROWS),
        )


def insert(session: Session, table: type[Base], values: dict[str, Any]) -> bool:
    """Insert a row unless it is there; whether it was new."""
    statement = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    core = table.__table__
    added = statement(core).values(**values).on_conflict_do_nothing().returning(core.c.key)  # type: ignore[arg-type]
    return session.execute(added).first() is not None
