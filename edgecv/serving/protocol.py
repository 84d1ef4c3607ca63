"""HTTP/1.1 with deadlines: for the head of a request, the pace of its body, and the reading of its answer."""

from __future__ import annotations

import asyncio
import logging
from typing import ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from edgecv.serving.limits import GOODBYE_S, HEAD_BYTES, TICK_S, Limits
from edgecv.serving.throttled_log import ThrottledLog

_log = ThrottledLog(logging.getLogger("edgecv.web"))
_WRITE_HIGH, _WRITE_LOW = 64 * 1024, 16 * 1024
"""Bytes of an answer that wait for a client: at the first the application waits, at the second it goes on."""


class BoundedProtocol(H11Protocol):
    """uvicorn's protocol, which waits for ever for the rest of a request, made to give up."""

    limits: ClassVar[Limits] = Limits()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to watch it."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=_WRITE_HIGH, low=_WRITE_LOW)
        self.logger = _quiet  # whose lines strangers cause
        now = self.loop.time()
        self._idle_since = now  # since when a head is waited for, or nothing more is to be said
        self._closing_since: float | None = None
        self._stalled_since: float | None = None
        self._window: tuple[float, int] | None = None  # since when a body's pace is measured, and bytes until then
        self._received = 0
        self._ticking = self.loop.call_later(TICK_S, self._tick)

    def connection_lost(self, exc: Exception | None) -> None:
        """End to watch it."""
        self._ticking.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Hand on in pieces: h11 bounds a head by what is left over of it after each."""
        self._received += len(data)
        for start in range(0, len(data), HEAD_BYTES // 2):
            if self.transport.is_closing():
                return
            super().data_received(data[start : start + HEAD_BYTES // 2])

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP; in the middle of an answer there is no way left to say so."""
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            super().send_400_response(msg)
        else:
            self.transport.close()

    def on_response_complete(self) -> None:
        """From now on the next head is waited for, or the rest of a body that nobody reads."""
        self._idle_since = self.loop.time()
        super().on_response_complete()

    def pause_writing(self) -> None:
        """The client does not read as fast as we write."""
        self._stalled_since = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        """It has caught up."""
        self._stalled_since = None
        super().resume_writing()

    def _tick(self) -> None:
        reason = self._overdue(self.loop.time())
        if reason is None:
            self._ticking = self.loop.call_later(TICK_S, self._tick)
            return
        if self._received:  # browsers open connections that they may need, and say nothing on them
            client = self.client[0] if self.client else "a client"
            _log.warning(reason, "a connection from %s was closed: %s", client, reason)
        self.transport.abort()

    def _overdue(self, now: float) -> str | None:
        """What the client is late with, or None."""
        if self.transport.is_closing():
            self._closing_since = self._closing_since or now
            return "it does not read the end of its answer" if now - self._closing_since > GOODBYE_S else None
        if self._stalled_since is not None and now - self._stalled_since > self.limits.answer_s:
            return "it does not read its answer"
        is_answered = self.cycle is None or self.cycle.response_complete
        if self.conn.their_state is h11.SEND_BODY and not is_answered:
            return self._slow_body(now)
        self._window = None
        if not is_answered:
            return None  # the application's time
        if self.conn.their_state is h11.SEND_BODY:
            return "it goes on sending what was answered" if now - self._idle_since > GOODBYE_S else None
        return "its request does not come" if now - self._idle_since > self.limits.head_s else None

    def _slow_body(self, now: float) -> str | None:
        is_ours_to_wait = self.flow.read_paused or self.cycle.waiting_for_100_continue
        if self._window is None or is_ours_to_wait:
            self._window = now, self._received
            return None
        since, before = self._window
        if now - since < self.limits.body_window_s:
            return None
        self._window = now, self._received
        least = self.limits.body_bytes_s * (now - since)
        return "its request's body comes too slowly" if self._received - before < least else None


class _Quiet(logging.Logger):
    """Hands uvicorn's warnings on, one a minute of each kind; errors are bugs of ours and always said."""

    def warning(self, msg: object, *args: object, **_: object) -> None:
        _log.warning(str(msg), str(msg), *args)

    def error(self, msg: object, *args: object, **more: object) -> None:
        logging.getLogger("edgecv.web").error(msg, *args, **more)  # type: ignore[arg-type]


_quiet = _Quiet("edgecv.web.uvicorn", logging.WARNING)


def bounded_protocol(of: Limits) -> type[BoundedProtocol]:
    """The protocol with these limits."""
    return type("BoundedProtocol", (BoundedProtocol,), {"limits": of})
