"""Programs that tell us over HTTP: answered only when what they told is on the disk."""

from __future__ import annotations

import hmac
import logging
import queue
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import AfterValidator, Field
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from edgecv.config.base import Conflict, NonBlankText, Section
from edgecv.config.secrets import read_secret
from edgecv.config.service import address, is_loopback
from edgecv.handlers.handler_context import DeviceIdentity
from edgecv.handlers.sources.mqtt import ARRIVED
from edgecv.handlers.sources.source import Arrival
from edgecv.messages import handlers as messages
from edgecv.serving import WebServer
from edgecv.serving.limits import SMALL
from edgecv.serving.own_hosts import is_own_origin, refusal_on_loopback
from edgecv.untrusted import EARLIEST_S, LATEST_S, MAX_JSON_BYTES, UntrustedError, check_text

_log = logging.getLogger("edgecv.handler")
_WAITING = 200
_ANSWER_S = 30.0
_CONTENT_TYPES = ("application/json", "application/fhir+json")
_PATH_CHARS = 1000
_REHEARSAL = "/rehearsal/time"


class HookInput(Section):
    """Where programs tell us."""

    listen: Annotated[str, AfterValidator(address)] = Field(
        default="127.0.0.1:8480", description="HOST:PORT of the hook"
    )
    token_file: NonBlankText | None = Field(
        default=None,
        description="a file with the bearer token that callers must show; needed beyond this box, and on it where "
        "others log in or a browser runs",
    )

    @classmethod
    def conflicts(cls, values: Mapping[str, object]) -> Iterable[Conflict]:
        """Nobody from elsewhere without a token."""
        listen = values.get("listen")
        if isinstance(listen, str) and ":" in listen and not is_loopback(listen) and values.get("token_file") is None:
            yield Conflict(("listen",), "can be reached from other machines; give token_file, or listen on 127.0.0.1")


@dataclass(slots=True)
class _Pending:
    """A request that waits for its answer: None, or why it is refused."""

    answer: Future[str | None] = field(default_factory=Future)
    refusal: str | None = None


class HookSource:
    """A small web server, whose requests are the arrivals; their topic is ``METHOD /path``.

    Args:
        identity: the device.
        hook: its section of the box file.
        paths: routes as Starlette writes them, such as ``/fhir/{type}/{id}``.

    Without a token only requests to an address of the loopback are answered; with one or without, none that a browser
    sends for a page of another site, and none whose ``Content-Type`` is not JSON.

    Raises:
        ConfigError: the token cannot be read, or the address not listened on.
    """

    def __init__(self, identity: DeviceIdentity, hook: HookInput, paths: Sequence[str]) -> None:
        at = f"devices.{identity.device}.hook"
        self._token = None
        if hook.token_file is not None:
            self._token = read_secret(hook.token_file, identity.box_file, f"{at}.token_file")
        self._waiting: queue.Queue[Arrival] = queue.Queue(_WAITING)
        app = Starlette(routes=[Route(path, self._take, methods=["POST", "PUT"]) for path in (*paths, _REHEARSAL)])
        app.router.redirect_slashes = False  # it would send to whatever the HandlerRunner header says
        self._web = WebServer(app, hook.listen, f"{identity.box_file}: {at}.listen", SMALL)
        self.port = self._web.port
        self._web.start()

    @property
    def problem(self) -> str | None:
        """Why nothing can come, or None."""
        return None if self._web.alive else messages.HOOK_ENDED()

    def take(self, seconds: float) -> Sequence[Arrival]:
        """The requests that wait."""
        arrivals: list[Arrival] = []
        try:
            arrivals.append(self._waiting.get(timeout=seconds))
            while len(arrivals) < _WAITING:
                arrivals.append(self._waiting.get_nowait())
        except queue.Empty:
            pass
        return arrivals

    def done(self, arrivals: Sequence[Arrival]) -> None:
        """Answer them."""
        for arrival in arrivals:
            pending = arrival.receipt
            if not pending.answer.done():
                pending.answer.set_result(pending.refusal)

    def refused(self, arrival: Arrival, reason: str) -> None:
        """It could not be read: say so when it is answered."""
        arrival.receipt.refusal = reason

    def close(self) -> None:
        """End within about a second; who waits is told to try again."""
        self._web.ask_to_stop()
        while True:
            try:
                self._waiting.get_nowait().receipt.answer.cancel()
            except queue.Empty:
                break
        self._web.stop()

    async def _take(self, request: Request) -> Response:
        refused = self._refused(request)
        if refused is not None:
            return refused
        body = bytearray()
        try:
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_JSON_BYTES:
                    return outcome(413, "too-long", f"more than {MAX_JSON_BYTES} bytes are not taken")
        except ClientDisconnect:
            return Response(status_code=400)  # nobody reads it
        return await run_in_threadpool(self._ask, request.method, request.url.path, bytes(body), _arrived(request))

    def _refused(self, request: Request) -> Response | None:
        """Why it is not even read, or None."""
        refusal = None if is_own_origin(request.headers) else "this request came from a page of another site"
        if self._token is None:
            refusal = refusal_on_loopback(request.headers)
        if refusal is not None:
            return outcome(403, "forbidden", refusal)
        authorization = request.headers.get("authorization", "").encode()
        if self._token is not None and not hmac.compare_digest(authorization, f"Bearer {self._token}".encode()):
            return outcome(401, "login", "show the token of the hook's token_file", {"WWW-Authenticate": "Bearer"})
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in _CONTENT_TYPES:
            # the types that pages of other sites may send without asking first are not among them
            return outcome(415, "not-supported", f"Content-Type must be {' or '.join(_CONTENT_TYPES)}")
        try:
            check_text(request.url.path, _PATH_CHARS, "the path")
        except UntrustedError as error:
            return outcome(400, "invalid", str(error))
        return None

    def _ask(self, method: str, path: str, body: bytes, arrived_s: float | None) -> Response:
        pending = _Pending()
        try:
            self._waiting.put(
                Arrival(f"{method} {path}", body, arrived_s, pending, path == _REHEARSAL), timeout=_ANSWER_S
            )
            refusal = pending.answer.result(_ANSWER_S)
        except (queue.Full, TimeoutError, CancelledError):
            return outcome(503, "transient", "the box cannot take it now; send it again", {"Retry-After": "5"})
        if refusal is not None:
            return outcome(422, "invalid", refusal)
        return Response(status_code=201 if method == "POST" else 200)


def outcome(status: int, code: str, text: str, headers: Mapping[str, str] | None = None) -> Response:
    """An answer that says what is wrong, as FHIR's OperationOutcome; it never holds what was sent."""
    issue = {"severity": "error", "code": code, "diagnostics": text}
    body: dict[str, Any] = {"resourceType": "OperationOutcome", "issue": [issue]}
    return JSONResponse(body, status, headers, media_type="application/fhir+json")


def _arrived(request: Request) -> float | None:
    try:
        arrived_s = float(request.headers[ARRIVED])
    except (KeyError, ValueError):
        return None
    return arrived_s if EARLIEST_S <= arrived_s < LATEST_S else None
