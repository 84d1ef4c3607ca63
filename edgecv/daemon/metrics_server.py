"""Health, metrics and evidence over HTTP: on loopback, or beyond it with a token."""

from __future__ import annotations

import hmac
import logging
import re
from collections.abc import Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from edgecv.config.known_secrets import hide_secrets_in
from edgecv.daemon.health import BoxHealth
from edgecv.daemon.metrics import metrics_text
from edgecv.evidence.manifest import UNTOUCHED
from edgecv.serving import WebServer
from edgecv.serving.limits import SMALL
from edgecv.serving.own_hosts import LoopbackOnly

_log = logging.getLogger("edgecv.web")
_ID = re.compile(r"^[0-9a-f-]{36}$")
_FILE = re.compile(r"^[A-Za-z0-9_-]+\.[a-z0-9]{2,5}$")


def make_app(
    health: Callable[[], BoxHealth], evidence: Path, token: str | None, *, untouched: bool = False
) -> Starlette:
    """The box's web application.

    Args:
        health: gives how the box is now.
        evidence: the folder with a folder of evidence an incident.
        token: what readers must show as ``Authorization: Bearer``; None asks for none, and then shows no evidence.
        untouched: whether it opens the untouched clip and pictures too; each view is logged.
    """

    def allowed(request: Request) -> None:
        header = request.headers.get("authorization", "")
        if token is not None and not hmac.compare_digest(header.encode(), f"Bearer {token}".encode()):
            raise HTTPException(401, "show the token of service.token_file", {"WWW-Authenticate": "Bearer"})

    def healthz(_request: Request) -> Response:
        box = health()
        answer = {"alive": box.alive, "problems": list(box.problems)}
        return JSONResponse(hide_secrets_in(answer), 200 if box.alive else 503)

    def readyz(_request: Request) -> Response:
        box = health()
        cameras = {camera.id: camera.state() for camera in box.cameras} if token is None else {}
        devices = {device.id: device.state() for device in box.devices} if token is None else {}
        answer = {"ready": box.ready, "cameras": cameras} | ({"devices": devices} if box.devices else {})
        return JSONResponse(hide_secrets_in(answer), 200 if box.ready else 503)

    def metrics(request: Request) -> Response:
        allowed(request)
        return Response(metrics_text(health), media_type="text/plain; version=0.0.4; charset=utf-8")

    def evidence_file(request: Request) -> Response:
        if token is None:
            raise HTTPException(403, "evidence is shown only with a token: set service.token_file in the box file")
        allowed(request)
        incident, name = request.path_params["incident"], request.path_params["file"]
        path = evidence / incident / name
        if not _ID.match(incident) or not _FILE.match(name) or not path.is_file():
            raise HTTPException(404, "there is no such evidence")
        if name in UNTOUCHED:
            if not untouched:
                raise HTTPException(
                    403,
                    "the untouched clip and pictures open in the console, for those who give a reason; their blurred "
                    "copies are here (service.evidence in the box file says so)",
                )
            client = request.client.host if request.client else "somebody"
            _log.info("untouched evidence %s/%s was fetched by %s with the service's token", incident, name, client)
        return FileResponse(path)

    app = Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
            Route("/evidence/{incident}/{file}", evidence_file),
        ],
        middleware=[Middleware(LoopbackOnly)] if token is None else [],
    )
    app.router.redirect_slashes = False  # it would send to whatever the Host header says
    return app


def metrics_server(app: Starlette, listen: str) -> WebServer:
    """A server of the application at HOST:PORT, not started yet; port 0 takes any.

    Raises:
        ConfigError: the address cannot be listened on.
    """
    return WebServer(app, listen, "service.listen", SMALL)
