"""Untouched evidence: seen, downloaded and printed only by those who may, each time with the reason written down."""

from __future__ import annotations

import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Route

from edgecv.console.accounts import Capability
from edgecv.console.cases.log import history
from edgecv.console.evidence.access import Action, note_access, still_open
from edgecv.console.evidence.evidence_paths import PICTURES
from edgecv.console.storage.schema import AccessEntry, Incident
from edgecv.console.web.addresses import incident_path
from edgecv.console.web.expensive_requests import heavy
from edgecv.console.web.pages.incident import facts, incident_for, page
from edgecv.console.web.request_context import console_of, needs, render, viewer_of
from edgecv.evidence.file_names import CLIPS
from edgecv.evidence.keys import BOX_PUB
from edgecv.messages import console as messages

ALL, HUB_PUB = "all.zip", "hub.pub"
_CLIP, _BLURRED, _UNTOUCHED = messages.CLIP_AND_PICTURES(), messages.BLURRED_PAGE(), messages.UNTOUCHED_PAGE()


async def open_original(request: Request) -> Response:
    """Write down why, then show the clip."""
    return await _with_reason(request, _open)


async def download_evidence(request: Request) -> Response:
    """A file, or all of them in one, as a download."""
    return await _with_reason(request, _hand_out)


async def ask_print(request: Request) -> Response:
    """Write down why, then show what is printed."""
    return await _with_reason(request, _print)


async def _with_reason(request: Request, answer: Any) -> Response:
    form = await request.form()
    request.state.why = str(form.get("why", ""))
    request.state.untouched = form.get("untouched") == "yes"
    return await run_in_threadpool(answer, request)


@needs(Capability.OPEN_EVIDENCE)
def _open(request: Request) -> Response:
    if not request.state.why.strip():
        return page(request, 422, why_missing=True)
    entry = _noted(request, "view", _CLIP)
    return RedirectResponse(f"/incidents/{request.path_params['incident']}/opened/{entry}", 303)


@needs(Capability.OPEN_EVIDENCE)
def _hand_out(request: Request) -> Response:
    if not request.state.why.strip():
        return page(request, 422, why_missing=True)
    console, viewer, name = console_of(request), viewer_of(request), request.path_params["name"]
    with console.database.session(viewer.scope) as session:
        incident = incident_for(session, request)
    names = console.shelf.files(incident.site, incident.source_id)
    if name not in (*names, ALL) or not names:
        raise HTTPException(404)
    _noted(request, "export", name)
    if name != ALL:
        path = console.shelf.file(incident.site, incident.source_id, name)
        if path is None:
            raise HTTPException(404)
        return FileResponse(path, filename=f"{incident.id}-{name}")
    packed = _packed(request, incident, names)
    return FileResponse(packed, filename=f"{incident.id}.zip", background=BackgroundTask(packed.unlink))


@needs(Capability.SEE_ALL)
def _print(request: Request) -> Response:
    if not request.state.why.strip():
        return page(request, 422, why_missing=True)
    untouched = request.state.untouched and viewer_of(request).may(Capability.OPEN_EVIDENCE)
    entry = _noted(request, "print", _UNTOUCHED if untouched else _BLURRED)
    return RedirectResponse(f"/incidents/{request.path_params['incident']}/printed/{entry}", 303)


@needs(Capability.OPEN_EVIDENCE)
def show_opened(request: Request) -> Response:
    """The untouched clip with the path drawn over it, for as long as the reason stands."""
    incident, entry = _opening(request, "view")
    if entry is None:
        return RedirectResponse(incident_path(incident.id), 303)
    return render(request, "opened.html", entry=entry, **facts(request, incident))


@needs(Capability.SEE_ALL)
def show_printed(request: Request) -> Response:
    """What is printed."""
    incident, entry = _opening(request, "print")
    if entry is None:
        return RedirectResponse(incident_path(incident.id), 303)
    console, viewer = console_of(request), viewer_of(request)
    with console.database.session(viewer.scope) as session:
        lines = history(session, incident)
    untouched = entry.what == _UNTOUCHED
    checked = console.verifier.check(incident.site, incident.source_id, incident.device)
    values = facts(request, incident)
    return render(request, "printed.html", entry=entry, untouched=untouched, lines=lines, checked=checked, **values)


@needs(Capability.OPEN_EVIDENCE)
def opened_file(request: Request) -> Response:
    """A file of an opening: the clip in parts, as players ask for it, or a picture."""
    action: Action = "print" if request.url.path.split("/")[3] == "printed" else "view"
    incident, entry = _opening(request, action)
    if entry is None or (action == "print" and entry.what != _UNTOUCHED):
        raise HTTPException(404)
    name = request.path_params["name"]
    path = console_of(request).shelf.file(incident.site, incident.source_id, name)
    if path is None or not (name in PICTURES or (action == "view" and name in CLIPS)):
        raise HTTPException(404)
    return FileResponse(path)


def _noted(request: Request, action: Action, subject: str) -> int:
    """The key of the new line in the log."""
    console, viewer = console_of(request), viewer_of(request)
    with console.database.session(viewer.scope, writes=True) as session:
        return note_access(session, viewer, incident_for(session, request), action, subject, request.state.why).key


def _opening(request: Request, action: Action) -> tuple[Incident, AccessEntry | None]:
    console, viewer = console_of(request), viewer_of(request)
    key = request.path_params["entry"]
    with console.database.session(viewer.scope) as session:
        incident = incident_for(session, request)
        return incident, still_open(session, viewer, incident, key, action) if key < 2**62 else None


def _packed(request: Request, incident: Incident, names: list[str]) -> Path:
    """All files in one ZIP, with the key to check them; not compressed again, for pictures are already."""
    shelf = console_of(request).shelf
    handle, archive_path = tempfile.mkstemp(suffix=".zip", prefix="edgecv-")
    packed = Path(archive_path)
    try:
        with os.fdopen(handle, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            for name in names:
                path = shelf.file(incident.site, incident.source_id, name)
                if path is not None:
                    archive.write(path, f"{incident.id}/{name}")
            key = console_of(request).verifier.key_of(incident.site, incident.source_id)
            if key is not None:
                archive.writestr(BOX_PUB, key.pem)
            keeping = console_of(request).keeping
            if keeping is not None:  # deletions on a hub are signed by the hub
                archive.writestr(HUB_PUB, keeping.public_pem)
    except OSError:
        packed.unlink(missing_ok=True)
        raise
    return packed


routes = [
    Route("/incidents/{incident}/open", open_original, methods=["POST"]),
    Route("/incidents/{incident}/print", ask_print, methods=["POST"]),
    Route("/incidents/{incident}/evidence/{name}", download_evidence, methods=["POST"]),
    Route("/incidents/{incident}/opened/{entry:int}", show_opened, methods=["GET"]),
    Route("/incidents/{incident}/opened/{entry:int}/{name}", opened_file, methods=["GET"]),
    Route("/incidents/{incident}/printed/{entry:int}", heavy(show_printed), methods=["GET"]),
    Route("/incidents/{incident}/printed/{entry:int}/{name}", opened_file, methods=["GET"]),
]
