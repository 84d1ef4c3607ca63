"""Whoever opens, exports or prints evidence is written down first: who, when, what, why."""

from __future__ import annotations

import time
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from edgecv.console.accounts import Viewer
from edgecv.console.cases.free_text import plain
from edgecv.console.settings import OPENING_S
from edgecv.console.storage.schema import AccessEntry, Incident, User

Action = Literal["view", "export", "print"]


def note_access(
    session: Session, viewer: Viewer, incident: Incident, action: Action, subject: str, reason: str
) -> AccessEntry:
    """Add a line to the access log, in the caller's transaction; commit it before showing anything."""
    entry = AccessEntry(
        community_id=viewer.community,
        incident_key=incident.key,
        at_s=time.time(),
        user_id=viewer.user,
        action=action,
        what=subject,
        why=plain(reason),
    )
    session.add(entry)
    session.flush()
    return entry


def still_open(session: Session, viewer: Viewer, incident: Incident, key: int, action: Action) -> AccessEntry | None:
    """The line of the log under which the viewer opened it a short while ago; None where there is none.

    A reason stands for its own user and incident, for a quarter of an hour.
    """
    return session.scalar(
        select(AccessEntry).where(
            AccessEntry.key == key,
            AccessEntry.incident_key == incident.key,
            AccessEntry.user_id == viewer.user,
            AccessEntry.action == action,
            AccessEntry.at_s > time.time() - OPENING_S,
        )
    )


def accesses(session: Session, incident: Incident) -> list[tuple[AccessEntry, User]]:
    """Who opened, exported or printed it, the newest first."""
    rows = session.execute(
        select(AccessEntry, User)
        .join(User, User.key == AccessEntry.user_id)
        .where(AccessEntry.incident_key == incident.key)
        .order_by(AccessEntry.key.desc())
        .limit(100)
    )
    return [(entry, user) for entry, user in rows]
