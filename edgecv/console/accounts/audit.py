"""What was done to accounts and settings, written down."""

from __future__ import annotations

import time

from sqlalchemy.orm import Session

from edgecv.console.storage.schema import AuditEntry

COMMAND_LINE = "command line"


def audit(
    session: Session, by: str, action: str, subject: str = "", *, community: int | None = None, address: str = ""
) -> None:
    """Add a line to the audit log, in the caller's transaction. Never give it a password or token."""
    session.add(
        AuditEntry(at_s=time.time(), by=by, action=action, what=subject, community_id=community, address=address)
    )
