"""One file a page, each with ``routes``; ``web.menu`` says which stand in the menu."""

from __future__ import annotations

from starlette.routing import Route

from edgecv.console.web.pages import (
    account,
    calibration,
    cameras,
    case,
    evidence,
    hold,
    incident,
    incidents,
    login,
    masks,
    oidc,
    sensitivity,
    statistics,
    stream,
    switches,
    upload,
    users,
    work,
)

ROUTES: tuple[Route, ...] = (
    *login.routes,
    *oidc.routes,
    *switches.routes,
    *incidents.routes,
    *incident.routes,
    *evidence.routes,
    *hold.routes,
    *case.routes,
    *work.routes,
    *cameras.routes,
    *calibration.routes,
    *masks.routes,
    *sensitivity.routes,
    *statistics.routes,
    *stream.routes,
    *users.routes,
    *account.routes,
    *upload.routes,
)
