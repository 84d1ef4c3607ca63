"""Warnings that strangers can cause: one line a minute of each kind, with how many were left out."""

from __future__ import annotations

import logging
import threading
import time

INTERVAL_S = 60.0
_KINDS = 1000
"""Kinds remembered; beyond it the oldest are forgotten, so that keys which strangers choose fill no memory."""


class ThrottledLog:
    """Writes a kind of warning at most once in an interval; may be used from any thread.

    Args:
        logger: where to.
        interval_s: seconds between two lines of one kind.
    """

    def __init__(self, logger: logging.Logger, interval_s: float = INTERVAL_S) -> None:
        self._logger = logger
        self._interval_s = interval_s
        self._lock = threading.Lock()
        self._last: dict[str, tuple[float, int]] = {}  # when a kind was written, how often it was left out since

    def warning(self, key: str, msg: str, *args: object) -> None:
        """Write a warning of the kind ``key``, or count it for the next line of that kind."""
        now = time.monotonic()
        with self._lock:
            at_s, left_out = self._last.pop(key, (-self._interval_s, 0))
            is_due = now - at_s >= self._interval_s
            self._last[key] = (now, 0) if is_due else (at_s, left_out + 1)
            while len(self._last) > _KINDS:
                del self._last[next(iter(self._last))]
        if not is_due:
            return
        if left_out:
            msg, args = f"{msg} (and %d more since the last such line)", (*args, left_out)
        self._logger.warning(msg, *args)
