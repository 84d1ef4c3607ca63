"""Pages below a path of somebody else's address: ``https://estate.example/edgecv/...``.

Pages are written as if they stood at the top of an address. A proxy that puts them below a path says which
(``X-Forwarded-Prefix``), or the box file does (``public_url``); every address that goes out then gets it in front:
in redirects, and in the attributes and data of our own HTML. What a proxy does not cut off in front of us is cut off
here.
"""

from __future__ import annotations

import re

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PREFIX = "edgecv.prefix"
"""Where the scope of a request has the path that a trusted proxy puts in front."""
_PREFIX = re.compile(r"(?:/[A-Za-z0-9._~-]{1,64}){1,8}")
_ADDRESS = re.compile(
    rb"((?:\b(?:href|src|action|formaction|poster|hx-get|hx-post|sse-connect|data-live)="
    rb"|\"here\":\s*)\")/(?!/)"
)
_REDIRECTS = ("location", "hx-redirect")


def prefix_of(text: str) -> str:
    """The path that is put in front; empty where it is none: it stands in pages, so it holds plain characters alone."""
    path = text.strip().rstrip("/")
    if not _PREFIX.fullmatch(path) or any(part in {".", ".."} for part in path.split("/")):
        return ""
    return path


class SubPath:
    """Puts the path in front of every address that goes out.

    Args:
        app: what answers, as if it stood at the top.
        prefix: the path where no proxy says one; empty for none.
    """

    def __init__(self, app: ASGIApp, prefix: str = "") -> None:
        self._app = app
        self._prefix = prefix_of(prefix)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve."""
        prefix = scope.get(PREFIX) or self._prefix
        if scope["type"] != "http" or not prefix:
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        if path == prefix or path.startswith(f"{prefix}/"):
            raw = scope.get("raw_path", b"").removeprefix(prefix.encode()) or b"/"
            scope = {**scope, "path": path.removeprefix(prefix) or "/", "raw_path": raw}
        await self._app(scope, receive, _Sender(send, prefix, is_head=scope["method"] == "HEAD"))


class _Sender:
    """Sends an answer with the path in front of its addresses."""

    def __init__(self, send: Send, prefix: str, *, is_head: bool) -> None:
        self._send = send
        self._prefix = prefix
        self._is_head = is_head
        self._start: Message | None = None
        self._page = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name in _REDIRECTS:
                address = headers.get(name, "")
                if address.startswith("/") and not address.startswith("//"):
                    headers[name] = self._prefix + address
            if headers.get("content-type", "").startswith("text/html") and not self._is_head:
                self._start = message  # its length is known when the page is
                return
        elif self._start is not None:
            self._page += message.get("body", b"")
            if message.get("more_body"):
                return
            page = _ADDRESS.sub(rb"\g<1>" + self._prefix.encode() + b"/", self._page)
            MutableHeaders(scope=self._start)["content-length"] = str(len(page))
            start, self._start = self._start, None
            await self._send(start)
            message = {**message, "body": page}
        await self._send(message)
