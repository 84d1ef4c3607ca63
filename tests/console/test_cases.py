"""A case goes its way: new, judged, assigned, investigated, closed; and every step is written down."""

from __future__ import annotations

from itertools import pairwise

import pytest
from console.conftest import Office, arrival_of
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from edgecv.console.accounts import Capability, Role, Viewer
from edgecv.console.accounts.roles import capabilities
from edgecv.console.cases.changes import RefusedError, change_case, workers
from edgecv.console.cases.state_machine import State, change, next_states
from edgecv.console.storage import EVERYTHING
from edgecv.console.storage.schema import CaseEntry, Community, Incident

WAY = (State.NEW, State.CONFIRMED, State.ASSIGNED, State.INVESTIGATED, State.CLOSED)


def test_the_usual_way_leads_from_new_to_closed() -> None:
    assert all(change(before, after) is not None for before, after in pairwise(WAY))
    assert change(State.NEW, State.FALSE_ALARM) is not None


def test_no_step_of_the_usual_way_can_be_left_out() -> None:
    for start, before in enumerate(WAY):
        for after in WAY[start + 2 :]:
            assert change(before, after) is None, (before, after)


@given(st.lists(st.sampled_from(list(State)), max_size=12))
def test_no_case_gets_stuck_and_none_becomes_new_again(wishes: list[State]) -> None:
    state = State.NEW
    for wish in wishes:
        if change(state, wish) is not None:
            state = wish
        assert next_states(state), "there is always a way on"
        assert State.NEW not in next_states(state)


def test_a_false_alarm_needs_a_reason_and_a_worker_a_name() -> None:
    for before in State:
        false_alarm, assigned = change(before, State.FALSE_ALARM), change(before, State.ASSIGNED)
        assert false_alarm is None or false_alarm.note
        assert assigned is None or assigned.assignee


def test_only_those_who_judge_can_judge() -> None:
    judging = {role for role in Role if Capability.JUDGE in capabilities(role)}
    assert judging == {Role.OFFICIAL, Role.ADMIN}


def _viewer(office: Office, name: str, user: int, role: Role) -> Viewer:
    with office.database.session(EVERYTHING) as session:
        community = session.scalars(select(Community).where(Community.name == "jialing")).one()
    return Viewer(user, name, name, role, community.key, community.title, "")


def test_a_case_through_to_its_end(office: Office) -> None:
    office.take(arrival_of("a"))
    worker = _viewer(office, "wang", office.add("wang", Role.WORKER), Role.WORKER)
    official = _viewer(office, "li", office.add("li"), Role.OFFICIAL)
    steps = [
        (official, WAY[0], WAY[1], {}),
        (official, WAY[1], WAY[2], {"assignee": worker.user, "due_s": 2e9}),
        (worker, WAY[2], WAY[3], {"note": "a flower pot from 8-02"}),
        (official, WAY[3], WAY[4], {}),
    ]
    for who, before, after, more in steps:
        with office.database.session(who.scope, writes=True) as session:
            changed = change_case(session, who, 1, before, after, **more)  # type: ignore[arg-type]
            assert (changed.state, changed.assignee_id) == (after, worker.user if after in WAY[2:] else None)
    with office.database.session(official.scope) as session:
        log = session.scalars(select(CaseEntry).order_by(CaseEntry.key)).all()
        assert [worker.user] == [user.key for user in workers(session, official.community)]
    assert [(entry.user_id, entry.from_state, entry.to_state) for entry in log] == [
        (who.user, before, after) for who, before, after, _ in steps
    ]
    assert log[2].note == "a flower pot from 8-02"


@pytest.mark.parametrize(
    ("role", "before", "after", "more", "why"),
    [
        (Role.VIEWER, State.NEW, State.CONFIRMED, {}, "forbidden"),
        (Role.WORKER, State.NEW, State.CONFIRMED, {}, "forbidden"),
        (Role.OFFICIAL, State.NEW, State.CLOSED, {}, "no_such_change"),
        (Role.OFFICIAL, State.NEW, State.FALSE_ALARM, {"note": "  "}, "note"),
        (Role.OFFICIAL, State.CONFIRMED, State.ASSIGNED, {}, "assignee"),
        (Role.OFFICIAL, State.CONFIRMED, State.ASSIGNED, {"assignee": 1}, "assignee"),  # an official, not a worker
        (Role.OFFICIAL, State.ASSIGNED, State.INVESTIGATED, {"note": "x"}, "meanwhile"),
    ],
)
def test_what_is_not_allowed_changes_nothing(office, role, before, after, more, why) -> None:  # type: ignore[no-untyped-def]
    office.take(arrival_of("a"))
    viewer = _viewer(office, "who", 1, role)
    with (
        pytest.raises(RefusedError, match=f"^{why}$"),
        office.database.session(viewer.scope, writes=True) as session,
    ):
        change_case(session, viewer, 1, before, after, **more)
    with office.database.session(viewer.scope) as session:
        assert session.scalars(select(CaseEntry)).all() == []
    with office.database.session(EVERYTHING) as session:
        assert session.scalars(select(Incident.state)).one() == "new"


def test_a_worker_cannot_touch_anothers_case(office: Office) -> None:
    office.take(arrival_of("a"))
    worker = _viewer(office, "wang", office.add("wang", Role.WORKER), Role.WORKER)
    with pytest.raises(RefusedError, match="missing"), office.database.session(worker.scope, writes=True) as session:
        change_case(session, worker, 1, State.ASSIGNED, State.INVESTIGATED, note="x")
