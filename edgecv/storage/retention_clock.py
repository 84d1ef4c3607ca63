"""What time evidence ages by: the wall clock where somebody keeps it right, else no faster than time has passed here.

Deletion cannot be undone, and a clock is set by a typing error, a flat battery or whoever answers time requests. So an
unsynchronised clock that has jumped ahead is not followed: evidence ages by the monotonic clock meanwhile.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from edgecv.durable_files import write_atomic
from edgecv.messages import box as messages
from edgecv.time_service import is_synchronised
from edgecv.untrusted import UntrustedError, read_json

RETENTION_CLOCK = "retention-clock.json"
"""In the state directory: the last time that was agreed on."""
MOST_AHEAD_S = 86400.0
"""How far an unsynchronised clock may be ahead: nights and weekends without power are real, and crystals drift."""
_SAVE_EVERY_S = 3600.0  # what is lost at a power cut makes evidence stay an hour longer
_MOST_BYTES = 1024


def agreeing_command(path: Path) -> str:
    """The command that says, where no time service can be reached, that the box's time is right."""
    return f"date '+{{\"agreed_s\": %s}}' > {path}"


def load_agreed_s(path: Path) -> float | None:
    """The last time that was agreed on, seconds since 1970; None where the file is missing or damaged."""
    try:
        content = read_json(path.read_bytes(), max_bytes=_MOST_BYTES)
    except (OSError, UntrustedError):
        return None
    value = content.get("agreed_s") if isinstance(content, dict) else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


class RetentionClock:
    """The time that evidence ages by; one thread's.

    Args:
        path: where the time agreed on is kept over restarts.
        last_stored_s: when the newest record was stored, seconds since 1970; asked where ``path`` is missing.
        synchronised: whether a time service keeps the wall clock.
        realtime: the wall clock, seconds since 1970.
        monotonic: seconds, never set.
    """

    def __init__(
        self,
        path: Path,
        last_stored_s: Callable[[], float | None] = lambda: None,
        synchronised: Callable[[], bool] = is_synchronised,
        realtime: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = path
        self._last_stored_s = last_stored_s
        self._synchronised = synchronised
        self._realtime = realtime
        self._monotonic = monotonic
        self._anchor: tuple[float, float] | None = None  # wall time agreed on, and the monotonic time of that
        self._saved_s: float | None = None
        self.problem: str | None = None
        """Why evidence does not age by the wall clock, in plain words; None where it does."""

    def now_s(self) -> float:
        """Seconds since 1970 that evidence may be aged by; never ahead of the wall clock.

        Raises:
            OSError: the time agreed on cannot be kept.
        """
        wall_s, monotonic_s = self._realtime(), self._monotonic()
        agreed_s = self._agreed_s(wall_s, monotonic_s)
        ahead_s = wall_s - agreed_s
        if ahead_s > 0.0 and self._may_follow(ahead_s):
            agreed_s = wall_s
        if self._anchor is None or agreed_s == wall_s:
            self._anchor = (agreed_s, monotonic_s)
        self.problem = None
        if wall_s - agreed_s > MOST_AHEAD_S:
            self.problem = messages.CLOCK_AHEAD(days=ahead_s / 86400.0, command=agreeing_command(self._path))
        self._save(agreed_s, monotonic_s)
        return min(wall_s, agreed_s)

    def _may_follow(self, ahead_s: float) -> bool:
        """A restart may have taken a day; while running, nothing but a time service sets the clock ahead."""
        return (self._anchor is None and ahead_s <= MOST_AHEAD_S) or self._synchronised()

    def _agreed_s(self, wall_s: float, monotonic_s: float) -> float:
        if self._anchor is not None:
            return self._anchor[0] + monotonic_s - self._anchor[1]
        saved_s = load_agreed_s(self._path)
        if saved_s is None:
            saved_s = self._last_stored_s()
        return wall_s if saved_s is None else saved_s

    def _save(self, agreed_s: float, monotonic_s: float) -> None:
        if self._saved_s is None or monotonic_s - self._saved_s >= _SAVE_EVERY_S:
            write_atomic(self._path, json.dumps({"version": 1, "agreed_s": round(agreed_s, 3)}) + "\n")
            self._saved_s = monotonic_s
