"""What a browser sends on behalf of another site is refused: by ``Host``, ``Origin`` and ``Sec-Fetch-Site``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from edgecv.config.service import is_loopback_host

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_.-]{1,253})(:[0-9]{1,5})?")
_OWN_SITES = frozenset({"same-origin", "none"})


def host_name(host: str) -> str | None:
    """The name or address in a ``Host`` header, in lower case and without port and brackets; None where it is none."""
    match = _HOST.fullmatch(host)
    return None if match is None else match[1].strip("[]").lower()


def is_own_origin(headers: Mapping[str, str], public_url: str | None = None) -> bool:
    """Whether a request does not come from a page of another site.

    Browsers say where a request comes from and no page can change it; programs say nothing. ``public_url`` is our
    address as browsers have it, where a proxy asks us by another.
    """
    if headers.get("sec-fetch-site", "none") not in _OWN_SITES:
        return False
    origin = headers.get("origin")
    if origin is None or origin == public_url:
        return True
    try:
        netloc = urlsplit(origin).netloc
    except ValueError:
        return False
    return bool(netloc) and netloc.lower() == headers.get("host", "").lower()


def refusal_on_loopback(headers: Mapping[str, str]) -> str | None:
    """Why a server on loopback that asks for no token does not answer a request, or None.

    A page of another site, open in a browser on the box, reaches such a server too, and by a name that it points to
    127.0.0.1 (DNS rebinding) it could even read the answers.
    """
    name = host_name(headers.get("host", ""))
    if name is None or not is_loopback_host(name):
        return "the Host header is no address of this machine's loopback; ask for 127.0.0.1, or set a token"
    return None if is_own_origin(headers) else "this request came from another site"


class LoopbackOnly:
    """Answers only who asks for this machine by an address of the loopback, and from no other site's page.

    Args:
        app: what answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, or refuse."""
        reason = refusal_on_loopback(Headers(scope=scope)) if scope["type"] == "http" else None
        answer: ASGIApp = self._app if reason is None else JSONResponse({"detail": reason}, 403)
        await answer(scope, receive, send)


def is_own_host(host: str, public_url: str | None) -> bool:
    """Whether a ``Host`` header is one that may be answered.

    Where ``public_url`` is known: its host, or an address, for no name that somebody else may point to us is one.
    """
    name = host_name(host)
    if name is None or public_url is None:
        return name is not None
    if name == "localhost" or name == urlsplit(public_url).hostname:
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
