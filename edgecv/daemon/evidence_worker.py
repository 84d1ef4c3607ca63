"""The process that draws and seals evidence, one incident after another, where the cameras leave it room.

All cameras may see the same fall: drawn in their workers, at once, its evidence cost them the pictures of that moment.
Decoding and drawing get only what the cameras do not need. What holds the database, for which every camera's records
wait, must not be starved so: it runs in another thread.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import cv2

from edgecv.daemon.child import Child
from edgecv.daemon.evidence_finalisation import finish_pending
from edgecv.daemon.logs import LogForm, configure_logging
from edgecv.daemon.process import begin_child, give_back_memory, yield_to_cameras
from edgecv.errors import EdgecvError
from edgecv.evidence.keys import BoxKey
from edgecv.storage.database import DATABASE, Database
from edgecv.storage.incident_store import INCIDENTS, IncidentStore

_log = logging.getLogger("edgecv.evidence")
_SILENT_S = 120.0  # from one picture to the next takes milliseconds
_STARVED_S = 600.0  # but not on a box whose cameras need it all
_BEAT_S = 1.0
_LOOK_S = 0.5
_RETRY_S = 15.0
_HURRY_S = 4.0  # of a stop
_LAST_OF_ALL = 19  # nice
_MEMORY_MB = 1536  # eighteen pictures of 4K and nine of them in colours


@dataclass(frozen=True, slots=True)
class EvidenceBeat:
    """The evidence process is alive.

    Attributes:
        waiting: how many incidents' evidence is not sealed yet, those whose clips still grow among them.
        problem: what keeps evidence from being sealed, or None.
    """

    waiting: int
    problem: str | None


class EvidenceMaker:
    """Finishes the evidence that workers have left, in the order of the incidents.

    Args:
        state: the state directory.
        alive: called now and then while it works.
        artist: where pictures are drawn; in the thread that calls when left out.
    """

    def __init__(self, state: Path, alive: Callable[[], None] = lambda: None, artist: Executor | None = None) -> None:
        self.waiting = 0
        self.problem: str | None = None
        self._state = state
        self._alive = alive
        self._artist = artist
        self._database: Database | None = None
        self._key: BoxKey | None = None
        self._retry: dict[str, float] = {}

    def step(self) -> bool:
        """Finish the evidence of one incident, the first that nobody adds to; whether there was one.

        Those of one camera stay in order. One that the disk does not take is tried again later and holds up no other.
        """
        incident_id = None
        try:
            store = self._store()
            incident_id = self._next(store)
            if incident_id is not None:
                self._key = self._key or BoxKey.load_or_create(self._state)
                become = finish_pending(store, self._key, incident_id, self._alive, self._artist)
                _log.info("incident %s: its evidence is %s", incident_id, become, extra={"incident": incident_id})
        except (OSError, sqlite3.Error, EdgecvError) as error:
            self._put_off(incident_id, error)
        except Exception as error:
            _log.exception("finishing evidence failed")
            self._put_off(incident_id, error)
        else:
            if incident_id is not None:
                self._retry.pop(incident_id, None)
            if not self._retry:
                self.problem = None
        return incident_id is not None

    def close(self) -> None:
        """Close the database."""
        if self._database is not None:
            self._database.close()
        self._database = None

    def _next(self, store: IncidentStore) -> str | None:
        unsealed, now = store.unsealed(), time.monotonic()
        self.waiting = len(unsealed)
        self._retry = {known: at for known, at in self._retry.items() if any(known == one.id for one in unsealed)}
        growing: set[str] = set()
        for one in unsealed:
            if one.device in growing or now < self._retry.get(one.id, now):
                continue
            if one.is_left:
                return one.id
            growing.add(one.device)
        return None

    def _put_off(self, incident_id: str | None, error: Exception) -> None:
        if incident_id is None:
            before, self.problem = self.problem, f"evidence cannot be sealed: {error}"
            self.close()
            if self.problem == before:  # it looks twice a second: told once, lest the log fill what is left of a disk
                return
        else:
            self._retry[incident_id] = time.monotonic() + _RETRY_S
            self.problem = f"the evidence of {incident_id} cannot be sealed: {error}"
        _log.error("%s; it is tried again", self.problem)

    def _store(self) -> IncidentStore:
        if self._database is None:
            self._database = Database(self._state / DATABASE)
        return IncidentStore(self._database, self._state / INCIDENTS)


def evidence_child(state: Path, log: tuple[LogForm, str]) -> Child:
    """The process, not started yet."""
    return Child("evidence", evidence_main, (state,), log, _MEMORY_MB, silent_s=_SILENT_S, starved_s=_STARVED_S)


def evidence_main(state: Path, pipe: Connection, log_form: LogForm, level: str) -> None:
    """Entry of the process; returns when told to stop, after what is ready and quickly done."""
    stop = begin_child(_MEMORY_MB, name="evidence")
    yield_to_cameras()
    configure_logging(log_form, level, context={"worker": "evidence"})
    cv2.setNumThreads(1)
    next_beat, until = 0.0, float("inf")

    def beat() -> None:
        nonlocal next_beat, until
        now = time.monotonic()
        if stop.is_set():
            until = min(until, now + _HURRY_S)
            if now > until:
                raise SystemExit  # in the middle: the next start draws it
        if now < next_beat:
            return
        next_beat = now + _BEAT_S
        try:
            pipe.send(EvidenceBeat(maker.waiting, maker.problem))
        except OSError:
            stop.set()  # the supervisor is gone

    artist = ThreadPoolExecutor(1, "artist", initializer=yield_to_cameras, initargs=(_LAST_OF_ALL,))
    maker = EvidenceMaker(state, beat, artist)
    while True:
        beat()
        is_told = stop.is_set()  # before it looks: the workers left their last before they ended, and it is told after
        if maker.step():
            give_back_memory()
        elif is_told:
            break
        else:
            stop.wait(_LOOK_S)
    maker.close()
