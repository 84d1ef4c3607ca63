"""Carrying out a change of a case: state and log line together or not at all."""

from __future__ import annotations

import time

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from edgecv.console.accounts import Role, Viewer
from edgecv.console.cases.deadlines import due_after
from edgecv.console.cases.free_text import plain
from edgecv.console.cases.state_machine import State, change
from edgecv.console.storage.schema import CaseEntry, Incident, Membership, User


class RefusedError(Exception):
    """A change that cannot be made.

    Attributes:
        reason: ``missing``, ``forbidden``, ``no_such_change``, ``note``, ``assignee``, or ``meanwhile``: somebody
            else was quicker.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def change_case(
    session: Session,
    viewer: Viewer,
    incident_key: int,
    before: State,
    after: State,
    *,
    note: str = "",
    assignee: int | None = None,
    due_s: float | None = None,
    seen_s: float | None = None,
) -> Incident:
    """Change the state of a case, with its line in the log; the incident as it is then.

    Args:
        session: in the viewer's scope, for writing.
        viewer: who does it.
        incident_key: the incident's.
        before: the state they saw; another one by now is refused.
        after: the new state.
        note: what they have to say.
        assignee: the worker who is sent, where the change names one.
        due_s: until when, seconds since 1970; by default as long as the new state may last.
        seen_s: when the state they saw was entered; a change since then, even back to it, is refused.

    Raises:
        RefusedError: it is not allowed, or incomplete.
    """
    rule = change(before, after)
    if rule is None:
        raise RefusedError("no_such_change")
    if not viewer.may(rule.needs):
        raise RefusedError("forbidden")
    note = plain(note)
    if rule.note and not note:
        raise RefusedError("note")
    if rule.assignee and (assignee is None or not _is_worker(session, viewer.community, assignee)):
        raise RefusedError("assignee")
    incident = session.scalar(select(Incident).where(Incident.key == incident_key))
    if incident is None:
        raise RefusedError("missing")
    now = time.time()
    new: dict[str, object] = {
        "state": after.value,
        "state_s": now,
        "due_s": due_after(after, now) if due_s is None else due_s,
        "reminded_s": None,
    }
    if rule.assignee:
        new["assignee_id"] = assignee
    elif after is State.CONFIRMED:
        new["assignee_id"] = None  # judged anew: whoever was sent has nothing to do with it now
    unchanged = [Incident.key == incident_key, Incident.state == before.value]
    if seen_s is not None:
        unchanged.append(Incident.state_s == seen_s)
    changed = session.execute(
        update(Incident)
        .where(*unchanged)
        .values(**new)
        .returning(Incident.key)
        .execution_options(synchronize_session=False)
    ).all()
    if not changed:
        raise RefusedError("meanwhile")
    session.add(
        CaseEntry(
            community_id=viewer.community,
            incident_key=incident_key,
            at_s=now,
            user_id=viewer.user,
            from_state=before.value,
            to_state=after.value,
            note=note,
            assignee_id=assignee if rule.assignee else None,
        )
    )
    session.flush()
    session.refresh(incident)
    return incident


def workers(session: Session, community: int) -> list[User]:
    """Those who can be sent."""
    return list(
        session.scalars(
            select(User)
            .join(Membership, Membership.user_id == User.key)
            .where(
                Membership.community_id == community,
                Membership.role == Role.WORKER.value,
                User.disabled.is_(False),
            )
            .order_by(User.full_name, User.name)
        )
    )


def _is_worker(session: Session, community: int, user: int) -> bool:
    return any(worker.key == user for worker in workers(session, community))
