"""Requests to an ASGI application as a server would pass them on, with any bytes in path, query, headers and body."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from fuzzer.entrance import expect

_ANSWER_S = 1.0
"""After which the client goes away; only streams of news take longer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; a status of 0 where the client went away before it began."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def is_html(self) -> bool:
        """Whether a browser shows it as a page."""
        return self.headers.get("content-type", "").startswith("text/html")


def request(
    app: Any, method: str, target: bytes, headers: list[tuple[bytes, bytes]] | None = None, body: bytes = b""
) -> Answer:
    """Ask.

    Args:
        app: the application.
        method: as GET.
        target: path and query, as on the wire.
        headers: names in lower case.
        body: of the request, sent in pieces.
    """
    return asyncio.run(_request(app, method, target, headers or [], body))


def expect_no_failure(answer: Answer) -> None:
    """No answer may be an error of ours.

    Raises:
        ViolationError: it is one.
    """
    expect(answer.status < 500 or answer.status == 507, f"answers {answer.status}")


async def _request(app: Any, method: str, target: bytes, headers: list[tuple[bytes, bytes]], body: bytes) -> Answer:
    raw_path, _, query = target.partition(b"?")
    named = {name for name, _ in headers}
    given = [(b"host", b"console"), *headers] if b"host" not in named else headers
    if b"content-length" not in named and body:
        given = [*given, (b"content-length", str(len(body)).encode())]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "https",
        "path": unquote(raw_path.decode("latin-1")),
        "raw_path": raw_path,
        "query_string": query,
        "root_path": "",
        "headers": given,
        "client": ("127.0.0.1", 40000),
        "server": ("console", 443),
        "state": {},
    }
    pieces = [body[n : n + 65536] for n in range(0, len(body), 65536)] or [b""]
    messages = [
        {"type": "http.request", "body": piece, "more_body": n + 1 < len(pieces)} for n, piece in enumerate(pieces)
    ]
    gone = asyncio.Event()
    status, found, came = 0, {}, bytearray()

    async def receive() -> dict[str, Any]:
        if messages:
            return messages.pop(0)
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = int(message["status"])
            found.update({k.decode("latin-1").lower(): v.decode("latin-1") for k, v in message["headers"]})
        elif message["type"] == "http.response.body":
            came.extend(message.get("body", b""))

    running = asyncio.ensure_future(app(scope, receive, send))
    done, _ = await asyncio.wait({running}, timeout=_ANSWER_S)
    if not done:
        gone.set()
        done, _ = await asyncio.wait({running}, timeout=_ANSWER_S)
    if not done:
        running.cancel()
        await asyncio.wait({running})
    elif (error := running.exception()) is not None and status < 500:
        raise error
    return Answer(status, found, bytes(came))
