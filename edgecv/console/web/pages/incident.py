"""One incident: what is known of it, the excluded floors as plainly as the likely one, and its evidence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from edgecv.console.accounts import Capability
from edgecv.console.cases.listing import find_incident
from edgecv.console.evidence.access import note_access
from edgecv.console.evidence.shelf import PICTURES
from edgecv.console.storage.schema import Incident
from edgecv.console.web.site import console_of, needs, render, viewer_of

_CANDIDATES_SHOWN = 5


def show(request: Request) -> Response:
    """The page."""
    return _page(request)


def _page(request: Request, status: int = 200, *, why_missing: bool = False) -> Response:
    console, viewer = console_of(request), viewer_of(request)
    with console.database.session(viewer.scope) as session:
        incident = _known(session, request)
    files = console.shelf.files(incident.site, incident.id)
    pictures = [name for name in PICTURES if name in files] if viewer.may(Capability.OPEN_EVIDENCE) else []
    return render(
        request,
        "incident.html",
        status,
        incident=incident,
        record=incident.record,
        origin=incident.record.get("origin") or {},
        mass=incident.record.get("mass") or {},
        motion=incident.record.get("motion") or {},
        candidates=_likeliest(incident.record),
        files=files,
        pictures=pictures,
        why_missing=why_missing,
    )


@needs(Capability.OPEN_EVIDENCE)
def picture(request: Request) -> Response:
    """A picture of the incident. Written down; not blurred yet, so only for those who may open evidence."""
    name = request.path_params["name"]
    if name not in PICTURES:
        raise HTTPException(404)
    return FileResponse(_opened(request, name, "view", "incident page"))


@needs(Capability.OPEN_EVIDENCE)
def _hand_out(request: Request) -> Response:
    why = request.state.why
    if not why.strip():
        return _page(request, 422, why_missing=True)
    path = _opened(request, request.path_params["name"], "export", why)
    return FileResponse(path, filename=f"{request.path_params['incident']}-{path.name}")


async def evidence(request: Request) -> Response:
    """An untouched file of evidence, for those who may, with the reason written down."""
    request.state.why = str((await request.form()).get("why", ""))
    return await run_in_threadpool(_hand_out, request)


def _opened(request: Request, name: str, action: Any, why: str) -> Path:
    """A file, once its opening is written down."""
    console, viewer = console_of(request), viewer_of(request)
    with console.database.session(viewer.scope, writes=True) as session:
        incident = _known(session, request)
        path = console.shelf.file(incident.site, incident.id, name)
        if path is None:
            raise HTTPException(404)
        note_access(session, viewer, incident, action, name, why)
    return path


def _known(session: Session, request: Request) -> Incident:
    incident = find_incident(session, request.path_params["incident"])
    if incident is None:
        raise HTTPException(404)
    return incident


def _likeliest(record: dict[str, Any]) -> list[dict[str, Any]]:
    candidates = (record.get("origin") or {}).get("candidates") or []
    return sorted(candidates, key=lambda candidate: -float(candidate["p"]))[:_CANDIDATES_SHOWN]


routes = [
    Route("/incidents/{incident}", show, methods=["GET"]),
    Route("/incidents/{incident}/pictures/{name}", picture, methods=["GET"]),
    Route("/incidents/{incident}/evidence/{name}", evidence, methods=["POST"]),
]
