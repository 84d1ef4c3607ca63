"""The list: newest first, filtered, and alive."""

from __future__ import annotations

import time

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from edgecv.console.accounts import Capability
from edgecv.console.cases.deadlines import count_overdue
from edgecv.console.cases.listing import choices, list_incidents
from edgecv.console.settings import OVERDUE_COUNTED, PAGE_ROWS
from edgecv.console.web.filters import address, filter_values, read_filters, read_place
from edgecv.console.web.request_context import console_of, render, viewer_of


def show(request: Request) -> Response:
    """The page; for htmx only the list in it. A worker's own cases have a page of their own."""
    console, viewer = console_of(request), viewer_of(request)
    if not viewer.may(Capability.SEE_ALL):
        return RedirectResponse("/work", 303)
    filters, after = read_filters(request.query_params, console.timezone), read_place(request.query_params)
    is_fragment = request.headers.get("hx-target") == "list"
    with console.database.session(viewer.scope) as session:
        page = list_incidents(session, filters, PAGE_ROWS, after)
        choices_by_column = {} if is_fragment else choices(session)
        late = count_overdue(session)
    chosen = filter_values(request.query_params)
    here = address("/incidents", **chosen, after=after)
    following = None if page.following is None else address("/incidents", **chosen, after=page.following)
    answer = render(
        request,
        "incident_list.html" if is_fragment else "incidents.html",
        incidents=page.incidents,
        here=here,
        newest=address("/incidents", **chosen),
        following=following,
        is_newest=after is None,
        chosen=chosen,
        is_filtered=any(chosen.values()),
        choices=choices_by_column,
        late=late,
        late_counted=OVERDUE_COUNTED,
        now=time.time(),
        problems=console.problems(),
    )
    answer.headers["Vary"] = "Cookie, HX-Target"
    return answer


routes = [Route("/incidents", show)]
