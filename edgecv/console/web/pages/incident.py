"""One incident: what is known of it, the excluded floors as plainly as the likely one, its pictures and its case."""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from markupsafe import Markup
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Route

from edgecv.console.accounts import Capability
from edgecv.console.cases.changes import workers
from edgecv.console.cases.deadlines import is_overdue
from edgecv.console.cases.listing import find_incident
from edgecv.console.cases.log import history
from edgecv.console.cases.state_machine import State, change, next_states
from edgecv.console.evidence.access import accesses
from edgecv.console.evidence.box_store import RetentionState
from edgecv.console.evidence.bundle import Bundle, read_bundle
from edgecv.console.evidence.evidence_paths import PICTURES
from edgecv.console.evidence.height_curves import heights_of
from edgecv.console.evidence.track_overlay import Drawing, Place, drawing_of, places
from edgecv.console.settings import DUE_S
from edgecv.console.storage.schema import Incident
from edgecv.console.web.addresses import incident_path, part, read_part
from edgecv.console.web.alarm_view import alarm_of
from edgecv.console.web.expensive_requests import heavy
from edgecv.console.web.language import Language
from edgecv.console.web.page_safety import showable
from edgecv.console.web.plot_texts import PLOT_TEXTS, plot_text
from edgecv.console.web.request_context import Console, console_of, language, needs, render, viewer_of
from edgecv.console.web.size_view import light_of, weight_and_size
from edgecv.console.web.ui_texts import floor_ranges
from edgecv.evidence.height_time_plot import height_time_plot
from edgecv.evidence.manifest import UNTOUCHED, blurred_name

_CANDIDATES_SHOWN = 5
_RANGES_SHOWN = 100  # of excluded floors
_ABOVE_GROUND, _ABOVE_LAST = PLOT_TEXTS[:2]


@dataclass(frozen=True, slots=True)
class RejectedChange:
    """What the form said that was refused: why, and what is written into it again."""

    reason: str
    after: str = ""
    note: str = ""
    assignee: str = ""


def show(request: Request) -> Response:
    """The page; a worker gets their own."""
    if not viewer_of(request).may(Capability.SEE_ALL):
        return RedirectResponse(f"/work/{part(read_part(request.path_params['incident']))}", 303)
    return page(request)


def page(
    request: Request, status: int = 200, *, rejected: RejectedChange | None = None, why_missing: bool = False
) -> Response:
    """The page, also after a form that was refused."""
    console, viewer = console_of(request), viewer_of(request)
    with console.database.session(viewer.scope) as session:
        incident = incident_for(session, request)
        lines = history(session, incident)
        opened = accesses(session, incident) if viewer.may(Capability.OPEN_EVIDENCE) else []
        sendable = workers(session, viewer.community)
    now = time.time()
    return render(
        request,
        "incident.html" if incident.kind == "thrown_object" else "alarm.html",
        status,
        **facts(request, incident),
        lines=lines,
        opened=opened,
        workers=sendable,
        changes=[
            (after, rule)
            for after in next_states(State(incident.state))
            if (rule := change(State(incident.state), after)) is not None and viewer.may(rule.needs)
        ],
        rejected=rejected,
        why_missing=why_missing,
        overdue=is_overdue(incident, now),
        due_day=datetime.fromtimestamp(now + DUE_S["assigned"], console.timezone).date().isoformat(),
        now=now,
    )


def facts(request: Request, incident: Incident) -> dict[str, Any]:
    """What every page of an incident shows: its record, its pictures and what is drawn over them."""
    console = console_of(request)
    bundle = read_bundle(console.shelf.folder(incident.site, incident.source_id))
    files = console.shelf.files(incident.site, incident.source_id)
    facts_of_record, problem = showable(
        incident.record, lambda record: _of_record(record, incident, bundle, language(request))
    )
    return {
        "incident": incident,
        "unreadable": problem,
        **facts_of_record,
        "files": files,
        "has_untouched": bool(set(files) & set(UNTOUCHED)),
        "has_clip": bundle is not None and bundle.clip is not None and facts_of_record["drawing"] is not None,
        "clip_name": None if bundle is None or bundle.clip is None else bundle.clip.name,
        "pictures": [name for name in PICTURES if _can_be_made(name, bundle)],
        "retention": _retention_of(console, incident),
        "may_hold": console.keeping is not None,
    }


def _of_record(record: dict[str, Any], incident: Incident, bundle: Bundle | None, spoken: Language) -> dict[str, Any]:
    """What is read out of a record."""
    drawing = drawing_of(record, bundle)
    origin = _section(record, "origin")
    return {
        "alarm": alarm_of(incident.kind, incident.text, record, spoken),
        "origin": origin,
        "mass": mass_of(record),
        "light": light_of(record, spoken),
        "motion": _section(record, "motion"),
        "candidates": places(record, bundle)[:_CANDIDATES_SHOWN],
        "excluded": named_ranges(origin, bundle),
        "drawing": drawing,
        "drawing_json": None if drawing is None else drawing_json(drawing),
        "plot": plot_of(record, bundle, spoken),
    }


def _retention_of(console: Console, incident: Incident) -> RetentionState | None:
    if console.keeping is not None:
        return console.keeping.retention_of(incident)
    return None if console.box is None else console.box.retention_of(incident.source_id)


