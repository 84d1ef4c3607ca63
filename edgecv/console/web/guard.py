"""Before everything: without a login no answer, without the token no change, and no body larger than a form.

A new page needs nothing for that: what is not listed in ``_OPEN`` is closed. The upload of evidence is let past, for
boxes do not log in and files are no forms; its handler asks for the box's token first.
"""

from __future__ import annotations

import hmac
import re
from urllib.parse import parse_qs, quote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edgecv.console.accounts import Viewer
from edgecv.console.accounts.sessions import viewer_of
from edgecv.console.settings import FORM_BYTES
from edgecv.console.storage import ConsoleDatabase

COOKIE = "__Host-edgecv"
CSRF_FIELD, CSRF_HEADER = "csrf", "x-csrf-token"
_OPEN = frozenset({"/login", "/login/oidc", "/login/oidc/answer", "/login/oidc/leave", "/language", "/healthz"})
_OPEN_BELOW = ("/static/",)
_UPLOAD = re.compile(r"/evidence/[^/]+/[^/]+/[^/]+/[^/]+")
"""Boxes put evidence there; they show a token of their own, and no cookie counts."""
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Guard:
    """Lets in who is logged in; puts the :class:`Viewer` into ``request.state.viewer`` (None on open pages).

    Args:
        app: what it guards.
        database: the console's.
    """

    def __init__(self, app: ASGIApp, database: ConsoleDatabase) -> None:
        self._app = app
        self._database = database

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, or refuse."""
        if scope["type"] != "http":
            return  # no websockets here
        request = Request(scope)
        if scope["method"] == "PUT" and _UPLOAD.fullmatch(scope["path"]):
            scope.setdefault("state", {})["viewer"] = None
            await self._app(scope, receive, send)
            return
        token = request.cookies.get(COOKIE)
        viewer = None if token is None else await run_in_threadpool(viewer_of, self._database, token)
        scope.setdefault("state", {})["viewer"] = viewer
        if viewer is None and not _is_open(scope["path"]):
            await _send_to_login(request)(scope, receive, send)
            return
        if scope["method"] not in _SAFE:
            refused, receive = await _checked(request, viewer, receive)
            if refused is not None:
                await refused(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _is_open(path: str) -> bool:
    return path in _OPEN or path.startswith(_OPEN_BELOW)


def _send_to_login(request: Request) -> Response:
    if request.url.path.startswith("/api/"):
        return JSONResponse({"detail": "log in first"}, 401, {"WWW-Authenticate": "Cookie"})
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    target = "/login" if path == "/" or request.method != "GET" else f"/login?next={quote(path, safe='')}"
    if "hx-request" in request.headers:  # a fragment must not be replaced by the whole login page
        return Response(status_code=401, headers={"HX-Redirect": "/login"})
    return RedirectResponse(target, 303)


async def _checked(request: Request, viewer: Viewer | None, receive: Receive) -> tuple[Response | None, Receive]:
    """A refusal, or None and a ``receive`` that gives the body again."""
    if not _same_origin(request.headers):
        return _refusal(request, 403, "this request came from another site"), receive
    body = await _body(request.headers, receive)
    if body is None:
        return _refusal(request, 413, f"a request may hold {FORM_BYTES // 1024} KB"), receive
    if viewer is not None:
        shown = request.headers.get(CSRF_HEADER) or _field(request.headers, body)
        if not hmac.compare_digest(shown.encode(), viewer.csrf.encode()):
            return _refusal(request, 403, "the page is too old; load it anew and try again"), receive
    sent = False

    async def again() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return None, again


def _same_origin(headers: Headers) -> bool:
    """Browsers say where a request comes from; this also guards the login, which has no token yet."""
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")


async def _body(headers: Headers, receive: Receive) -> bytes | None:
    """The body, or None where it is too large."""
    announced = headers.get("content-length", "0")
    if not announced.isascii() or not announced.isdigit() or int(announced[:12]) > FORM_BYTES:
        return None
    body: bytes = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return body
        body += message.get("body", b"")
        if len(body) > FORM_BYTES:
            return None
        if not message.get("more_body", False):
            return body


def _field(headers: Headers, body: bytes) -> str:
    if not headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return ""
    try:
        found = parse_qs(body.decode("ascii", errors="replace"), max_num_fields=200).get(CSRF_FIELD, [""])
    except ValueError:
        return ""
    return found[0]


def _refusal(request: Request, status: int, why: str) -> Response:
    if request.url.path.startswith("/api/"):
        return JSONResponse({"detail": why}, status)
    return Response(f"{status}: {why}\n", status, media_type="text/plain; charset=utf-8")
