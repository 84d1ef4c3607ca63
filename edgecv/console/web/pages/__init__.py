"""One file a page, each with ``routes``; ``web.menu`` says which stand in the menu."""

from __future__ import annotations

from starlette.routing import Route

from edgecv.console.web.pages import cameras, case, evidence, incident, incidents, login, stream, switches, work

ROUTES: tuple[Route, ...] = (
    *login.routes,
    *switches.routes,
    *incidents.routes,
    *incident.routes,
    *evidence.routes,
    *case.routes,
    *work.routes,
    *cameras.routes,
    *stream.routes,
)
