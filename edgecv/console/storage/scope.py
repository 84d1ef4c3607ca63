"""What a session may see: one community, or for a worker only their own cases. Enforced here and nowhere else.

Every ORM statement of a scoped session, whatever it selects, joins, updates or deletes, gets the community's condition
added to every table that is :class:`~edgecv.console.storage.schema.CommunityOwned`; statements that cannot be given one
(plain SQL, Core) are refused; and rows of another community cannot be written.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event, select
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction, with_loader_criteria

from edgecv.console.storage.schema import AssigneeSeen, CommunityOwned, Incident

SCOPE = "scope"


@dataclass(frozen=True, slots=True)
class Scope:
    """What may be seen.

    Attributes:
        community: key of the only community; None for everything.
        assignee: key of the user whose cases alone may be seen; None for all cases.
    """

    community: int | None
    assignee: int | None = None


EVERYTHING = Scope(None)
"""For feeds, accounts and maintenance. Never for what a page shows."""


class ScopeError(Exception):
    """A programming error: something asked for more than its scope allows."""


class ScopedSession(Session):
    """A session that knows its scope (``info['scope']``) and cannot leave it."""


@event.listens_for(ScopedSession, "do_orm_execute")
def _restrict(state: ORMExecuteState) -> None:
    scope: Scope = state.session.info[SCOPE]
    if scope.community is None:
        return
    if not state.is_orm_statement:
        raise ScopeError("a scoped session runs ORM statements only")
    if state.is_insert:
        raise ScopeError("a scoped session inserts by add(), where it can be checked")
    options = [with_loader_criteria(CommunityOwned, _of_community(scope.community), include_aliases=True)]
    if scope.assignee is not None:
        options.append(with_loader_criteria(Incident, _of_assignee(scope.assignee), include_aliases=True))
        options.append(with_loader_criteria(AssigneeSeen, _of_incidents_of(scope.assignee), include_aliases=True))
    state.statement = state.statement.options(*options)


def _of_community(community: int) -> Callable[[type[CommunityOwned]], Any]:
    return lambda table: table.community_id == community


def _of_assignee(assignee: int) -> Callable[[type[Incident]], Any]:
    return lambda table: table.assignee_id == assignee


def _of_incidents_of(assignee: int) -> Callable[[type[AssigneeSeen]], Any]:
    return lambda table: table.incident_key.in_(
        select(Incident.__table__.c.key).where(Incident.__table__.c.assignee_id == assignee)
    )


@event.listens_for(ScopedSession, "before_flush")
def _refuse_others(session: Session, _context: UOWTransaction, _instances: Any) -> None:
    scope: Scope = session.info[SCOPE]
    if scope.community is None:
        return
    for row in (*session.new, *session.dirty, *session.deleted):
        if isinstance(row, CommunityOwned) and row.community_id != scope.community:
            raise ScopeError(f"a row of {row.__tablename__} belongs to another community")
