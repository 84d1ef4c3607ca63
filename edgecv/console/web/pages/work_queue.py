"""The worker's pages, for a phone: their own cases, and one of them with where to go and what to look for."""

from __future__ import annotations

import time

from sqlalchemy import select
from sqlalchemy.orm import defer
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from edgecv.console.accounts import Capability
from edgecv.console.cases.deadlines import is_overdue
from edgecv.console.cases.log import history
from edgecv.console.cases.state_machine import State
from edgecv.console.settings import PAGE_ROWS
from edgecv.console.storage.schema import Incident
from edgecv.console.web.pages.incident import RejectedChange, facts, incident_for
from edgecv.console.web.request_context import console_of, needs, render, viewer_of


@needs(Capability.SEE_OWN)
def show_all(request: Request) -> Response:
    """Their cases: those to go to first, the most urgent on top."""
    console, viewer = console_of(request), viewer_of(request)
    mine = select(Incident).options(defer(Incident.record, raiseload=True)).where(Incident.assignee_id == viewer.user)
    with console.database.session(viewer.scope) as session:
        to_do = session.scalars(
            mine.where(Incident.state == State.ASSIGNED.value).order_by(Incident.due_s, Incident.key)
        ).all()
        closed = session.scalars(
            mine.where(Incident.state != State.ASSIGNED.value).order_by(Incident.state_s.desc()).limit(PAGE_ROWS)
        ).all()
    now = time.time()
    late = {incident.key for incident in to_do if is_overdue(incident, now)}
    return render(request, "work.html", to_do=to_do, done=closed, late=late, problems=console.problems())


@needs(Capability.SEE_OWN)
def show_one(request: Request) -> Response:
    """One case."""
    return page(request)


def page(request: Request, status: int = 200, *, rejected: RejectedChange | None = None) -> Response:
    """The page of one case, also after a form that was refused."""
    console, viewer = console_of(request), viewer_of(request)
    with console.database.session(viewer.scope) as session:
        incident = incident_for(session, request)
        lines = history(session, incident)
    assigned = [line for line in lines if line.after is State.ASSIGNED]
    return render(
        request,
        "work_case.html",
        status,
        **facts(request, incident),
        lines=lines,
        sent=assigned[-1] if assigned else None,
        rejected=rejected,
        overdue=is_overdue(incident, time.time()),
    )


routes = [Route("/work", show_all), Route("/work/{incident}", show_one)]
