"""Runs one handler: takes inputs, commits what came of them, acknowledges them; nothing a device sends can end it."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any

from edgecv.handlers.desk import Desk, DeviceIdentity
from edgecv.handlers.handler import Handler, Input, MalformedError
from edgecv.handlers.sources.source import Arrival, Source
from edgecv.incidents.database import DATABASE, Database, DatabaseError
from edgecv.incidents.reserve import release_reserve

_log = logging.getLogger("edgecv.handler")
TICK_S = 1.0
BATCH_S = 0.1
"""One commit for what comes in so much time: a commit waits for the disk, and each message waiting for its own would
cost thousands of covers more than a core."""
_SAVE_TIME_S = 60.0
_RETRY_S = 1.0
_EXAMPLE_BYTES = 512
_SHARE_S = 0.02

Make = Callable[[Desk], Handler[Any]]


class Host:
    """One handler at work.

    Args:
        who: the device.
        make: makes its handler.
        rehearsal: the traffic tells its own time; see ``Arrival.arrived_s``.
    """

    def __init__(self, who: DeviceIdentity, make: Make, *, rehearsal: bool = False) -> None:
        self._who = who
        self._rehearsal = rehearsal
        self._database: Database | None = Database(who.state / DATABASE)
        self.desk = Desk(who, self._database.connection)
        if not rehearsal:  # whose time goes on where it stood
            self.desk.now_s = time.time()
        self.handler = make(self.desk)
        self.desk.keep()
        self._sources: Sequence[Source] = self.handler.sources()
        self._handled: list[tuple[Source, Sequence[Arrival]]] = []
        self._next_tick_s = 0.0
        self._heard_s = time.monotonic()
        self._saved_s = time.monotonic()
        self._failures: str | None = None
        self._disk: str | None = None

    @property
    def problem(self) -> str | None:
        """Why nothing comes from the devices, or None."""
        return "; ".join(found for source in self._sources if (found := source.problem) is not None) or None

    def degraded(self) -> tuple[str, ...]:
        """What is not as it should be though it works."""
        own = [text for text in (self._failures, self._disk) if text is not None]
        return (*own, *self.handler.problems())

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
        if self._disk is None:
            self._take(seconds)
        overdue = time.monotonic() - self._saved_s > _SAVE_TIME_S
        if (not self.desk.is_clean or overdue) and not self._commit():
            time.sleep(_RETRY_S)  # nothing is acknowledged yet, and nothing more is taken
            return
        for source, arrivals in self._handled:
            source.done(arrivals)
        self._handled.clear()

    def _take(self, seconds: float) -> None:
        for source in self._sources:
            arrivals = source.take(seconds if len(self._sources) == 1 else _SHARE_S)
            if arrivals:
                self._handled.append((source, arrivals))
        if not self._sources:
            time.sleep(seconds)
        self._listen()
        for source, arrivals in self._handled:
            for arrival in arrivals:
                refusal = self._handle(arrival)
                if refusal is not None:
                    source.refused(arrival, refusal)
        if not self._rehearsal:
            self._advance(time.time())

    def _listen(self) -> None:
        now_s = time.monotonic()
        if not self._rehearsal and self.problem is None:
            self.desk.listening_s += now_s - self._heard_s
        self._heard_s = now_s

    def _handle(self, arrival: Arrival) -> str | None:
        """Handle one; why it is refused, or None."""
        if self._rehearsal:
            if arrival.arrived_s is None:
                return None  # what is not part of it
            self._rehearse(arrival.arrived_s)
        if arrival.is_time:
            return None
        desk = self.desk
        if not self._rehearsal:
            desk.now_s = time.time()
        desk.count("inputs")
        try:
            self.handler.receive(Input(arrival.topic, arrival.payload, desk.now_s))
        except MalformedError as error:
            desk.discard()
            desk.unreadable(error.reason, self._example(arrival))
            return error.reason
        except Exception as error:
            desk.discard()
            desk.count("failures")
            desk.unreadable(f"the handler failed: {type(error).__name__}", self._example(arrival))
            if self._failures is None:
                _log.exception("%s: an input made the handler fail; it is set aside", self._who.device)
            self._failures = f"the handler fails on some inputs ({type(error).__name__}); they are set aside"
            return "the handler failed on it; it is set aside"
        desk.keep()
        return None

    def _rehearse(self, arrived_s: float) -> None:
        """Let the traffic's own time go on, and what is due in it."""
        before_s = self.desk.now_s
        if before_s and arrived_s > before_s:
            self.desk.listening_s += arrived_s - before_s
        self._advance(max(arrived_s, before_s))

    def _advance(self, now_s: float) -> None:
        desk = self.desk
        desk.now_s = now_s
        if abs(now_s - self._next_tick_s) < TICK_S and now_s < self._next_tick_s:
            return
        self._next_tick_s = now_s + TICK_S
        try:
            self.handler.tick()
        except Exception as error:
            desk.discard()
            desk.count("failures")
            if self._failures is None:
                _log.exception("%s: the handler fails at what is due", self._who.device)
            self._failures = f"the handler fails at what is due ({type(error).__name__})"
        else:
            desk.keep()

    def _example(self, arrival: Arrival) -> str | None:
        if not self.handler.keeps_examples:
            return None
        shown = arrival.payload[:_EXAMPLE_BYTES].decode("utf-8", "backslashreplace")
        return f"{arrival.topic}: {shown}"

    def _commit(self) -> bool:
        while True:
            try:
                database = self._opened()
                with database.transaction() as connection:
                    self.desk.write(connection, time.time())
            except (sqlite3.Error, DatabaseError, OSError) as error:
                if release_reserve(self._who.state):
                    continue
                if self._disk is None:
                    _log.error("%s: the disk takes nothing: %s", self._who.device, error)
                self._disk = f"the disk takes nothing ({error}); inputs wait at their source"
                self._close()
                return False
            self.desk.written()
            self._disk = None
            self._saved_s = time.monotonic()
            return True

    def _opened(self) -> Database:
        if self._database is None:
            self._database = Database(self._who.state / DATABASE)
        return self._database

    def _close(self) -> None:
        if self._database is not None:
            with closing(self._database):
                self._database = None
