"""Whoever opens, exports or prints evidence is written down first: who, when, what, why."""

from __future__ import annotations

import time
from typing import Literal

from sqlalchemy.orm import Session

from edgecv.console.accounts import Viewer
from edgecv.console.storage.schema import AccessEntry, Incident

Action = Literal["view", "export", "print"]


def note_access(session: Session, viewer: Viewer, incident: Incident, action: Action, what: str, why: str) -> None:
    """Add a line to the access log, in the caller's transaction; commit it before showing anything."""
    session.add(
        AccessEntry(
            community_id=viewer.community,
            incident_key=incident.key,
            at_s=time.time(),
            user_id=viewer.user,
            action=action,
            what=what,
            why=why.strip()[:1000],
        )
    )
