"""Masks: parts of a camera's picture that are not looked at, drawn on it."""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from edgecv.console.accounts import Capability
from edgecv.console.web.camera_request import audit_change, box_camera, json_body, refusal
from edgecv.console.web.request_context import language, needs, render, viewer_of
from edgecv.console.web.script_texts import MASKS
from edgecv.errors import ConfigError, EdgecvError
from edgecv.messages import calibration as messages

_MOST = 50
_MOST_CORNERS = 200


@needs(Capability.MANAGE_CAMERAS)
def show(request: Request) -> Response:
    """The page."""
    camera = box_camera(request)
    say = language(request).text
    setup = {
        "here": f"{camera.path}/masks",
        "pictures": f"{camera.path}/calibration",
        "csrf": viewer_of(request).csrf,
        "version": camera.pictures.desk.version(),
        "masks": [mask.model_dump(mode="json") for mask in camera.box.camera(camera.id).settings.masks],
        "texts": {key: say(text) for key, text in MASKS.items()},
    }
    return render(request, "masks.html", camera=camera, setup=setup)


@needs(Capability.MANAGE_CAMERAS)
def _save(request: Request) -> Response:
    camera, body = box_camera(request), request.state.sent
    desk = camera.pictures.desk
    place = ("cameras", camera.id, "masks")
    try:
        masks = _masks(body.get("masks"))
        had = bool(camera.box.camera(camera.id).settings.masks)
        desk.change(str(body.get("version")), {place: masks} if masks or had else {})
    except EdgecvError as error:
        return refusal(request, error)
    audit_change(request, "camera masked", camera, f"{len(masks)} masks")
    return JSONResponse({"told": desk.tell_daemon(), "version": desk.version()})


async def saved(request: Request) -> Response:
    """Write the masks into the box file, and tell the daemon."""
    request.state.sent = await json_body(request)
    return await run_in_threadpool(_save, request)


def _masks(body: object) -> list[dict[str, Any]]:
    """Masks as the box file has them; what is in them is checked when that is read again."""
    if not isinstance(body, list) or len(body) > _MOST:
        raise ConfigError(messages.MANY_MASKS(most=_MOST))
    masks = []
    for n, mask in enumerate(body, 1):
        try:
            reason = str(mask["reason"]).strip()[:200]
            polygon = [[round(float(x), 1), round(float(y), 1)] for x, y in mask["polygon"][:_MOST_CORNERS]]
        except (TypeError, ValueError, KeyError, OverflowError) as error:
            raise ConfigError(messages.BAD_MASK(number=n)) from error
        if not reason or not reason.isprintable():
            raise ConfigError(messages.NO_REASON(number=n))
        masks.append({"reason": reason, "polygon": polygon})
    return masks


routes = [
    Route("/cameras/{site}/{camera}/masks", show, methods=["GET"]),
    Route("/cameras/{site}/{camera}/masks/save", saved, methods=["POST"]),
]
