"""Logging in and out."""

from __future__ import annotations

import asyncio

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from edgecv.console.accounts.audit import audit
from edgecv.console.accounts.login import log_in, login_delay_s
from edgecv.console.accounts.sessions import end_session
from edgecv.console.accounts.users import has_users
from edgecv.console.settings import SESSION_LONGEST_S
from edgecv.console.storage import EVERYTHING
from edgecv.console.storage.schema import User
from edgecv.console.web.auth_middleware import COOKIE
from edgecv.console.web.request_context import console_of, render, viewer_of


def show(request: Request) -> Response:
    """The form."""
    if request.state.viewer is not None:
        return RedirectResponse("/incidents", 303)
    return form_page(request)


async def enter(request: Request) -> Response:
    """Log in."""
    form = await request.form()
    name, password = str(form.get("name", "")), str(form.get("password", ""))
    address = request.client.host if request.client is not None else ""
    database = console_of(request).database
    await asyncio.sleep(await run_in_threadpool(login_delay_s, database, name))  # here, where waiting takes no thread
    result = await run_in_threadpool(log_in, database, name, password, address)
    if result.token is None:
        status = 429 if result.outcome == "wait" else 403
        return await run_in_threadpool(form_page, request, result.outcome, name, status)
    if request.state.viewer is not None:
        await run_in_threadpool(_end, request)  # one browser, one login
    return let_in(result.token, local(request.query_params.get("next")))


def _end(request: Request) -> None:
    with console_of(request).database.session(EVERYTHING, writes=True) as session:
        end_session(session, request.cookies[COOKIE])


def leave(request: Request) -> Response:
    """Log out."""
    console, viewer = console_of(request), viewer_of(request)
    with console.database.session(EVERYTHING, writes=True) as session:
        is_elsewhere = session.get_one(User, viewer.user).subject is not None
        end_session(session, request.cookies[COOKIE])
        audit(session, viewer.name, "logout", community=viewer.community)
    answer = RedirectResponse("/login?left" if is_elsewhere and console.provider is not None else "/login", 303)
    answer.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    return answer


def let_in(token: str, onwards: str) -> Response:
    """Send a browser on with its new login."""
    answer = RedirectResponse(onwards, 303)
    answer.set_cookie(
        COOKIE, token, max_age=int(SESSION_LONGEST_S), path="/", secure=True, httponly=True, samesite="lax"
    )
    return answer


def local(path: str | None) -> str:
    """Where to go next: a path here, never another site."""
    if path is None or not path.startswith("/") or path.startswith(("//", "/\\")) or not path.isprintable():
        return "/incidents"
    return path


def form_page(request: Request, outcome: str | None = None, name: str = "", status: int = 200) -> Response:
    """The form, with what went wrong."""
    provider = console_of(request).provider
    with console_of(request).database.session(EVERYTHING) as session:
        anybody = has_users(session)
    values = {
        "outcome": outcome,
        "name": name,
        "anybody": anybody,
        "provider": None if provider is None else provider.settings.title,
        "onwards": local(request.query_params.get("next")),
        "left": "left" in request.query_params,
    }
    return render(request, "login.html", status, **values)


routes = [
    Route("/login", show, methods=["GET"]),
    Route("/login", enter, methods=["POST"]),
    Route("/logout", leave, methods=["POST"]),
]
