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
    fields: dict[str, str] = request.state.asked
    try:
        with console_of(request).database.session(EVERYTHING, writes=True) as session:
            new_login = _carried_out(request, session, fields)
    except AccountRefusedError as error:
        return _page(request, 422, reason=error.reason, fields=fields)
    return _page(request, new_login=new_login)


def _carried_out(request: Request, session: Session, fields: dict[str, str]) -> tuple[str, str] | None:
    """Change it; name and password where there is one to hand over."""
    admin, address = viewer_of(request), request.client.host if request.client is not None else ""
    if fields["do"] == "add":
        name = fields["name"].strip()
        return name, make_user(session, admin, name, fields["full_name"].strip(), _role(fields), address)
    user = (
        int(fields["user"])
        if fields["user"].isascii() and fields["user"].isdigit() and len(fields["user"]) < 19
        else -1
    )
    match fields["do"]:
        case "role":
            change_role(session, admin, user, _role(fields), address)
        case "disable" | "enable":
            set_disabled(session, admin, user, fields["do"] == "disable", address)
        case "password":
            password = reset_password(session, admin, user, address)
            return session.get_one(User, user).name, password
        case _:
            raise HTTPException(400)
    return None


def _role(fields: dict[str, str]) -> Role:
    try:
        return Role(fields["role"])
    except ValueError as error:
        raise HTTPException(400) from error


def _page(
    request: Request,
    status: int = 200,
    *,
    reason: str | None = None,
    fields: dict[str, str] | None = None,
    new_login: tuple[str, str] | None = None,
) -> Response:
    with console_of(request).database.session(EVERYTHING) as session:
        users = users_of(session, viewer_of(request).community)
    return render(
        request,
        "users.html",
        status,
        users=users,
        why=reason,
        asked=fields or dict.fromkeys(_FIELDS, ""),
        new_login=new_login,
    )


routes = [Route("/users", show, methods=["GET"]), Route("/users", change, methods=["POST"])]
