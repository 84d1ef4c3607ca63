"""The users of a community, for its administrators."""

from __future__ import annotations

from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from edgecv.console.accounts import Capability, Role
from edgecv.console.accounts.user_administration import (
    AccountRefusedError,
    change_role,
    make_user,
    reset_password,
    set_disabled,
    users_of,
)
from edgecv.console.storage import EVERYTHING
from edgecv.console.storage.schema import User
from edgecv.console.web.request_context import console_of, needs, render, viewer_of

_FIELDS = ("do", "name", "full_name", "role", "user")


@needs(Capability.MANAGE_USERS)
def show(request: Request) -> Response:
    """The list, and the form for one more."""
    return _page(request)


async def change(request: Request) -> Response:
    """Carry out what a form asks for."""
    form = await request.form()
    request.state.asked = {name: str(form.get(name, "")) for name in _FIELDS}
    return await run_in_threadpool(_change, request)


@needs(Capability.MANAGE_USERS)
def _change(request: Request) -> Response:
    asked: dict[str, str] = request.state.asked
    try:
        with console_of(request).database.session(EVERYTHING, writes=True) as session:
            told = _carried_out(request, session, asked)
    except AccountRefusedError as error:
        return _page(request, 422, why=error.reason, asked=asked)
    return _page(request, told=told)


def _carried_out(request: Request, session: Session, asked: dict[str, str]) -> tuple[str, str] | None:
    """Change it; name and password where there is one to hand over."""
    admin, address = viewer_of(request), request.client.host if request.client is not None else ""
    if asked["do"] == "add":
        name = asked["name"].strip()
        return name, make_user(session, admin, name, asked["full_name"].strip(), _role(asked), address)
    user = int(asked["user"]) if asked["user"].isascii() and asked["user"].isdigit() and len(asked["user"]) < 19 else -1
    match asked["do"]:
        case "role":
            change_role(session, admin, user, _role(asked), address)
        case "disable" | "enable":
            set_disabled(session, admin, user, asked["do"] == "disable", address)
        case "password":
            password = reset_password(session, admin, user, address)
            return session.get_one(User, user).name, password
        case _:
            raise HTTPException(400)
    return None


def _role(asked: dict[str, str]) -> Role:
    try:
        return Role(asked["role"])
    except ValueError as error:
        raise HTTPException(400) from error


def _page(
    request: Request,
    status: int = 200,
    *,
    why: str | None = None,
    asked: dict[str, str] | None = None,
    told: tuple[str, str] | None = None,
) -> Response:
    with console_of(request).database.session(EVERYTHING) as session:
        users = users_of(session, viewer_of(request).community)
    return render(
        request, "users.html", status, users=users, why=why, asked=asked or dict.fromkeys(_FIELDS, ""), told=told
    )


routes = [Route("/users", show, methods=["GET"]), Route("/users", change, methods=["POST"])]
