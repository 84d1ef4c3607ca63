"""Work that takes memory, some at a time: a few wait for their turn, the rest are asked to come again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from edgecv.errors import EdgecvError


class BusyError(EdgecvError):
    """Too many wait already; try again in some seconds."""


class HashingQueue:
    """Hands out turns to threads.

    Args:
        at_once: how many have one at the same time.
        waiting: how many may wait for one.
    """

    def __init__(self, at_once: int, waiting: int) -> None:
        self._free = threading.Semaphore(at_once)
        self._places = threading.Semaphore(at_once + waiting)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn and have it.

        Raises:
            BusyError: too many wait already.
        """
        if not self._places.acquire(blocking=False):
            raise BusyError("too many passwords are being checked; try again in some seconds")
        try:
            with self._free:
                yield
        finally:
            self._places.release()
