"""Before everything: without a login no answer, without the token no change, and nothing larger or odder than a form.

A new page needs nothing for that: what is not listed in ``_OPEN`` is closed. The upload of evidence is let past, for
boxes do not log in and files are no forms; its handler asks for the box's token first.
"""

from __future__ import annotations

import hmac
import re
from urllib.parse import parse_qs, quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edgecv.console.accounts import Viewer
from edgecv.console.accounts.sessions import viewer_of
from edgecv.console.settings import FORM_BYTES, FORM_FIELDS, OPEN_FORM_BYTES
from edgecv.console.storage import ConsoleDatabase
from edgecv.console.web.page_limits import ContentTypeError, check_address, check_body
from edgecv.serving.own_hosts import is_own_host, is_own_origin
from edgecv.untrusted import UntrustedError

COOKIE = "__Host-edgecv"
CSRF_FIELD, CSRF_HEADER = "csrf", "x-csrf-token"
_OPEN = frozenset({"/login", "/login/oidc", "/login/oidc/answer", "/login/oidc/leave", "/language", "/healthz"})
_OPEN_BELOW = ("/static/",)
_UPLOAD = re.compile(r"/evidence/[^/]+/[^/]+/[^/]+/[^/]+")
"""Boxes put evidence there; they show a token of their own, and no cookie counts."""
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class AuthMiddleware:
    """Lets in who is logged in; puts the :class:`Viewer` into ``request.state.viewer`` (None on open pages).

    Args:
        app: what it guards.
        database: the console's.
        public_url: its address as browsers have it; others are refused where it is known.
    """

    def __init__(self, app: ASGIApp, database: ConsoleDatabase, public_url: str | None = None) -> None:
        self._app = app
        self._database = database
        self._public_url = public_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, or refuse."""
        if scope["type"] != "http":
            return  # no websockets here
        request = Request(scope)
        scope.setdefault("state", {})["viewer"] = None
        is_upload = scope["method"] == "PUT" and _UPLOAD.fullmatch(scope["path"]) is not None
        refused = self._malformed(request, is_upload=is_upload)
        if refused is not None:
            await refused(scope, receive, send)
            return
        if is_upload:
            await self._app(scope, receive, send)
            return
        token = request.cookies.get(COOKIE)
        viewer = None if token is None else await run_in_threadpool(viewer_of, self._database, token)
        scope["state"]["viewer"] = viewer
        if viewer is None and not _is_open(scope["path"]):
            await _send_to_login(request)(scope, receive, send)
            return
        if scope["method"] not in _SAFE:
            try:
                refused, receive = await self._checked(request, viewer, receive)
            except ClientDisconnect:
                return  # half a form is none
            if refused is not None:
                await refused(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _malformed(self, request: Request, *, is_upload: bool) -> Response | None:
        """The refusal of an address that no page has, or None; boxes may know us by a name of their own."""
        host = request.headers.get("host")
        if host is not None and not is_own_host(host, None if is_upload else self._public_url):
            return _refusal(request, 421, "this is no address of this console; ask for its public_url")
        try:
            check_address(request.scope["path"], request.scope["query_string"])
        except UntrustedError as error:
            return _refusal(request, 400, str(error))
        return None

    async def _checked(
        self, request: Request, viewer: Viewer | None, receive: Receive
    ) -> tuple[Response | None, Receive]:
        """A refusal, or None and a ``receive`` that gives the body again."""
        if not is_own_origin(request.headers, self._public_url):
            return _refusal(request, 403, "this request came from another site"), receive
        limit = OPEN_FORM_BYTES if viewer is None else FORM_BYTES
        body = await _body(request.headers, receive, limit)
        if body is None:
            return _refusal(request, 413, f"a request may hold {limit // 1024} KB"), receive
        try:
            check_body(request.headers, body)
        except UntrustedError as error:
            return _refusal(request, 415 if isinstance(error, ContentTypeError) else 400, str(error)), receive
        if viewer is not None:
            token = request.headers.get(CSRF_HEADER) or _field(request.headers, body)
            if not hmac.compare_digest(token.encode(), viewer.csrf.encode()):
                return _refusal(request, 403, "the page is too old; load it anew and try again"), receive
        return None, _again(body, receive)


def _again(body: bytes, receive: Receive) -> Receive:
    is_consumed = False

    async def again() -> Message:
        nonlocal is_consumed
        if is_consumed:
            return await receive()
        is_consumed = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _is_open(path: str) -> bool:
    return path in _OPEN or path.startswith(_OPEN_BELOW)


def _send_to_login(request: Request) -> Response:
    if request.scope["path"].startswith("/api/"):
        return JSONResponse({"detail": "log in first"}, 401, {"WWW-Authenticate": "Cookie"})
    query = request.scope["query_string"].decode("latin-1")
    path = request.scope["path"] + (f"?{query}" if query else "")
    target = "/login" if path == "/" or request.method != "GET" else f"/login?next={quote(path, safe='')}"
    if "hx-request" in request.headers:  # a fragment must not be replaced by the whole login page
        return Response(status_code=401, headers={"HX-Redirect": "/login"})
    return RedirectResponse(target, 303)


async def _body(headers: Headers, receive: Receive, limit: int) -> bytes | None:
    """The body, or None where it is larger than ``limit`` bytes.

    Raises:
        ClientDisconnect: it did not come whole.
    """
    announced = headers.get("content-length", "0")
    if not announced.isascii() or not announced.isdigit() or int(announced[:12]) > limit:
        return None
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        if len(body) > limit:
            return None
        if not message.get("more_body", False):
            return bytes(body)


def _field(headers: Headers, body: bytes) -> str:
    if not headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return ""
    try:
        values = parse_qs(body.decode("ascii", errors="replace"), max_num_fields=FORM_FIELDS).get(CSRF_FIELD, [""])
    except ValueError:
        return ""
    return values[0]


def _refusal(request: Request, status: int, reason: str) -> Response:
    if request.scope["path"].startswith("/api/"):
        return JSONResponse({"detail": reason}, status)
    return Response(f"{status}: {reason}\n", status, media_type="text/plain; charset=utf-8")
