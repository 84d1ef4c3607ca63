"""The stream that tells an open page what is new, for as long as whoever opened it is logged in."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from edgecv.console.accounts import sessions
from edgecv.console.web.auth_middleware import COOKIE
from edgecv.console.web.request_context import console_of, viewer_of


async def live(request: Request) -> Response:
    """Server-sent events of the viewer's community."""
    console, viewer, token = console_of(request), viewer_of(request), request.cookies[COOKIE]

    async def is_allowed() -> bool:
        session_viewer = await run_in_threadpool(sessions.viewer_of, console.database, token, is_use=False)
        return session_viewer is not None and (session_viewer.role, session_viewer.community) == (
            viewer.role,
            viewer.community,
        )

    return StreamingResponse(
        console.live.stream(viewer.community, viewer.user, is_allowed),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


routes = [Route("/live", live)]
