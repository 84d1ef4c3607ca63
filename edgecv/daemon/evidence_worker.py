"""The process that draws and seals evidence, one incident after another, at a lower priority than the cameras.

All cameras may see the same fall: drawn in their workers, at once, its evidence cost them the frames of that moment.
Decoding and drawing get only what the cameras do not need, in a thread of their own. The thread that holds the chain's
lock and the database, which other processes wait for, has an ordinary priority within this one.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import cv2

from edgecv.daemon.child import Child
from edgecv.daemon.evidence_finalisation import finalise_evidence
from edgecv.daemon.instance_lock import take_evidence
from edgecv.daemon.logs import LogForm, configure_logging
from edgecv.daemon.process import begin_child, give_back_memory, yield_to_cameras
from edgecv.errors import EdgecvError
from edgecv.evidence.keys import BoxKey
from edgecv.messages import box as messages
from edgecv.storage.database import DATABASE, Database
from edgecv.storage.incident_store import INCIDENTS, IncidentStore

_log = logging.getLogger("edgecv.evidence")
_SILENT_S = 120.0  # from one frame to the next takes milliseconds
_STARVED_S = 600.0  # but not on a box whose cameras need it all
_HEARTBEAT_S = 1.0
_POLL_S = 0.5
_RETRY_S = 15.0
_STOP_S = 4.0  # for a bundle that is half drawn when it is asked to stop
_LOWEST_PRIORITY = 19  # nice
_MEMORY_MB = 1536  # eighteen frames of 4K, nine of them in colours


@dataclass(frozen=True, slots=True)
class EvidenceHeartbeat:
    """The evidence process is alive.

    Attributes:
        waiting: how many incidents' evidence is not sealed yet, those whose clips still grow among them.
        problem: what keeps evidence from being sealed, or None.
    """

    waiting: int
    problem: str | None


class EvidenceProcessor:
    """Draws and seals the evidence that workers have handed over, in the order of the incidents.

    Args:
        state: the state directory.
        on_frame: called with every frame that is decoded.
        executor: where pictures are drawn; in the caller's thread when left out.
    """

    def __init__(
        self, state: Path, on_frame: Callable[[], None] = lambda: None, executor: Executor | None = None
    ) -> None:
        self.waiting = 0
        self.problem: str | None = None
        self._state = state
        self._on_frame = on_frame
        self._executor = executor
        self._database: Database | None = None
        self._lock: int | None = None
        self._key: BoxKey | None = None
        self._retry: dict[str, float] = {}

    def step(self) -> bool:
        """Draw and seal the evidence of one incident, the first that nobody adds to; whether there was one.

        Those of one camera stay in order. One that the disk does not take is tried again later and holds up no other.
        """
        incident_id = None
        try:
            store = self._store()
            incident_id = self._next(store)
            if incident_id is not None:
                self._key = self._key or BoxKey.load_or_create(self._state)
                outcome = finalise_evidence(store, self._key, incident_id, self._on_frame, self._executor)
                _log.info("incident %s: its evidence is %s", incident_id, outcome, extra={"incident": incident_id})
        except (OSError, sqlite3.Error, EdgecvError) as error:
            self._put_off(incident_id, error)
        except Exception as error:
            _log.exception("sealing evidence failed")
            self._put_off(incident_id, error)
        else:
            if incident_id is not None:
                self._retry.pop(incident_id, None)
            if not self._retry:
                self.problem = None
        return incident_id is not None

    def close(self) -> None:
        """Close the database, and let another process prepare evidence."""
        if self._database is not None:
            self._database.close()
        if self._lock is not None:
            os.close(self._lock)
        self._database = self._lock = None

    def _next(self, store: IncidentStore) -> str | None:
        unsealed, now = store.unsealed(), time.monotonic()
        self.waiting = len(unsealed)
        self._retry = {key: at_s for key, at_s in self._retry.items() if any(key == one.id for one in unsealed)}
        growing: set[str] = set()
        for one in unsealed:
            if one.device in growing or now < self._retry.get(one.id, now):
                continue
            if one.is_handed_over:
                return one.id
            growing.add(one.device)
        return None

    def _put_off(self, incident_id: str | None, error: Exception) -> None:
        if incident_id is None:
            before, self.problem = self.problem, messages.NOT_SEALED(why=str(error))
            self.close()
            if self.problem == before:  # it polls twice a second: logged once, lest the log fill what is left of a disk
                return
        else:
            self._retry[incident_id] = time.monotonic() + _RETRY_S
            self.problem = messages.INCIDENT_NOT_SEALED(incident=incident_id, why=str(error))
        _log.error("%s; it is tried again", self.problem)

    def _store(self) -> IncidentStore:
        if self._lock is None:
            self._lock = take_evidence(self._state)
        if self._database is None:
            self._database = Database(self._state / DATABASE)
        return IncidentStore(self._database, self._state / INCIDENTS)


def evidence_child(state: Path, log: tuple[LogForm, str]) -> Child:
    """The process, not started yet."""
    return Child("evidence", evidence_main, (state,), log, _MEMORY_MB, silent_s=_SILENT_S, starved_s=_STARVED_S)


def evidence_main(state: Path, pipe: Connection, log_form: LogForm, level: str) -> None:
    """Entry of the process; returns after SIGTERM, when it has sealed what is ready, or after ``_STOP_S``."""
    stop = begin_child(_MEMORY_MB, name="evidence")
    yield_to_cameras()
    configure_logging(log_form, level, context={"worker": "evidence"})
    cv2.setNumThreads(1)
    next_beat, until = 0.0, float("inf")

    def beat() -> None:
        nonlocal next_beat, until
        now = time.monotonic()
        if stop.is_set():
            until = min(until, now + _STOP_S)
            if now > until:
                raise SystemExit  # while drawing: the next start goes on with it
        if now < next_beat:
            return
        next_beat = now + _HEARTBEAT_S
        try:
            pipe.send(EvidenceHeartbeat(processor.waiting, processor.problem))
        except OSError:
            stop.set()  # the supervisor is gone

    executor = ThreadPoolExecutor(1, "drawing", initializer=yield_to_cameras, initargs=(_LOWEST_PRIORITY,))
    processor = EvidenceProcessor(state, beat, executor)
    while True:
        beat()
        stops = stop.is_set()  # read first: workers hand over their last before they end, and this stops after them
        if processor.step():
            give_back_memory()
        elif stops:
            break
        else:
            stop.wait(_POLL_S)
    processor.close()
