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
from edgecv.console.cases.statistics import Selection
from edgecv.console.settings import STATISTICS_YEARS
from edgecv.console.web.filters import address, filter_values, read_filters
from edgecv.console.web.request_context import console_of, language, needs, render, viewer_of
from edgecv.console.web.statistics_tables import TITLES, csv_of, make_statistics
from edgecv.console.web.translatable import N_, Text

_NAMES = ("kind", "building", "since", "until")
_NO_DAY = N_("A day that is not one between the years 2000 and 2099 was left out.")
_CUT = N_("At most %(years)s years are counted at a time: these are the last of those that were asked for.")


@needs(Capability.SEE_STATISTICS)
def show(request: Request) -> Response:
    """The page; it prints as it is."""
    console = console_of(request)
    fields = filter_values(request.query_params, _NAMES)
    chosen, notices = _chosen(request)
    with console.database.session(viewer_of(request).scope) as session:
        statistics = make_statistics(session, chosen, language(request), console.timezone)
        choices_by_column = choices(session)
    return render(
        request,
        "statistics.html",
        found=statistics,
        given=fields,
        notices=notices,
        years=STATISTICS_YEARS,
        known=choices_by_column,
        csv={name: address(f"/statistics/{name}.csv", **fields) for name in TITLES},
        now=time.time(),
    )


@needs(Capability.SEE_STATISTICS)
def download(request: Request) -> Response:
    """One table as CSV."""
    console, name = console_of(request), request.path_params["table"]
    if name not in TITLES:
        raise HTTPException(404)
    with console.database.session(viewer_of(request).scope) as session:
        statistics = make_statistics(session, _chosen(request)[0], language(request), console.timezone)
    file = f"{name}-{datetime.now(console.timezone):%Y-%m-%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{file}"'}
    return Response(csv_of(statistics.tables[name]), media_type="text/csv; charset=utf-8", headers=headers)


def _chosen(request: Request) -> tuple[Selection, list[Text]]:
    """What is counted, and what to say where that is not all that was asked for."""
    filters = read_filters(request.query_params, console_of(request).timezone)
    selection = Selection(filters.since_s, filters.until_s, filters.kind, filters.building)
    chosen = selection.bounded(time.time())
    days = (("since", filters.since_s), ("until", filters.until_s))
    notices = [_NO_DAY] if any(request.query_params.get(name) and at_s is None for name, at_s in days) else []
    return chosen, notices if chosen.since_s == selection.since_s else [*notices, _CUT]


routes = [Route("/statistics", show), Route("/statistics/{table}.csv", download)]
