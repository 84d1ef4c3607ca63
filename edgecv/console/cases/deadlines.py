"""Until when a case must go on, and which are late."""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta
from datetime import time as clock
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from edgecv.console.cases.state_machine import State
from edgecv.console.settings import DUE_S, OVERDUE_COUNTED
from edgecv.console.storage.schema import Incident


def due_after(state: State, now_s: float) -> float | None:
    """When a case that enters a state now is due; None where nothing is left to do."""
    allowed_s = DUE_S.get(state.value)
    return None if allowed_s is None else now_s + allowed_s


def end_of_day(day: str, timezone: ZoneInfo) -> float | None:
    """The last moment of a day as a form gives it, seconds since 1970; None for what is no day."""
    try:
        following = date.fromisoformat(day) + timedelta(days=1)
        return datetime.combine(following, clock(), timezone).timestamp() - 1.0
    except (ValueError, OverflowError, OSError):
        return None


def is_overdue(incident: Incident, now_s: float) -> bool:
    """Whether it should have gone on by now."""
    return incident.due_s is not None and incident.due_s < now_s


def count_overdue(session: Session) -> int:
    """How many cases are late in the session's scope; at most one more than are counted."""
    late = select(Incident.key).where(Incident.due_s < time.time()).limit(OVERDUE_COUNTED + 1)
    return len(session.scalars(late).all())
