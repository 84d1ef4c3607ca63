"""Lines of the log that somebody outside can cause as often as they like: one a minute of each kind, with a count."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

EVERY_S = 60.0
"""Between two lines of a kind."""
MOST_KINDS = 200
"""Kinds that are told apart; the oldest is forgotten first, so that made-up ones take no memory."""


@dataclass(slots=True)
class Seldom:
    """Writes a line of each kind once a minute, and counts those it leaves out.

    Attributes:
        log: where lines go.
        clock: seconds, monotonic.
    """

    log: logging.Logger
    clock: Callable[[], float] = time.monotonic
    _last: dict[Hashable, tuple[float, int]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def warning(self, kind: Hashable, message: str, *values: object) -> None:
        """Write a warning, or count it where one of its kind was written in the last minute.

        Args:
            kind: lines of one kind share a minute; of few values, none of them chosen by whoever causes the line.
            message: as for ``logging``, with ``values``.
        """
        with self._lock:
            now_s = self.clock()
            since_s, left_out = self._last.pop(kind, (-EVERY_S, 0))
            is_due = now_s - since_s >= EVERY_S
            self._last[kind] = (now_s, 0) if is_due else (since_s, left_out + 1)
            while len(self._last) > MOST_KINDS:
                del self._last[next(iter(self._last))]
        if is_due:
            more = f" ({left_out} more like this in the minutes before)" if left_out else ""
            self.log.warning(message + more, *values)
