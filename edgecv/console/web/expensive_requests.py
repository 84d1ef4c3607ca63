"""Pages that hash whole clips: a few at a time, and who waits for one takes no thread from the other pages."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from edgecv.console.settings import CHECKS_AT_ONCE, CHECKS_WAITING


class ExpensiveRequests:
    """Answers ``CHECKS_AT_ONCE`` such requests at once; belongs to one console, and so to one event loop."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(CHECKS_AT_ONCE)
        self._asked = 0

    async def answer(self, handler: Callable[[Request], Response], request: Request) -> Response:
        """The handler's answer.

        Raises:
            HTTPException: 503 where too many wait already.
        """
        if self._asked >= CHECKS_AT_ONCE + CHECKS_WAITING:
            raise HTTPException(503)
        self._asked += 1
        try:
            async with self._turns:
                return await run_in_threadpool(handler, request)
        finally:
            self._asked -= 1


def heavy(handler: Callable[[Request], Response]) -> Callable[[Request], Awaitable[Response]]:
    """A handler that waits for its turn."""

    async def in_turn(request: Request) -> Response:
        turns: ExpensiveRequests = request.app.state.console.heavy
        return await turns.answer(handler, request)

    return in_turn
