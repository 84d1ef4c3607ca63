"""What is new, told to open pages: server-sent events, by community."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

from edgecv.console.intake.event_ingest import News
from edgecv.console.settings import LIVE_CHECK_S, LIVE_LATER_S, LIVE_PING_S, LIVE_STREAMS


class _Listener:
    """One open page: which kinds of news wait for it, each told once however often it came."""

    def __init__(self, community: int, user: int) -> None:
        self.community = community
        self.user = user
        self.loop = asyncio.get_running_loop()
        self.waiting: set[str] = set()
        self.woken = asyncio.Event()

    def hear(self, kind: str) -> None:
        self.waiting.add(kind)
        self.woken.set()


class EventBroadcaster:
    """Brings news from the threads of feeds and handlers to the streams of open pages."""

    def __init__(self) -> None:
        self._listeners: set[_Listener] = set()
        self._lock = threading.Lock()
        self._closed = False

    def tell(self, news: News) -> None:
        """Tell those who look at these communities; from any thread."""
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            for community, kind in news:
                if community == listener.community:
                    self._wake(listener, kind)

    def close(self) -> None:
        """End all streams."""
        self._closed = True
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            self._wake(listener, "")

    async def stream(
        self, community: int, user: int, is_allowed: Callable[[], Awaitable[bool]]
    ) -> AsyncIterator[bytes]:
        """The stream of one page: ``event: incident`` and so on; data is empty, the page asks for what it shows.

        It ends at once where the user has ``LIVE_STREAMS`` already; browsers then ask again after ``LIVE_LATER_S``.

        Args:
            community: whose news.
            user: key of who looks at the page.
            is_allowed: asked every ``LIVE_CHECK_S``; the stream ends with the login that it was opened with.
        """
        listener = _Listener(community, user)
        if not self._add(listener):
            yield f"retry: {LIVE_LATER_S * 1000}\n: too many open pages\n\n".encode()
            return
        try:
            yield b"retry: 2000\n: hello\n\n"
            checked_s = told_s = listener.loop.time()
            while not self._closed:
                with suppress(TimeoutError):
                    await asyncio.wait_for(listener.woken.wait(), LIVE_CHECK_S)
                now = listener.loop.time()
                if now - checked_s >= LIVE_CHECK_S:
                    if not await is_allowed():
                        break
                    checked_s = now
                listener.woken.clear()
                kinds, listener.waiting = listener.waiting - {""}, set()
                lines = [f"event: {kind}\ndata: new\n\n" for kind in sorted(kinds)]
                if not lines and now - told_s >= LIVE_PING_S:
                    lines = [": still here\n\n"]
                if lines:
                    told_s = now
                    yield "".join(lines).encode()
        finally:
            with self._lock:
                self._listeners.discard(listener)

    def _add(self, listener: _Listener) -> bool:
        """False where its user has too many already."""
        with self._lock:
            if sum(other.user == listener.user for other in self._listeners) >= LIVE_STREAMS:
                return False
            self._listeners.add(listener)
        return True

    @staticmethod
    def _wake(listener: _Listener, kind: str) -> None:
        with suppress(RuntimeError):  # its loop has ended, and the page with it
            listener.loop.call_soon_threadsafe(listener.hear, kind)
