"""The stream that tells an open page what is new."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from edgecv.console.web.site import console_of, viewer_of


async def live(request: Request) -> Response:
    """Server-sent events of the viewer's community."""
    stream = console_of(request).live.stream(viewer_of(request).community)
    return StreamingResponse(
        stream, media_type="text/event-stream", headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )


routes = [Route("/live", live)]
