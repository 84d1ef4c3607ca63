"""One community never sees another's: whatever is asked."""

from __future__ import annotations

import pytest
from console.conftest import arrival_of
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.orm import aliased

from edgecv.console.accounts.roles import Role
from edgecv.console.accounts.users import add_user, find_community
from edgecv.console.intake.event_ingest import receive
from edgecv.console.storage import EVERYTHING, ConsoleDatabase, Scope
from edgecv.console.storage.schema import Base, CaseEntry, Community, CommunityOwned, Incident, User
from edgecv.console.storage.scope import ScopeError


@pytest.fixture
def two(database: ConsoleDatabase) -> tuple[ConsoleDatabase, int, int]:
    """An incident in each community; with their keys."""
    receive(database, [arrival_of("ours"), arrival_of("theirs", site="riverside-1")])
    with database.session(EVERYTHING) as session:
        keys = {c.name: c.key for c in session.scalars(select(Community))}
    return database, keys["jialing"], keys["riverside"]


def test_every_way_to_ask_gives_the_own_community_only(two: tuple[ConsoleDatabase, int, int]) -> None:
    database, ours, theirs = two
    with database.session(EVERYTHING) as session:
        foreign = session.scalar(select(Incident.key).where(Incident.community_id == theirs))
    with database.session(Scope(ours)) as session:
        assert session.scalars(select(Incident.id)).all() == ["ours"]
        assert session.scalar(select(func.count()).select_from(Incident)) == 1
        assert session.get(Incident, foreign) is None
        assert session.scalars(select(Incident).where(Incident.community_id == theirs)).all() == []
        assert session.scalars(select(Incident.id).where((Incident.id == "theirs") | (Incident.id != ""))).all() == [
            "ours"
        ]
        other = aliased(Incident)
        assert session.scalars(select(other.id)).all() == ["ours"]
        pairs = session.execute(select(Incident.id, other.id).join(other, Incident.key != other.key)).all()
        assert pairs == []
        inner = select(Incident.key).scalar_subquery()
        assert session.scalars(select(Community.key).where(Community.key.in_(select(Incident.community_id)))).all() == [
            ours
        ]
        assert session.scalar(select(inner)) != foreign


def test_changes_reach_the_own_community_only(two: tuple[ConsoleDatabase, int, int]) -> None:
    database, ours, _ = two
    with database.session(Scope(ours), writes=True) as session:
        session.execute(update(Incident).values(hazard="changed"))
        session.execute(delete(Incident).where(Incident.id == "theirs"))
    with database.session(EVERYTHING) as session:
        assert dict(session.execute(select(Incident.id, Incident.hazard)).all()) == {"ours": "changed", "theirs": None}


def test_what_cannot_be_restricted_is_refused(two: tuple[ConsoleDatabase, int, int]) -> None:
    database, ours, theirs = two
    row = {"community_id": theirs, "name": "x"}
    for statement in (
        text("SELECT * FROM incidents"),
        select(Incident.__table__),
        insert(Base.metadata.tables["sites"]),
    ):
        with pytest.raises(ScopeError), database.session(Scope(ours), writes=True) as session:
            session.execute(statement, row if statement.is_insert else {})
    with pytest.raises(ScopeError), database.session(Scope(ours), writes=True) as session:
        session.add(
            CaseEntry(community_id=theirs, incident_key=1, at_s=0, user_id=1, from_state="", to_state="", note="")
        )


def test_a_worker_sees_their_own_cases_and_the_log_of_those(two: tuple[ConsoleDatabase, int, int]) -> None:
    database, ours, _ = two
    receive(database, [arrival_of("mine")])
    with database.session(EVERYTHING, writes=True) as session:
        worker = add_user(
            session, "wang", "correct horse battery", Role.WORKER, find_community(session, "jialing"), by="test"
        )
        session.execute(update(Incident).where(Incident.id == "mine").values(assignee_id=worker.key))
        for incident in session.scalars(select(Incident).where(Incident.community_id == ours)).all():
            entry = {"at_s": 0.0, "user_id": worker.key, "from_state": "new", "to_state": "confirmed"}
            session.add(CaseEntry(community_id=ours, incident_key=incident.key, note=incident.id, **entry))
        key = worker.key
    with database.session(Scope(ours, assignee=key)) as session:
        assert session.scalars(select(Incident.id)).all() == ["mine"]
        assert session.scalars(select(CaseEntry.note)).all() == ["mine"]


def test_every_table_with_a_community_is_guarded() -> None:
    outside = {"memberships", "sessions", "audit_log"}  # of accounts: asked with EVERYTHING, never shown as they are
    for mapper in Base.registry.mappers:
        if "community_id" in mapper.columns and mapper.class_.__tablename__ not in outside:
            assert issubclass(mapper.class_, CommunityOwned), mapper.class_


def test_logs_cannot_be_rewritten(two: tuple[ConsoleDatabase, int, int]) -> None:
    database, _, _ = two
    with database.session(EVERYTHING, writes=True) as session:
        add_user(session, "wang", "correct horse battery", Role.WORKER, find_community(session, "jialing"), by="test")
    for statement in ("UPDATE audit_log SET what = 'nothing'", "DELETE FROM audit_log"):
        with pytest.raises(Exception, match="append-only"), database.session(EVERYTHING, writes=True) as session:
            session.execute(text(statement))
    with database.session(EVERYTHING) as session:
        assert session.scalar(select(func.count()).select_from(User)) == 1
