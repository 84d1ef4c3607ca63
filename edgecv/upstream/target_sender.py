"""The sender of one target: a thread that delivers its messages from the outbox and tries again after every failure."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from tenacity import RetryCallState, Retrying, retry_if_exception_type, sleep_using_event, wait_random_exponential

from edgecv.config.known_secrets import hide_secrets
from edgecv.errors import EdgecvError
from edgecv.storage.database import Database
from edgecv.storage.outbox import Outbox
from edgecv.storage.retained_states import RetainedStates
from edgecv.upstream.link_protocol import Answer, Link, UndeliveredError

log = logging.getLogger("edgecv.upstream")

SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 60.0
"""Between attempts: drawn evenly from 0.5 s to 1, 2, 4 ... 60 s, lest hundreds of boxes come back at once."""
BATCH = 50
POLL_S = 0.05
LOOK_AGAIN_S = 5.0
"""A parked message comes due without anybody writing to the database."""
CONNECT_S = 10.0
_FAREWELL_S = 2.0


@dataclass(frozen=True, slots=True)
class TargetStatus:
    """The state of one target.

    Attributes:
        name: the target's.
        connected: the last thing that was tried worked; a webhook is tried when there is something to send.
        problem: what is in the way, in plain words; ``None`` when nothing is.
        delivered: messages it confirmed since the start.
        last_delivery_s: when it last confirmed one, seconds since 1970.
    """

    name: str
    connected: bool = False
    problem: str | None = None
    delivered: int = 0
    last_delivery_s: float | None = None


class TargetSender:
    """Delivers to one target everything that it has not confirmed.

    Args:
        name: the target's name, that of its place in the outbox.
        database_path: the box's database; the thread opens its own connection.
        link: how to reach the target.
    """

    def __init__(self, name: str, database_path: Path, link: Link) -> None:
        self.status = TargetStatus(name)
        self._name = name
        self._database_path = database_path
        self._link = link
        self._stopping = threading.Event()
        self._until_s = float("inf")
        self._progress = False
        self._grows = wait_random_exponential(multiplier=1.0, min=SHORTEST_PAUSE_S, max=LONGEST_PAUSE_S)
        self._thread = threading.Thread(target=self._run, name=f"upstream-{name}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop_by(self, until_s: float) -> None:
        """Ask to send what is waiting and then end, at ``time.monotonic() == until_s`` in any case."""
        self._until_s = until_s
        self._stopping.set()

    def join(self) -> bool:
        """Wait for the end, a little beyond the time given; whether it came."""
        if self._thread.ident is not None:
            self._thread.join(max(0.0, self._until_s - time.monotonic()) + 0.5)
        return not self._thread.is_alive()

    def _run(self) -> None:
        attempts = Retrying(
            retry=retry_if_exception_type(Exception),
            wait=self._pause_s,
            stop=lambda _: self._stopping.is_set(),
            sleep=sleep_using_event(self._stopping),
            retry_error_callback=lambda _: None,
        )
        attempts(self._attempt)
        self._set(connected=False)

    def _pause_s(self, state: RetryCallState) -> float:
        if self._progress:  # it went well for a time: begin with short pauses again
            self._progress, state.attempt_number = False, 1
        error = state.outcome.exception() if state.outcome is not None else None
        asked_s = error.retry_after_s if isinstance(error, UndeliveredError) else 0.0
        return max(self._grows(state), asked_s)

    def _attempt(self) -> None:
        """Open the link and deliver until told to stop."""
        try:
            with closing(Database(self._database_path)) as database:
                self._deliver(database)
        except Exception as error:
            self._fail(error)
            raise

    def _deliver(self, database: Database) -> None:
        outbox = Outbox(database)
        if self._stopping.is_set() and (self._late() or not outbox.waiting(self._name, 1)):
            return
        clean = False
        try:
            self._link.open(min(CONNECT_S, max(0.1, self._until_s - time.monotonic())))
            self._keep_delivering(database, outbox)
            clean = True
        finally:
            self._link.close(clean=clean, timeout_s=_FAREWELL_S)

    def _keep_delivering(self, database: Database, outbox: Outbox) -> None:
        states = RetainedStates(database)
        while True:
            version = database.data_version()  # before looking, so that what comes while we look is not missed
            self._link.show(states.all())
            batch = outbox.waiting(self._name, BATCH)
            for answers in self._link.deliver(batch):
                self._settle(outbox, answers)
                if self._late():
                    return
            if not batch:
                self._works(outbox)
                if self._stopping.is_set():
                    return
                self._idle(database, version)

    def _idle(self, database: Database, version: int) -> None:
        until_s = time.monotonic() + LOOK_AGAIN_S
        while database.data_version() == version and time.monotonic() < until_s and not self._stopping.is_set():
            self._link.idle(POLL_S)

    def _late(self) -> bool:
        return time.monotonic() > self._until_s

    def _settle(self, outbox: Outbox, answers: list[Answer]) -> None:
        outbox.settle(self._name, [(answer.message.seq, answer.refusal) for answer in answers])
        accepted = sum(answer.refusal is None and not answer.skipped for answer in answers)
        for answer in answers:
            if answer.refusal is not None:
                message_name = f"{answer.message.kind} {answer.message.id}"
                log.warning("%s refuses %s: %s; it is tried again later", self._name, message_name, answer.refusal)
        if accepted:
            self._set(delivered=self.status.delivered + accepted, last_delivery_s=time.time())
            self._works(outbox)

    def _works(self, outbox: Outbox) -> None:
        self._progress = True
        if self.status.connected:
            return
        log.info("%s: connected, %d waiting", self._name, outbox.depth(self._name).waiting)
        self._set(connected=True, problem=None)

    def _fail(self, error: Exception) -> None:
        if isinstance(error, UndeliveredError | EdgecvError):
            problem = str(error)
        elif isinstance(error, sqlite3.Error):
            problem = f"{self._database_path}: cannot be read or written ({error}); check the disk"
        else:
            problem = f"unexpected {type(error).__name__}; the log has more"
            log.error("%s: unexpected error", self._name, exc_info=error)
        problem = hide_secrets(problem)  # here, where they are registered: the supervisor and its pages show it
        if problem != self.status.problem:
            log.warning("%s: %s; it is tried again", self._name, problem)
        self._set(connected=False, problem=problem)

    def _set(self, **changed: bool | int | float | str | None) -> None:
        self.status = replace(self.status, **changed)  # type: ignore[arg-type]
