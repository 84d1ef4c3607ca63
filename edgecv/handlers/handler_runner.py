"""Runs one handler: takes inputs, commits what came of them, acknowledges them; nothing a device sends can end it."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any

from edgecv.errors import ConfigError
from edgecv.handlers.handler import Handler, Input, MalformedError
from edgecv.handlers.handler_context import DeviceIdentity, HandlerContext
from edgecv.handlers.payload_values import in_few_words
from edgecv.handlers.sources.source import Arrival, Source
from edgecv.messages import handlers as messages
from edgecv.messages import joined
from edgecv.storage.database import DATABASE, Database, is_disk_failure
from edgecv.storage.disk_reserve import release_reserve
from edgecv.untrusted import EARLIEST_S, LATEST_S, MAX_JSON_BYTES, UntrustedError, check_text

_log = logging.getLogger("edgecv.handler")
TICK_S = 1.0
BATCH_S = 0.1
"""One commit for what comes in so much time: a commit waits for the disk, and each message waiting for its own would
cost thousands of covers more than a core."""
_COMMIT_EVERY_S = 60.0
_RETRY_S = 1.0
_EXAMPLE_BYTES = 512
_TOPIC_CHARS = 400
"""Of a topic or path: the contract's are a quarter of it, ChirpStack's less."""
_SHARE_S = 0.02

HandlerFactory = Callable[[HandlerContext], Handler[Any]]


class HandlerRunner:
    """One handler at work.

    Args:
        identity: the device.
        make: makes its handler.
        rehearsal: the traffic tells its own time; see ``Arrival.arrived_s``.
    """

    def __init__(self, identity: DeviceIdentity, make: HandlerFactory, *, rehearsal: bool = False) -> None:
        self._identity = identity
        self._rehearsal = rehearsal
        self._database: Database | None = Database(identity.state / DATABASE)
        self.context = HandlerContext(identity, self._database.connection)
        if not rehearsal:  # whose time goes on where it stood
            self.context.now_s = time.time()
        self.handler = self._make_handler(make)
        self._sources: Sequence[Source] = self.handler.sources()
        self._unacknowledged: list[tuple[Source, Sequence[Arrival]]] = []
        self._next_tick_s = 0.0
        self._listened_s = time.monotonic()
        self._committed_s = time.monotonic()
        self._has_warned_untimed = False
        self._handler_problem: str | None = None
        self._disk_problem: str | None = None

    @property
    def problem(self) -> str | None:
        """Why nothing comes from the devices, or None."""
        problems = [problem for source in self._sources if (problem := source.problem) is not None]
        return joined(problems) if problems else None

    def degraded(self) -> tuple[str, ...]:
        """What is not as it should be though it works."""
        problems = [
            text for text in (self._handler_problem, self.context.problem, self._disk_problem) if text is not None
        ]
        return (*problems, *self.handler.problems())

    def _make_handler(self, make: HandlerFactory) -> Handler[Any]:
        """The handler; where it cannot begin with what an older version left, it begins anew."""
        try:
            handler = make(self.context)
            self.context.work.complete()
        except ConfigError:
            raise
        except Exception as error:
            self.context.work.clear_state()
            handler = make(self.context)  # fails again where the state is not the reason
            self.context.work.complete()
            _log.error("%s: what was stored cannot be used; it begins anew", self._identity.device, exc_info=error)
            self.context.work.count_unreadable(f"stored state cannot be used: {type(error).__name__}", None)
        return handler

    def notices(self) -> tuple[str, ...]:
        """What whoever looks at the device's state should know though all is as it should be."""
        return self.handler.notices()

    def run(self, stop: Callable[[], bool], beat: Callable[[], None]) -> None:
        """Work until told to stop; ``beat`` is called several times a second."""
        try:
            while not stop():
                beat()
                self.step(BATCH_S)
        finally:
            for source in self._sources:
                source.close()
            self._close()

    def step(self, seconds: float) -> None:
        """Take what comes in about so many seconds, handle it, commit, acknowledge."""
        if self._disk_problem is None:
            self._take(seconds)
        overdue = time.monotonic() - self._committed_s > _COMMIT_EVERY_S
        if (not self.context.is_clean or overdue) and not self._commit():
            time.sleep(_RETRY_S)  # nothing is acknowledged yet, and nothing more is taken
            return
        for source, arrivals in self._unacknowledged:
            source.done(arrivals)
        self._unacknowledged.clear()

    def _take(self, seconds: float) -> None:
        for source in self._sources:
            arrivals = source.take(seconds if len(self._sources) == 1 else _SHARE_S)
            if arrivals:
                self._unacknowledged.append((source, arrivals))
        if not self._sources:
            time.sleep(seconds)
        self._count_listening()
        for source, arrivals in self._unacknowledged:
            for arrival in arrivals:
                refusal = self._handle(arrival)
                if refusal is not None:
                    source.refused(arrival, refusal)
        if not self._rehearsal:
            self._advance(time.time())

    def _count_listening(self) -> None:
        now_s = time.monotonic()
        if not self._rehearsal and self.problem is None:
            self.context.listening_s += now_s - self._listened_s
        self._listened_s = now_s

    def _handle(self, arrival: Arrival) -> str | None:
        """Handle one; why it is refused, or None."""
        if self._rehearsal:
            if arrival.arrived_s is None or not EARLIEST_S <= arrival.arrived_s < LATEST_S:
                self._ignore_untimed(arrival)
                return None
            self._advance_rehearsal(arrival.arrived_s)
        if arrival.is_time:
            return None
        context = self.context
        if not self._rehearsal:
            context.now_s = time.time()
        context.count("inputs")
        try:
            _check(arrival)
            self.handler.receive(Input(arrival.topic, arrival.payload, context.now_s))
            context.work.complete(self._example(arrival))
        except MalformedError as error:
            return self._set_aside(arrival, error.reason)
        except UntrustedError as error:
            return self._set_aside(arrival, in_few_words(error))
        except Exception as error:
            context.count("failures")
            self._set_aside(arrival, f"the handler failed: {type(error).__name__}")
            if self._handler_problem is None:
                _log.exception("%s: an input made the handler fail; it is set aside", self._identity.device)
            self._handler_problem = messages.FAILS_ON_INPUTS(kind=type(error).__name__)
            return "the handler failed on it; it is set aside"
        return None

    def _ignore_untimed(self, arrival: Arrival) -> None:
        """Say once that a message without a time is no part of the rehearsal."""
        if not self._has_warned_untimed:
            self._has_warned_untimed = True
            _log.warning(
                "%s: a message on %s has no time (user property or header edgecv-arrived, seconds since 1970) and is "
                "ignored in a rehearsal, like all others without one",
                self._identity.device,
                ascii(arrival.topic),
            )

    def _set_aside(self, arrival: Arrival, reason: str) -> str:
        self.context.work.discard()
        self.context.work.count_unreadable(reason, self._example(arrival))
        return reason

    def _advance_rehearsal(self, arrived_s: float) -> None:
        """Let the traffic's own time go on, and what is due in it."""
        previous_s = self.context.now_s
        if previous_s and arrived_s > previous_s:
            self.context.listening_s += arrived_s - previous_s
        self._advance(max(arrived_s, previous_s))

    def _advance(self, now_s: float) -> None:
        context = self.context
        context.now_s = now_s
        if abs(now_s - self._next_tick_s) < TICK_S and now_s < self._next_tick_s:
            return
        self._next_tick_s = now_s + TICK_S
        try:
            self.handler.tick()
            context.work.complete()
        except Exception as error:
            context.work.discard()
            context.count("failures")
            if self._handler_problem is None:
                _log.exception("%s: the handler fails at what is due", self._identity.device)
            self._handler_problem = messages.FAILS_AT_DUE(kind=type(error).__name__)

    def _example(self, arrival: Arrival) -> str | None:
        if not self.handler.keeps_examples:
            return None
        excerpt = arrival.payload[:_EXAMPLE_BYTES].decode("utf-8", "backslashreplace")
        return f"{arrival.topic[:_TOPIC_CHARS]}: {excerpt}"

    def _commit(self) -> bool:
        write = self.context.write
        while True:
            try:
                with self._opened().transaction() as connection:
                    write(connection, time.time())
            except Exception as error:
                if not is_disk_failure(error) and write != self._write_each:
                    write = self._write_each
                    continue
                if release_reserve(self._identity.state):
                    continue
                if self._disk_problem is None:
                    _log.error("%s: the disk takes nothing: %s", self._identity.device, error)
                self._disk_problem = messages.DISK_TAKES_NOTHING(why=str(error))
                self._close()
                return False
            self.context.work.committed()
            self._disk_problem = None
            self._committed_s = time.monotonic()
            return True

    def _write_each(self, connection: sqlite3.Connection, wall_s: float) -> None:
        """What the database does not take of one input must not keep it from acknowledging the others."""
        reasons = self.context.write_each(connection, wall_s)
        for reason in dict.fromkeys(reasons):
            _log.error("%s: %d inputs are set aside: %s", self._identity.device, reasons.count(reason), reason)
        if reasons:
            self._handler_problem = messages.SET_ASIDE(count=len(reasons), why=reasons[0])

    def _opened(self) -> Database:
        if self._database is None:
            self._database = Database(self._identity.state / DATABASE)
        return self._database

    def _close(self) -> None:
        if self._database is not None:
            with closing(self._database):
                self._database = None


def _check(arrival: Arrival) -> None:
    """Whether an input may reach a handler at all.

    Raises:
        UntrustedError: it may not.
    """
    if arrival.refusal is not None:
        raise UntrustedError(arrival.refusal)
    check_text(arrival.topic, _TOPIC_CHARS, "its topic")
    if len(arrival.payload) > MAX_JSON_BYTES:
        raise UntrustedError(f"it has more than {MAX_JSON_BYTES} bytes")
