"""Cameras and other devices: how each is and was, and what it sees now."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sqlalchemy import select
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from edgecv.console.accounts import Capability
from edgecv.console.cameras.pictures import NoPictureError
from edgecv.console.cameras.usual_motion import opacity, usual_motion
from edgecv.console.cameras.visibility_history import Visibility, find_device, last_events, sights
from edgecv.console.storage.schema import Device
from edgecv.console.web.addresses import read_part
from edgecv.console.web.camera_request import box_camera, device_path, knows_site
from edgecv.console.web.charts import Series, columns
from edgecv.console.web.request_context import console_of, language, needs, render, viewer_of
from edgecv.console.web.translatable import N_
from edgecv.errors import EdgecvError

_BLIND = N_("Blind minutes by hour")


@dataclass(frozen=True, slots=True)
class _CameraCard:
    """A device on the list; ``device`` is None for a camera of the box file that has told nothing yet."""

    site: str
    name: str
    device: Device | None
    sight: Visibility
    path: str


@needs(Capability.SEE_ALL)
def show(request: Request) -> Response:
    """The list."""
    console = console_of(request)
    with console.database.session(viewer_of(request).scope) as session:
        devices = {(d.site, d.name): d for d in session.scalars(select(Device))}
        sights_by_camera = sights(session)
    problems = console.problems()
    own = {key for key in _own(request, problems) if knows_site(request, key[0])}
    cards = [
        _CameraCard(
            site,
            name,
            devices.get((site, name)),
            sights_by_camera.get((site, name), Visibility()),
            device_path(site, name),
        )
        for site, name in sorted({*devices, *own})
    ]
    return render(request, "cameras.html", shown=cards, problems=problems)


@needs(Capability.SEE_ALL)
def one(request: Request) -> Response:
    """One camera."""
    site, name = read_part(request.path_params["site"]), read_part(request.path_params["camera"])
    with console_of(request).database.session(viewer_of(request).scope) as session:
        device = find_device(session, site, name)
        sight = sights(session, site, name).get((site, name), Visibility())
        events = last_events(session, site, name)
    is_here = (site, name) in _own(request, []) and knows_site(request, site)
    if device is None and not is_here:
        raise HTTPException(404)
    spoken = language(request)
    chart = None
    if sight.hours:
        labels = [spoken.time(hour.from_s, "short").split()[-1] for hour in sight.hours]
        values = Series("unjudged", tuple(hour.blind for hour in sight.hours))
        chart = columns(spoken.text(_BLIND), labels, [values])
    return render(
        request,
        "camera.html",
        site=site,
        name=name,
        device=device,
        sight=sight,
        events=events,
        chart=chart,
        is_here=is_here,
        motion=usual_motion(box_camera(request).box, name) if is_here else None,
        opacity=opacity,
        is_hub=console_of(request).live_pictures is None,
        here=device_path(site, name),
        now=time.time(),
    )


@needs(Capability.SEE_ALL)
def live(request: Request) -> Response:
    """A picture of now, windows blurred; asking for it makes the camera's worker go on giving some."""
    camera = box_camera(request)
    try:
        picture = camera.pictures.small(camera.id)
    except NoPictureError as error:
        return Response(str(error), 503, {"Retry-After": "1"}, "text/plain; charset=utf-8")
    except EdgecvError as error:
        return Response(str(error), 503, media_type="text/plain; charset=utf-8")
    return Response(picture, media_type="image/jpeg")


def _own(request: Request, problems: list[str]) -> list[tuple[str, str]]:
    """Site and id of the box's own cameras; none on a hub. What is wrong with the box file goes to ``problems``."""
    pictures = console_of(request).live_pictures
    if pictures is None:
        return []
    try:
        box = pictures.desk.box()
    except EdgecvError as error:
        problems.extend(str(error).splitlines())
        return []
    return [(box.site, camera) for camera in box.camera_ids]


routes = [
    Route("/cameras", show),
    Route("/cameras/{site}/{camera}", one),
    Route("/cameras/{site}/{camera}/live.jpg", live),
]
