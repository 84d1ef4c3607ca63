"""The supervisor's thread that looks after the disk: retention, reserve, evidence without a worker, old messages."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from edgecv.config import Box
from edgecv.daemon.camera_connection import RECORDINGS
from edgecv.durable_files import is_disk_full
from edgecv.errors import EdgecvError
from edgecv.evidence.keys import BoxKey
from edgecv.messages import box as messages
from edgecv.storage.clock_steps import ClockSteps
from edgecv.storage.damaged_database import restore_from_bundles, set_aside_damaged
from edgecv.storage.database import DATABASE, Database
from edgecv.storage.disk_reserve import allocate_reserve, is_full, make_room, release_reserve
from edgecv.storage.incident_store import INCIDENTS, IncidentStore
from edgecv.storage.outbox import Depth, Outbox
from edgecv.storage.recorded_chain import restore_chain
from edgecv.storage.recovery import recover_records, remove_orphans
from edgecv.storage.retention import Disk, Retention, disk_of
from edgecv.storage.retention_clock import RETENTION_CLOCK, RetentionClock
from edgecv.upstream.delivery_service import target_names

_log = logging.getLogger("edgecv.keeper")
_EVERY_S = 10.0
_ABANDONED_S = 120.0
"""Evidence that no worker has handed over for so long has no worker any more; a clip is complete within twenty."""
_LITTLE_BYTES = 64 * 2**20
"""Free space below which the disk counts as full: one clip may need as much."""


def prepare_state(state: Path, tell: Callable[[str], None] = lambda _damage: None) -> BoxKey | None:
    """Make the state directory's contents ready; only while no worker runs.

    A full disk is no reason not to watch: the reserve is given up, then recordings, oldest first. Where not even that
    is room enough, records stay in memory until there is some.

    Args:
        state: the state directory.
        tell: called where the database was damaged and a new one was begun.

    Returns:
        The box's key; None where the disk is so full that nothing can be made ready.

    Raises:
        DatabaseError: the database cannot be used.
        ConfigError: the key cannot be read or made.
        OSError: the directory cannot be written.
    """
    while True:
        try:
            return _prepare(state, tell)
        except (OSError, sqlite3.Error, EdgecvError) as error:
            if not (is_full(error) and is_disk_full(state)):
                raise
            if not make_room(state, state / RECORDINGS):
                _log.error("%s", messages.DISK_FULL(free=disk_of(state).free_bytes / 2**20))
                _log.error("records are kept in memory until there is room: %s", error)
                return None
            _log.warning("the disk is full: room was made for records")


def _prepare(state: Path, tell: Callable[[str], None]) -> BoxKey:
    (state / INCIDENTS).mkdir(parents=True, exist_ok=True)
    key = BoxKey.load_or_create(state)
    damage = set_aside_damaged(state)
    database = Database(state / DATABASE)
    try:
        store = IncidentStore(database, state / INCIDENTS)
        _take_up(store, database, key)
        for line in restore_chain(database, store.folder, key):
            _log.warning(line)
        if damage is not None:
            damage = messages.DATABASE_DAMAGED(**damage.params)
            _log.error(damage)
            tell(damage)
    finally:
        database.close()
    allocate_reserve(state)
    return key


def _take_up(store: IncidentStore, database: Database, key: BoxKey) -> None:
    """What a crash left: incidents that were found and not stored, evidence that nobody works on."""
    try:
        bundles = restore_from_bundles(store, database, key)
        if bundles:
            _log.warning("the database is new; %d sealed bundles on the disk were added to it", bundles)
        recover_records(store)
        unfinished = store.hand_over_all()
        if unfinished:
            _log.warning(
                "the evidence of %d incidents is unfinished; the evidence process completes it now", unfinished
            )
    except (OSError, sqlite3.Error) as error:
        _log.error("evidence that a crash interrupted cannot be completed yet: %s", error)
        return
    removed = remove_orphans(store, database)
    if removed:
        _log.warning("removed %d unfinished bundles without a record", removed)


class Housekeeping(threading.Thread):
    """Looks after the state directory every few seconds.

    Args:
        box: gives the box file as it is now.
        state: the state directory.
        key: the box's; None where the disk had no room for one yet.
    """

    def __init__(self, box: Callable[[], Box], state: Path, key: BoxKey | None) -> None:
        super().__init__(name="keeper", daemon=True)
        self.problem: str | None = None
        self.disk: Disk = disk_of(state)
        self.depths: dict[str, Depth] = {}
        self.totals: dict[tuple[str, str], int] = {}
        self._box = box
        self._state = state
        self._key = key
        self._clock = RetentionClock(state / RETENTION_CLOCK, self._last_stored_s)
        self._steps = ClockSteps()
        self._clock_problem: str | None = None
        self._growing_since: dict[str, float] = {}
        self._undeleted: str | None = None
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End soon."""
        self._stopped.set()

    def run(self) -> None:
        """The thread."""
        while not self._stopped.is_set():
            try:
                self._keep()
            except (OSError, sqlite3.Error, EdgecvError) as error:
                # deleting evidence needs room for its proof
                is_short = is_full(error) and is_disk_full(self._state)
                if is_full(error) and release_reserve(self._state):
                    continue
                if is_short and make_room(self._state, self._state / RECORDINGS):
                    continue
                free = disk_of(self._state).free_bytes / 2**20
                self.problem = messages.DISK_FULL(free=free) if is_short else messages.STATE_NOT_KEPT(why=str(error))
                _log.error(self.problem)
            except Exception:
                _log.exception("housekeeping failed")
            self._stopped.wait(_EVERY_S)

    def _keep(self) -> None:
        box = self._box()
        storage, upstream = box.settings.storage, box.settings.upstream
        if self._key is None:
            (self._state / INCIDENTS).mkdir(exist_ok=True)
            self._key = BoxKey.load_or_create(self._state)
        database = Database(self._state / DATABASE)
        try:
            store, outbox = IncidentStore(database, self._state / INCIDENTS), Outbox(database)
            retention = Retention(storage.keep_days, storage.disk_share, storage.record_hours)
            if (step := self._steps.next()) is not None:
                count = store.correct_times(step)
                self._steps.confirm(step)
                _log.warning("the clock was set by %.0f s; the times of %d records were corrected", step.by_s, count)
            now_s = self._clock.now_s()
            if (self._clock.problem is None) != (self._clock_problem is None):
                _log.warning(
                    self._clock.problem or "the clock is plausible again; the age of evidence is counted by it"
                )
            self._clock_problem = self._clock.problem
            retention_run = retention.apply(store, self._key, self._state / RECORDINGS, now_s)
            for line in retention_run.log_lines:
                _log.info(line)
            if retention_run.problem is not None and retention_run.problem != self._undeleted:
                _log.error("%s; look at its owner and attributes", retention_run.problem)
            self._undeleted = retention_run.problem
            self.disk = disk_of(self._state)
            has_reserve = allocate_reserve(self._state)
            self._hand_over_abandoned(store)
            names = [] if upstream is None else target_names(upstream)
            outbox.prune(names, storage.keep_days * 86400.0)
            self.depths = {name: outbox.depth(name) for name in names}
            self.totals = store.totals()
            self.problem = retention_run.problem or self._clock.problem
            if not has_reserve or self.disk.free_bytes < _LITTLE_BYTES:
                free = self.disk.free_bytes / 2**20
                self.problem = messages.DISK_FULL(free=free)
        finally:
            database.close()

    def _last_stored_s(self) -> float | None:
        with closing(Database(self._state / DATABASE)) as database:
            return IncidentStore(database, self._state / INCIDENTS).last_stored_s()

    def _hand_over_abandoned(self, store: IncidentStore) -> None:
        """Leave what no worker has left for long, by a clock that nobody sets: a step of the box's is no age."""
        now, growing = time.monotonic(), [one.id for one in store.unsealed() if not one.is_handed_over]
        self._growing_since = {one: self._growing_since.get(one, now) for one in growing}
        for one, since in self._growing_since.items():
            if now - since > _ABANDONED_S:
                store.hand_over(one)