def incident_for(session: Session, request: Request) -> Incident:
    """The incident of the address, if it is in the viewer's scope.

    Raises:
        HTTPException: 404 where it is not.
    """
    incident = find_incident(session, read_part(request.path_params["incident"]))
    if incident is None:
        raise HTTPException(404)
    return incident


def mass_of(record: dict[str, Any]) -> dict[str, Any]:
    """How heavy it was, as far as the record says it in the contract's form: other makers write other things."""
    section = _section(record, "mass")
    mass: dict[str, Any] = {}
    for name in ("words", "hazard", "assumed", "reason"):
        if _is_text(section, name):
            mass |= {name: section[name], f"{name}_code": section.get(f"{name}_code")}
    for name in ("kg", "diameter_m", "terminal_velocity", "impact_energy_j"):
        interval = _section(section, name)
        if all(_is_number(interval.get(key)) for key in ("median", "low", "high")):
            mass[name] = interval
    mass["weight_and_size"] = weight_and_size(section)
    mass["p"] = {name: p for name, p in _section(section, "p").items() if _is_number(p)}
    things = section.get("things")
    mass["things"] = [
        thing
        for thing in (things if isinstance(things, list) else [])
        if isinstance(thing, dict) and _is_text(thing, "name") and _is_number(thing.get("p"))
    ]
    return mass


def named_ranges(origin: dict[str, Any], bundle: Bundle | None) -> list[tuple[str, str, int]]:
    """Excluded floors as runs: what the first and the last are called, and how many they are."""
    listed = origin.get("excluded_floors")
    floors = [floor for floor in (listed if isinstance(listed, list) else []) if type(floor) is int]
    names: tuple[str, ...] = ()
    if bundle is not None and bundle.view is not None:
        names = bundle.view.face(origin.get("facade"))[0].floor_names

    def called(floor: int) -> str:
        return names[floor - 1] if 1 <= floor <= len(names) else str(floor)

    return [(called(first), called(last), last - first + 1) for first, last in floor_ranges(floors)[:_RANGES_SHOWN]]


def plot_of(record: dict[str, Any], bundle: Bundle | None, spoken: Language) -> Markup | None:
    """Height over time as SVG; None where the record does not allow it."""
    view = None if bundle is None else bundle.view
    height = None if bundle is None or bundle.size is None else bundle.size[1]
    curves = heights_of(record, view, height)
    if curves is None:
        return None
    label = _ABOVE_GROUND if curves.above_ground else _ABOVE_LAST
    # every text in it is escaped by the plot itself
    words = partial(plot_text, translate=spoken.text)
    return Markup(height_time_plot(curves.seen, curves.fall, curves.vacuum, label, text=words))


def drawing_json(drawing: Drawing) -> str:
    """What the player's script draws."""
    return json.dumps(
        {
            "size": drawing.size,
            "track": drawing.track,
            "pixel": drawing.pixel,
            "likely": _frame(drawing.likely),
            "runnerUp": _frame(drawing.runner_up),
            "clipStart": drawing.clip_start_s,
        }
    )


def _frame(place: Place | None) -> Any:
    return None if place is None else place.outline


def _can_be_made(name: str, bundle: Bundle | None) -> bool:
    if bundle is None or bundle.size is None:
        return False
    if name == "still.jpg" and (bundle.clip is None or bundle.clip_start_s is None):
        return (bundle.folder / blurred_name(name)).is_file()
    return True


def _section(record: dict[str, Any], name: str) -> dict[str, Any]:
    section = record.get(name)
    return section if isinstance(section, dict) else {}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_text(section: dict[str, Any], name: str) -> bool:
    return isinstance(section.get(name), str)


def picture(request: Request) -> Response:
    """A blurred picture; for everybody who may see the incident."""
    name = request.path_params["name"]
    if name not in PICTURES:
        raise HTTPException(404)
    console, viewer = console_of(request), viewer_of(request)
    with console.database.session(viewer.scope) as session:
        incident = incident_for(session, request)
    path, _ = showable(
        incident.record,
        lambda record: console.pictures.of(incident.site, incident.source_id, record, name) if record else None,
    )
    if path is None:
        raise HTTPException(404)
    return FileResponse(path, media_type="image/jpeg")


@needs(Capability.SEE_ALL)
def verification(request: Request) -> Response:
    """Whether the evidence is what was sealed, as a fragment; a replay's result where one was asked for."""
    console, viewer = console_of(request), viewer_of(request)
    with console.database.session(viewer.scope) as session:
        incident = incident_for(session, request)
    if request.method == "POST":
        console.verifier.replay(incident.site, incident.source_id)
        return RedirectResponse(f"{incident_path(incident.id)}/verification", 303)
    return render(
        request,
        "verification.html",
        incident=incident,
        checked=console.verifier.check(incident.site, incident.source_id, incident.device),
        replayed=console.verifier.replayed(incident.site, incident.source_id),
        standalone="hx-request" not in request.headers,
    )


routes = [
    Route("/incidents/{incident}", show, methods=["GET"]),
    Route("/incidents/{incident}/pictures/{name}", picture, methods=["GET"]),
    Route("/incidents/{incident}/verification", heavy(verification), methods=["GET", "POST"]),
]
