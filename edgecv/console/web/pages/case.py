"""Changing a case: judged, sent, found, closed. Each form says which state it was made for."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from edgecv.console.accounts import Capability
from edgecv.console.cases.changes import RefusedError, change_case
from edgecv.console.cases.deadlines import end_of_day
from edgecv.console.cases.state_machine import State
from edgecv.console.web.addresses import incident_path, part, read_part
from edgecv.console.web.pages import work_queue
from edgecv.console.web.pages.incident import RejectedChange, incident_for, page
from edgecv.console.web.request_context import console_of, viewer_of

_STATUS = {"missing": 404, "forbidden": 403, "meanwhile": 409}


async def change(request: Request) -> Response:
    """Carry out what a form asks for."""
    form = await request.form()
    fields = {name: str(form.get(name, "")) for name in ("before", "after", "seen", "note", "assignee", "due")}
    return await run_in_threadpool(_change, request, fields)


def _change(request: Request, fields: dict[str, str]) -> Response:
    console, viewer = console_of(request), viewer_of(request)
    incident_id = read_part(request.path_params["incident"])
    worker = not viewer.may(Capability.SEE_ALL)
    try:
        before, after = State(fields["before"]), State(fields["after"])
        seen_s = float(fields["seen"])
        assignee = int(fields["assignee"]) if fields["assignee"].isascii() and fields["assignee"].isdigit() else None
    except ValueError:
        return _again(request, fields, "no_such_change", worker=worker)
    try:
        with console.database.session(viewer.scope, writes=True) as session:
            incident = incident_for(session, request)
            change_case(
                session,
                viewer,
                incident.key,
                before,
                after,
                note=fields["note"],
                assignee=assignee if assignee is None or assignee < 2**62 else None,
                due_s=end_of_day(fields["due"], console.timezone) if after is State.ASSIGNED else None,
                seen_s=seen_s,
            )
    except RefusedError as error:
        return _again(request, fields, error.reason, worker=worker)
    if console.box is not None:
        console.box.changed(incident_id, before, after)
    console.live.tell({(viewer.community, "incident")})
    return RedirectResponse(f"/work/{part(incident_id)}" if worker else f"{incident_path(incident_id)}#case", 303)


def _again(request: Request, fields: dict[str, str], reason: str, *, worker: bool) -> Response:
    rejected = RejectedChange(reason, fields["after"], fields["note"], fields["assignee"])
    status = _STATUS.get(reason, 422)
    return work_queue.page(request, status, rejected=rejected) if worker else page(request, status, rejected=rejected)


routes = [Route("/incidents/{incident}/case", change, methods=["POST"])]
