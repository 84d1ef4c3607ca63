"""Statistics: is it getting better, where and when does it happen, how fast is it worked."""

from __future__ import annotations

import time
from datetime import datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from edgecv.console.accounts import Capability
from edgecv.console.cases.listing import choices
from edgecv.console.cases.statistics import Chosen
from edgecv.console.web.filters import address, read_filters
from edgecv.console.web.site import console_of, language, needs, render, viewer_of
from edgecv.console.web.tables import TITLES, csv_of, make_statistics

_NAMES = ("kind", "building", "since", "until")


@needs(Capability.SEE_STATISTICS)
def show(request: Request) -> Response:
    """The page; it prints as it is."""
    console = console_of(request)
    given = {name: request.query_params.get(name, "") for name in _NAMES}
    with console.database.session(viewer_of(request).scope) as session:
        found = make_statistics(session, _chosen(request), language(request), console.timezone)
        known = choices(session)
    return render(
        request,
        "statistics.html",
        found=found,
        given=given,
        known=known,
        csv={name: address(f"/statistics/{name}.csv", **given) for name in TITLES},
        now=time.time(),
    )


@needs(Capability.SEE_STATISTICS)
def download(request: Request) -> Response:
    """One table as CSV."""
    console, name = console_of(request), request.path_params["table"]
    if name not in TITLES:
        raise HTTPException(404)
    with console.database.session(viewer_of(request).scope) as session:
        found = make_statistics(session, _chosen(request), language(request), console.timezone)
    file = f"{name}-{datetime.now(console.timezone):%Y-%m-%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{file}"'}
    return Response(csv_of(found.tables[name]), media_type="text/csv; charset=utf-8", headers=headers)


def _chosen(request: Request) -> Chosen:
    filters = read_filters(request.query_params, console_of(request).timezone)
    return Chosen(filters.since_s, filters.until_s, filters.kind, filters.building)


routes = [Route("/statistics", show), Route("/statistics/{table}.csv", download)]
