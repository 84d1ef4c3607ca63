"""Cameras and other devices: how each is now."""

from __future__ import annotations

from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from edgecv.console.accounts import Capability
from edgecv.console.storage.schema import Device
from edgecv.console.web.site import console_of, needs, render, viewer_of


@needs(Capability.SEE_ALL)
def show(request: Request) -> Response:
    """The page."""
    console = console_of(request)
    with console.database.session(viewer_of(request).scope) as session:
        devices = session.scalars(select(Device).order_by(Device.site, Device.name)).all()
    return render(request, "cameras.html", devices=devices, problems=console.problems())


routes = [Route("/cameras", show)]
