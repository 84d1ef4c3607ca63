"""Sensitivity preview: what another threshold would have made of the last hour. Changes nothing."""

from __future__ import annotations

import sqlite3

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from edgecv.config.state import state_directory
from edgecv.console.accounts import Capability
from edgecv.console.cameras.threshold_preview import findings_of, least_ratio, outcomes
from edgecv.console.cameras.visibility_history import Visibility, sights
from edgecv.console.web.camera_request import box_camera
from edgecv.console.web.charts import Series, columns
from edgecv.console.web.request_context import console_of, language, needs, render, viewer_of
from edgecv.console.web.translatable import N_
from edgecv.errors import EdgecvError
from edgecv.storage.database import DATABASE

_TITLE = N_("What each threshold would have made of the last hour")


@needs(Capability.MANAGE_CAMERAS)
def show(request: Request) -> Response:
    """The page."""
    camera = box_camera(request)
    problem = None
    try:
        findings = findings_of(state_directory(camera.box) / DATABASE, camera.id)
    except (sqlite3.Error, EdgecvError) as error:
        findings, problem = [], str(error)
    with console_of(request).database.session(viewer_of(request).scope) as session:
        sight = sights(session, camera.box.site, camera.id).get((camera.box.site, camera.id), Visibility())
    rows = outcomes(findings)
    parts = [
        Series("real", tuple(o.incidents for o in rows)),
        Series("unjudged", tuple(o.candidates for o in rows)),
    ]
    title = language(request).text(_TITLE)
    return render(
        request,
        "sensitivity.html",
        camera=camera,
        findings=findings,
        outcomes=rows,
        chart=columns(title, [f"{o.threshold:g}" for o in rows], parts) if findings else None,
        least=least_ratio(),
        last_hour=sight.hours[-1] if sight.hours else None,
        sight=sight,
        problem=problem,
    )


routes = [Route("/cameras/{site}/{camera}/sensitivity", show)]
