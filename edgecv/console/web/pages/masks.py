"""Masks: parts of a camera's picture that are not looked at, drawn on it."""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from edgecv.console.accounts import Capability
from edgecv.console.web.camera_request import box_camera, refusal, sent_json, write_down
from edgecv.console.web.request_context import language, needs, render, viewer_of
from edgecv.console.web.script_texts import MASKS
from edgecv.errors import ConfigError, EdgecvError

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
    camera, sent = box_camera(request), request.state.sent
    desk = camera.pictures.desk
    place = ("cameras", camera.id, "masks")
    try:
        masks = _masks(sent.get("masks"))
        had = bool(camera.box.camera(camera.id).settings.masks)
        desk.change(str(sent.get("version")), {place: masks} if masks or had else {})
    except EdgecvError as error:
        return refusal(request, error)
    write_down(request, "camera masked", camera, f"{len(masks)} masks")
    return JSONResponse({"told": desk.tell_daemon(), "version": desk.version()})


async def saved(request: Request) -> Response:
    """Write the masks into the box file, and tell the daemon."""
    request.state.sent = await sent_json(request)
    return await run_in_threadpool(_save, request)


def _masks(sent: object) -> list[dict[str, Any]]:
    """Masks as the box file has them; what is in them is checked when that is read again."""
    if not isinstance(sent, list) or len(sent) > _MOST:
        raise ConfigError(f"masks: a list of at most {_MOST}")
    made = []
    for n, mask in enumerate(sent, 1):
        try:
            reason = str(mask["reason"]).strip()[:200]
            polygon = [[round(float(x), 1), round(float(y), 1)] for x, y in mask["polygon"][:_MOST_CORNERS]]
        except (TypeError, ValueError, KeyError, OverflowError) as error:
            raise ConfigError(f"mask {n}: has a reason and a polygon of [x, y]") from error
        if not reason or not reason.isprintable():
            raise ConfigError(f"mask {n}: say why this part is not looked at, for whoever audits the box later")
        made.append({"reason": reason, "polygon": polygon})
    return made


routes = [
    Route("/cameras/{site}/{camera}/masks", show, methods=["GET"]),
    Route("/cameras/{site}/{camera}/masks/save", saved, methods=["POST"]),
]
