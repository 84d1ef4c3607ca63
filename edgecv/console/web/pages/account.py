"""One's own account: the password, and which community one looks at."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from edgecv.console.accounts.audit import audit
from edgecv.console.accounts.hashing_queue import BusyError
from edgecv.console.accounts.login import count_attempt, forget_attempts, uncount_attempt
from edgecv.console.accounts.sessions import switch_community
from edgecv.console.accounts.user_administration import AccountRefusedError, change_password, communities_of
from edgecv.console.storage import EVERYTHING
from edgecv.console.storage.schema import User
from edgecv.console.web.auth_middleware import COOKIE
from edgecv.console.web.request_context import console_of, render, viewer_of


def show(request: Request) -> Response:
    """The page."""
    return _page(request)


async def change(request: Request) -> Response:
    """Change the password."""
    form = await request.form()
    old, new, again = (str(form.get(name, "")) for name in ("old", "new", "again"))
    return await run_in_threadpool(_change, request, old, new, again)


def _change(request: Request, old: str, new: str, again: str) -> Response:
    database, viewer = console_of(request).database, viewer_of(request)
    address = request.client.host if request.client is not None else ""
    if new != again:
        return _page(request, 422, "twice")
    if not count_attempt(database, viewer.name, address):  # a stolen session must not be the way to a password
        return _page(request, 429, "wait")
    try:
        with database.session(EVERYTHING, writes=True) as session:
            change_password(session, viewer, old, new, address)
            forget_attempts(session, viewer.name, address)
    except AccountRefusedError as error:
        return _page(request, 422, error.reason)
    except BusyError:
        uncount_attempt(database, viewer.name, address)
        raise
    return RedirectResponse("/login", 303)


async def choose(request: Request) -> Response:
    """Look at another of one's communities."""
    form = await request.form()
    return await run_in_threadpool(_choose, request, str(form.get("community", "")))


def _choose(request: Request, chosen: str) -> Response:
    viewer = viewer_of(request)
    key = int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) < 19 else -1
    with console_of(request).database.session(EVERYTHING, writes=True) as session:
        if not switch_community(session, request.cookies[COOKIE], viewer.user, key):
            raise HTTPException(403)
        audit(session, viewer.name, "community chosen", community=key)
    return RedirectResponse("/incidents", 303)


def _page(request: Request, status: int = 200, reason: str | None = None) -> Response:
    viewer = viewer_of(request)
    with console_of(request).database.session(EVERYTHING) as session:
        communities = communities_of(session, viewer.user)
        has_password = session.get_one(User, viewer.user).password_hash is not None
    return render(request, "account.html", status, why=reason, communities=communities, has_password=has_password)


routes = [
    Route("/account", show, methods=["GET"]),
    Route("/account/password", change, methods=["POST"]),
    Route("/account/community", choose, methods=["POST"]),
]
