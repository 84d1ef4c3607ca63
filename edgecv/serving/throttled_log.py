"""Warnings that strangers can cause: one line a minute of each kind, with how many were left out."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Hashable

INTERVAL_S = 60.0
"""Between two lines of a kind."""
MOST_KINDS = 1000
"""Kinds remembered; beyond it the oldest are forgotten, so that keys which strangers choose fill no memory."""


class ThrottledLog:
    """Writes a kind of warning at most once in an interval; may be used from any thread.

    Args:
        logger: where to.
        clock: seconds, monotonic.
    """

    def __init__(self, logger: logging.Logger, clock: Callable[[], float] = time.monotonic) -> None:
        self._logger = logger
        self._clock = clock
        self._lock = threading.Lock()
        self._last: dict[Hashable, tuple[float, int]] = {}  # when a kind was written, how often it was left out since

    def warning(self, kind: Hashable, message: str, *values: object) -> None:
        """Write a warning, or count it for the next line of its kind.

        Args:
            kind: lines of one kind share an interval; of few values, best none that whoever causes the line chooses.
            message: as for ``logging``, with ``values``.
        """
        with self._lock:
            now_s = self._clock()
            since_s, left_out = self._last.pop(kind, (now_s - INTERVAL_S, 0))
            is_due = now_s - since_s >= INTERVAL_S
            self._last[kind] = (now_s, 0) if is_due else (since_s, left_out + 1)
            while len(self._last) > MOST_KINDS:
                del self._last[next(iter(self._last))]
        if not is_due:
            return
        if left_out:
            message += f" ({left_out} more like this in the minutes before)"
        self._logger.warning(message, *values)
