"""What a handler works with: its stored state, its alarms and events, its clock and its metrics."""

from __future__ import annotations

import logging
import math
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from edgecv.handlers.alarms import AlarmWriter, DeviceIdentity
from edgecv.handlers.changes import Changes
from edgecv.handlers.handler_metrics import HandlerMetrics
from edgecv.handlers.timestamps import stamp
from edgecv.handlers.unit_of_work import UnitOfWork
from edgecv.messages import handlers as messages

__all__ = ["DeviceIdentity", "HandlerContext", "stamp"]

_log = logging.getLogger("edgecv.handler")
T = TypeVar("T")
_RETRY_S = 3600.0
"""How long a subject whose work fails is left alone, listening time."""


class HandlerContext:
    """One handler's.

    The handler stores state and raises alarms here; the runner, through ``work``, commits what an input has changed.

    Args:
        identity: which device.
        connection: the box's database, for what earlier runs stored.

    Attributes:
        now_s: box time of what is being handled, seconds since 1970.
        listening_s: how long the box has been listening to the devices in all its runs, seconds: silence is measured
            by it, so that neither a box that was off nor a clock that was set makes a device silent.
        work: the changes of the input being handled, and of those not committed yet.
        problem: which work fails for some subject, in words, or None.
    """

    def __init__(self, identity: DeviceIdentity, connection: sqlite3.Connection) -> None:
        self.metrics = HandlerMetrics()
        self.work = UnitOfWork(identity.device, connection, self.metrics)
        self.problem: str | None = None
        self._alarms = AlarmWriter(identity, self.work, self.metrics)
        self._retry_at_s: dict[tuple[str, str], float] = {}
        self.listening_s = self.work.restore(".listening_s", _seconds)
        self.now_s = self.work.restore(".now_s", _seconds)

    @property
    def identity(self) -> DeviceIdentity:
        """Which device."""
        return self._alarms.identity

    @identity.setter
    def identity(self, identity: DeviceIdentity) -> None:
        self._alarms.identity = identity

    @property
    def counts(self) -> dict[str, float]:
        """Its counters."""
        return self.metrics.counts

    @property
    def gauges(self) -> dict[str, float]:
        """Its gauges, which the handler sets."""
        return self.metrics.gauges

    def count(self, name: str, by: float = 1.0) -> None:
        """Let one of its counters grow."""
        self.metrics.count(name, by)

    def get(self, key: str) -> Any:
        """What was put under a key, of JSON's types, or None; not to be changed in place."""
        return self.work.get(key)

    def put(self, key: str, value: Any) -> None:
        """Store a value of JSON's types; None removes the key."""
        self.work.put(key, value)

    def items(self, prefix: str = "") -> Iterator[tuple[str, Any]]:
        """Keys that begin so, with their values."""
        return self.work.items(prefix)

    def restore(self, key: str, read: Callable[[Any], T]) -> T:
        """What is stored under a key, as ``read`` makes it; see ``UnitOfWork.restore``."""
        return self.work.restore(key, read)

    def restore_all(self, prefix: str, read: Callable[[Any], T]) -> Iterator[tuple[str, T]]:
        """Keys that begin so, with their values as ``read`` makes them; what it cannot take is set aside."""
        return self.work.restore_all(prefix, read)

    def alarm(
        self,
        kind: str,
        subject: str,
        started_s: float,
        text: str,
        details: Mapping[str, Any],
        *,
        planned: bool = False,
        ended_s: float | None = None,
        content: str | None = None,
    ) -> str:
        """Raise an alarm, and return its id: the same for the same kind, subject and start.

        Args:
            kind: one of the handler's events.
            subject: what it is about.
            started_s: when it began, seconds since 1970.
            text: in one sentence.
            details: what the kind's model says.
            planned: recorded as a candidate and never pushed, for it was expected.
            ended_s: when it ended, where it has.
            content: what tells it from others, where that is not its start, such as a message's own id.

        Raises:
            pydantic.ValidationError: the details are not those of the kind.
            UntrustedError: subject, text or details are beyond the bounds of ``edgecv.handlers.payload_limits``.
            KeyError: the handler declares no such event.
        """
        return self._alarms.raise_alarm(
            kind,
            subject,
            started_s,
            text,
            details,
            now_s=self.now_s,
            planned=planned,
            ended_s=ended_s,
            content=content,
        )

    def update(
        self,
        alarm: str,
        text: str | None = None,
        *,
        ended_s: float | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """An alarm goes on or has ended: change its record, and send the change upstream if the alarm was pushed.

        Args:
            alarm: its id.
            text: the sentence as it is now, or None as before.
            ended_s: when it ended, or None.
            details: what of its details has changed.
        """
        self._alarms.update(alarm, text, now_s=self.now_s, ended_s=ended_s, details=details or {})

    def send_event(self, kind: str, text: str, **details: Any) -> None:
        """Send a device event upstream: no alarm, but worth knowing."""
        self._alarms.send_event(kind, text, details, now_s=self.now_s)

    def run_for_each(self, task: str, subjects: Iterable[str], run: Callable[[str], None]) -> None:
        """Run a task for each subject by itself: one that fails costs the others nothing.

        It is set aside with the reason, and tried again after an hour.

        Args:
            task: what it does, in few words, for messages.
            subjects: for whom.
            run: the task for one.
        """
        self.work.complete()
        for subject in subjects:
            if self._retry_at_s.get((task, subject), float("-inf")) > self.listening_s:
                continue
            try:
                run(subject)
                self.work.complete()
            except Exception as error:
                self.work.discard()
                self.count("failures")
                self._retry_at_s[task, subject] = self.listening_s + _RETRY_S
                self.work.count_unreadable(f"{task} fails: {type(error).__name__}", subject)
                if self.problem is None:
                    _log.exception("%s: %s fails for %r; it is set aside", self.identity.device, task, subject)
                self.problem = messages.FAILS_FOR_SOME(why=task, kind=type(error).__name__)

    @property
    def is_clean(self) -> bool:
        """Whether there is nothing to write."""
        return self.work.is_empty and not self._alarms.has_report(self.now_s)

    def write(self, connection: sqlite3.Connection, wall_s: float) -> None:
        """Write what is not committed within the caller's transaction; ``work.committed`` follows its commit."""
        self._alarms.report_held_back(self.now_s)
        self.work.write(connection, wall_s)
        self._write_own(connection, wall_s)

    def write_each(self, connection: sqlite3.Connection, wall_s: float) -> list[str]:
        """Like ``write``, but each input by itself: what the database does not take of one costs only that one.

        Returns:
            Why, of each input that was set aside.
        """
        reasons = self.work.write_each(connection, wall_s)
        self._write_own(connection, wall_s)
        return reasons

    def _write_own(self, connection: sqlite3.Connection, wall_s: float) -> None:
        own = {**self._alarms.limits.to_stored(), ".listening_s": self.listening_s, ".now_s": self.now_s}
        Changes(own).write(connection, self.identity.device, wall_s)

    # Names until 0.2, for handlers of other packages.

    @property
    def who(self) -> DeviceIdentity:
        """Deprecated: ``identity``."""
        return self.identity

    def tell(self, kind: str, text: str, **details: Any) -> None:
        """Deprecated: ``send_event``."""
        self.send_event(kind, text, **details)

    def each(self, task: str, subjects: Iterable[str], run: Callable[[str], None]) -> None:
        """Deprecated: ``run_for_each``."""
        self.run_for_each(task, subjects, run)


def _seconds(stored: Any) -> float:
    seconds = 0.0 if stored is None else float(stored)
    if not math.isfinite(seconds):
        raise ValueError("not finite")
    return seconds
