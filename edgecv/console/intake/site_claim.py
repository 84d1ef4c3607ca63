"""Taking in what was kept aside, once its site belongs to a community or a newer edgecv understands it."""

from __future__ import annotations

import time

from sqlalchemy import select
from sqlalchemy.orm import Session

from edgecv.console.intake.event_ingest import is_of_database, owners_of, reason_of, store
from edgecv.console.intake.events import read_arrival
from edgecv.console.settings import CLAIM_BATCH
from edgecv.console.storage import EVERYTHING, ConsoleDatabase
from edgecv.console.storage.schema import QuarantinedEvent


def claim(database: ConsoleDatabase, site: str) -> int:
    """Take in what was kept aside of a site; what still does not hold stays where it is.

    Args:
        database: the console's.
        site: belongs to a community.

    Returns:
        How many were taken in.
    """
    stored, after = 0, 0
    while keys := _batch(database, site, after):
        with database.session(EVERYTHING, writes=True) as session:
            owners = owners_of(session)
            for row in session.scalars(
                select(QuarantinedEvent).where(QuarantinedEvent.key.in_(keys)).order_by(QuarantinedEvent.key)
            ):
                stored += _take_in(session, owners, row)
        after = keys[-1]
    return stored


def _batch(database: ConsoleDatabase, site: str, after: int) -> list[int]:
    with database.session(EVERYTHING) as session:
        keys = select(QuarantinedEvent.key).where(QuarantinedEvent.site == site, QuarantinedEvent.key > after)
        return list(session.scalars(keys.order_by(QuarantinedEvent.key).limit(CLAIM_BATCH)))


def _take_in(session: Session, owners: dict[str, int], row: QuarantinedEvent) -> bool:
    _, _, site, device, kind = row.topic.split("/", 4)
    arrival = read_arrival(site, device, kind, row.event, min(row.at_s, time.time()))
    if arrival.kind is None or site not in owners:
        return False
    try:
        with session.begin_nested():
            store(session, owners, arrival)
    except Exception as error:
        if is_of_database(error):
            raise
        row.reason = reason_of(error)
        return False
    session.delete(row)
    return True
