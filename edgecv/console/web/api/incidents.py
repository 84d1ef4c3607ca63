"""Incidents over the API."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query, Request

from edgecv.console.cases.listing import Filters, Place, find_incident, list_incidents
from edgecv.console.cases.state_machine import State
from edgecv.console.settings import API_ROWS, PAGE_ROWS
from edgecv.console.web.alarm_view import shown_record
from edgecv.console.web.api.models import IncidentDetail, IncidentPage, IncidentSummary, Problem
from edgecv.console.web.page_safety import showable
from edgecv.console.web.request_context import console_of, viewer_of

router = APIRouter(tags=["incidents"])
_GUARD: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "path or query is too long, or holds a NUL"},
    401: {"model": Problem, "description": "not logged in"},
    421: {"model": Problem, "description": "asked for another host"},
}
_NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"model": Problem, "description": "there is none"}}
_Text = Annotated[str | None, Query(max_length=100, pattern=r"^[^\x00]*$")]


@router.get("/incidents", responses=_GUARD)
def incidents(
    request: Request,
    building: _Text = None,
    floor: Annotated[int | None, Query(ge=-100, le=1000)] = None,
    device: _Text = None,
    mass_class: _Text = None,
    kind: _Text = None,
    state: State | None = None,
    since_s: Annotated[float | None, Query(ge=0, le=1e11)] = None,
    until_s: Annotated[float | None, Query(ge=0, le=1e11)] = None,
    after: Annotated[str | None, Query(pattern=r"^[0-9]{1,12}(\.[0-9]{1,9})?_[0-9]{1,18}$")] = None,
    rows: Annotated[int, Query(ge=1, le=API_ROWS)] = PAGE_ROWS,
) -> IncidentPage:
    """A page of incidents, newest first."""
    filters = Filters(building, floor, device, mass_class, kind, state, since_s, until_s)
    place = None if after is None else Place.read(after)
    with console_of(request).database.session(viewer_of(request).scope) as session:
        page = list_incidents(session, filters, rows, place)
    return IncidentPage(
        incidents=[IncidentSummary.model_validate(incident) for incident in page.incidents],
        following=None if page.following is None else str(page.following),
    )


@router.get("/incidents/{incident:path}", responses=_GUARD | _NOT_FOUND)
def one_incident(
    request: Request, incident: Annotated[str, Path(min_length=1, max_length=64, pattern=r"^[^\x00]+$")]
) -> IncidentDetail:
    """One incident with its record; of medical alarms ids and times only, as on the pages."""
    with console_of(request).database.session(viewer_of(request).scope) as session:
        incident_row = find_incident(session, incident)
    if incident_row is None:
        raise HTTPException(404, "there is no such incident")
    record, problem = showable(incident_row.record, partial(shown_record, incident_row.kind))
    summary = IncidentSummary.model_validate(incident_row)
    return IncidentDetail(**summary.model_dump(), record=record, problem=problem)
