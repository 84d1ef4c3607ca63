"""A case's history, for those who read it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from edgecv.console.cases.state_machine import State
from edgecv.console.storage.schema import CaseEntry, Incident, User


@dataclass(frozen=True, slots=True)
class Line:
    """One change: who, when, from what to what, and what they said."""

    at_s: float
    who: str
    before: State
    after: State
    note: str
    assignee: str | None


def history(session: Session, incident: Incident) -> list[Line]:
    """All changes of a case, the first first."""
    worker_row = aliased(User)
    rows = session.execute(
        select(CaseEntry, User, worker_row)
        .join(User, User.key == CaseEntry.user_id)
        .outerjoin(worker_row, worker_row.key == CaseEntry.assignee_id)
        .where(CaseEntry.incident_key == incident.key)
        .order_by(CaseEntry.key)
    )
    return [
        Line(
            entry.at_s,
            called(author),
            State(entry.from_state),
            State(entry.to_state),
            entry.note,
            None if worker is None else called(worker),
        )
        for entry, author, worker in rows
    ]


def called(user: User) -> str:
    """As people call them."""
    return user.full_name or user.name
