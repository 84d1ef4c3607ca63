"""On a hub: keeping evidence beyond its time, and letting it age again; who and why is written down."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from edgecv.console.accounts import Capability
from edgecv.console.evidence.hub_retention import EvidenceDeletedError
from edgecv.console.web.addresses import incident_path
from edgecv.console.web.pages.incident import incident_for, page
from edgecv.console.web.request_context import console_of, needs, viewer_of


async def hold(request: Request) -> Response:
    """Put on hold, or release, as the form says."""
    form = await request.form()
    request.state.why, request.state.hold = str(form.get("why", "")).strip(), form.get("hold") == "yes"
    return await run_in_threadpool(_hold, request)


@needs(Capability.OPEN_EVIDENCE)
def _hold(request: Request) -> Response:
    console, viewer = console_of(request), viewer_of(request)
    if console.keeping is None:
        raise HTTPException(404)  # on a box: edgecv incidents hold
    if not request.state.why:
        return page(request, 422, why_missing=True)
    change = console.keeping.hold if request.state.hold else console.keeping.release
    try:
        with console.database.session(viewer.scope, writes=True) as session:
            incident = incident_for(session, request)
            change(session, viewer, incident, request.state.why)
    except EvidenceDeletedError:
        return page(request, 409)  # which says that it was deleted
    return RedirectResponse(incident_path(incident.id), 303)


routes = [Route("/incidents/{incident}/hold", hold, methods=["POST"])]
