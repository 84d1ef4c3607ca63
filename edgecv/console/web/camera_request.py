"""The camera that a page is about, where this console may work on it: one of the box's own."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from edgecv.config import Box
from edgecv.console.accounts.audit import audit
from edgecv.console.cameras.pictures import LivePictures
from edgecv.console.storage.schema import Site
from edgecv.console.web.addresses import part, read_part
from edgecv.console.web.message_text import message_text
from edgecv.console.web.request_context import console_of, language, viewer_of
from edgecv.errors import ConfigError, EdgecvError

_log = logging.getLogger("edgecv.console")


@dataclass(frozen=True, slots=True)
class BoxCamera:
    """One camera of this box.

    Attributes:
        pictures: of the box.
        box: its file as it is now.
        id: the camera's.
    """

    pictures: LivePictures
    box: Box
    id: str

    @property
    def path(self) -> str:
        """Where its page is."""
        return device_path(self.box.site, self.id)


def device_path(site: str, name: str) -> str:
    """The address of a device's page."""
    return f"/cameras/{part(site)}/{part(name)}"


def box_camera(request: Request) -> BoxCamera:
    """The camera of a request; 404 where there is none here for the viewer, 503 where the box file is wrong."""
    pictures = console_of(request).live_pictures
    site, camera = read_part(request.path_params["site"]), read_part(request.path_params["camera"])
    if pictures is None or not knows_site(request, site):
        raise HTTPException(404)
    try:
        box = pictures.desk.box()
    except ConfigError as error:
        _log.error("%s", error)  # it says all there is to say; the list of cameras shows it
        raise HTTPException(503) from error
    if site != box.site or camera not in box.camera_ids:
        raise HTTPException(404)
    return BoxCamera(pictures, box, camera)


def knows_site(request: Request, site: str) -> bool:
    """Whether a site is of the viewer's community."""
    with console_of(request).database.session(viewer_of(request).scope) as session:
        return session.scalar(select(Site.key).where(Site.name == site)) is not None


def audit_change(request: Request, action: str, camera: BoxCamera, subject: str = "") -> None:
    """Note in the audit log what was done to a camera."""
    viewer = viewer_of(request)
    with console_of(request).database.session(viewer.scope, writes=True) as session:
        peer = request.client.host if request.client is not None else ""
        text = f"{camera.box.site}/{camera.id}" + (f": {subject}" if subject else "")
        audit(session, viewer.name, action, text, community=viewer.community, address=peer)


def refusal(request: Request, error: Exception, status: int = 422) -> JSONResponse:
    """Why something could not be done, as its maker says it, in the reader's language where that is known."""
    text = error.text if isinstance(error, EdgecvError) else str(error)
    return JSONResponse({"refused": message_text(text, language(request).text)}, status)


async def json_body(request: Request) -> dict[str, Any]:
    """The object a page sent; 400 for anything else."""
    try:
        document = await request.json()
    except (ValueError, RecursionError) as error:
        raise HTTPException(400) from error
    if not isinstance(document, dict):
        raise HTTPException(400)
    return document
