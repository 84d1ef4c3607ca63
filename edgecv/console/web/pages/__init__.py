"""One file a page, each with ``routes``; ``web.navigation`` says which stand in the menu."""

from __future__ import annotations

from starlette.routing import Route

from edgecv.console.web.pages import (
    account,
    calibration,
    cameras,
    case,
    event_stream,
    evidence,
    home_and_health,
    incident,
    incidents,
    legal_hold,
    login,
    masks,
    oidc,
    sensitivity,
    statistics,
    upload,
    users,
    work_queue,
)

ROUTES: tuple[Route, ...] = (
    *login.routes,
    *oidc.routes,
    *home_and_health.routes,
    *incidents.routes,
    *incident.routes,
    *evidence.routes,
    *legal_hold.routes,
    *case.routes,
    *work_queue.routes,
    *cameras.routes,
    *calibration.routes,
    *masks.routes,
    *sensitivity.routes,
    *statistics.routes,
    *event_stream.routes,
    *users.routes,
    *account.routes,
    *upload.routes,
)
