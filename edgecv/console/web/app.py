"""The web application: pages, API and static files behind the guard."""

from __future__ import annotations

from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from edgecv.console.accounts.hashing_queue import BusyError
from edgecv.console.web.api import make_api
from edgecv.console.web.auth_middleware import AuthMiddleware
from edgecv.console.web.errors import busy, failed, refused
from edgecv.console.web.headers import SecurityHeaders
from edgecv.console.web.pages import ROUTES
from edgecv.console.web.request_context import STATIC, Console


def make_app(console: Console, *, tls: bool, public_url: str | None = None) -> ASGIApp:
    """The application.

    Args:
        console: its parts.
        tls: whether browsers reach it over TLS only.
        public_url: its address as browsers have it, where that is known.
    """
    handlers: dict[Any, Any] = {HTTPException: refused, BusyError: busy, Exception: failed}
    app = Starlette(
        routes=[
            *ROUTES,
            Mount("/api/v1", make_api(console)),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[Middleware(AuthMiddleware, database=console.database, public_url=public_url)],
        exception_handlers=handlers,
    )
    app.router.redirect_slashes = False  # it would send to whatever the Host header says
    app.state.console = console
    return SecurityHeaders(app, tls)  # outside of everything: pages of failures have them too
