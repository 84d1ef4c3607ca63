"""Where boxes put evidence files: ``PUT /evidence/SITE/DEVICE/INCIDENT/FILE`` with their token, no login."""

from __future__ import annotations

import logging
import re

from sqlalchemy import select
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from edgecv.console.intake.refusal import RefusedFileError
from edgecv.console.storage import EVERYTHING
from edgecv.console.storage.schema import Site
from edgecv.console.web.request_context import console_of
from edgecv.serving.throttled_log import ThrottledLog
from edgecv.upstream.evidence_upload import HASH

_log = logging.getLogger("edgecv.console")
_refusals = ThrottledLog(_log)
_SHA256 = re.compile(r"[0-9A-Fa-f]{64}")


async def put(request: Request) -> Response:
    """Take a file. The token is looked at before a byte of the body is."""
    files = console_of(request).evidence_files
    site, incident, name = (request.path_params[key] for key in ("site", "incident", "name"))
    if files is None or not files.allows(site, request.headers.get("authorization", "")):
        client_address = request.client.host if request.client is not None else "?"
        _refusals.warning(
            "token", "evidence from %s for site %.64r refused: the token is not that of the site", client_address, site
        )
        detail = "no token, or not that of this site's boxes"
        return JSONResponse({"detail": detail}, 401, {"WWW-Authenticate": "Bearer"})
    sha256, length = request.headers.get(HASH, ""), request.headers.get("content-length", "")
    if not _SHA256.fullmatch(sha256):
        return JSONResponse({"detail": f"{HASH} must hold the content's SHA-256 in hex"}, 400)
    announced = int(length[:18]) if length.isascii() and length.isdigit() else None
    try:
        is_complete = await files.take(site, incident, name, sha256, announced, request.stream())
    except RefusedFileError as error:
        _refusals.warning((site, error.kind), "evidence %s/%.64s/%.64s refused: %s", site, incident, name, error)
        return JSONResponse({"detail": str(error)}, error.status)
    except ClientDisconnect:
        return Response(status_code=400)  # nobody reads it
    if is_complete:
        _log.info("evidence of %s from %s is complete", incident, site)
        await run_in_threadpool(_tell, request, site)
    return Response(status_code=204)


def _tell(request: Request, site: str) -> None:
    console = console_of(request)
    with console.database.session(EVERYTHING) as session:
        community = session.scalar(select(Site.community_id).where(Site.name == site))
    if community is not None:
        console.live.tell({(community, "evidence")})


routes = [Route("/evidence/{site}/{device}/{incident}/{name}", put, methods=["PUT"])]
