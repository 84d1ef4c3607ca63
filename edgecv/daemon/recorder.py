"""The thread of a worker that turns findings into records and evidence, so that no picture waits for a disk.

The record is committed at once, together with its message. Evidence is written twice: at once, with what there is, so
that a crash in the next seconds leaves something; and when what came after is there, complete and sealed.
"""

from __future__ import annotations

import errno
import logging
import queue
import sqlite3
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgecv.classification import Finding
from edgecv.daemon.live_session import LiveSession
from edgecv.daemon.spec import WorkerSpec
from edgecv.errors import InputError
from edgecv.incidents.build import build_incident
from edgecv.incidents.database import DATABASE, Database, DatabaseError
from edgecv.incidents.evidence import AFTER_S, BEFORE_S, write_bare_record, write_pictures, write_record
from edgecv.incidents.files import write_atomic
from edgecv.incidents.keys import BoxKey
from edgecv.incidents.record import Incident
from edgecv.incidents.recovery import finish_pending
from edgecv.incidents.reserve import release_reserve
from edgecv.incidents.store import INCIDENTS, IncidentStore
from edgecv.trajectory import Fall
from edgecv.upstream.cloudevents import device_event
from edgecv.upstream.outbox import add_message

_log = logging.getLogger("edgecv.recorder")
_RETRY_S = 1.0


@dataclass(frozen=True, slots=True)
class _Event:
    """Something the camera has to say of itself."""

    kind: str
    text: str
    details: dict[str, Any]


@dataclass(slots=True)
class _Open:
    """An incident whose evidence is not complete yet."""

    incident: Incident
    fall: Fall
    session: LiveSession
    due_s: float


class Recorder(threading.Thread):
    """Owns the worker's connection to the database.

    Args:
        spec: the camera's orders.
    """

    def __init__(self, spec: WorkerSpec) -> None:
        super().__init__(name="recorder", daemon=True)
        self.spec = spec
        self.problem: str | None = None
        self.incidents = 0
        self.candidates = 0
        self.last_incident_s: float | None = None
        self._todo: queue.Queue[tuple[Finding, LiveSession] | _Event | None] = queue.Queue()
        self._open: list[_Open] = []
        self._unsaved: list[tuple[Incident, Fall, LiveSession] | _Event] = []
        self._store: IncidentStore | None = None
        self._database: Database | None = None
        self._key: BoxKey | None = None

    def found(self, finding: Finding, session: LiveSession) -> None:
        """Record a finding."""
        self._todo.put((finding, session))

    def say(self, kind: str, text: str, **details: Any) -> None:
        """Send a device event upstream."""
        self._todo.put(_Event(kind, text, details))

    def finish(self, timeout_s: float) -> None:
        """Record what waits, complete evidence with what there is, and end."""
        self._todo.put(None)
        self.join(timeout_s)

    @property
    def unsaved(self) -> int:
        """How many records are in memory only, because the disk takes none."""
        return len(self._unsaved)

    def run(self) -> None:
        """The thread."""
        self._recover()
        stopping = False
        while not stopping:
            try:
                item = self._todo.get(timeout=0.2 if self._open or self._unsaved else _RETRY_S)
            except queue.Empty:
                item = ()  # type: ignore[assignment]
            if item is None:
                stopping = True
            elif isinstance(item, _Event):
                self._unsaved.append(item)
            elif item:
                finding, session = item
                try:
                    self._unsaved.append((build_incident(finding, session.source()), finding.fall, session))
                except Exception:
                    _log.exception("a finding could not be turned into a record")
            self._save()
            self._complete(stopping)

    def _recover(self) -> None:
        """Finish what a crash of this worker left."""
        try:
            store = self._opened()
            for stored in store.pending():
                if stored.device == self.spec.id:
                    finish_pending(store, self._own_key(), stored)
        except (sqlite3.Error, DatabaseError, OSError) as error:
            _log.error("evidence that was under way is not finished yet: %s", error)
            self._close()

    def _own_key(self) -> BoxKey:
        if self._key is None:
            self._key = BoxKey.load_or_create(self.spec.state)
        return self._key

    def _save(self) -> None:
        """Put everything that is in memory only into the database, in order."""
        while self._unsaved:
            first = self._unsaved[0]
            try:
                if isinstance(first, _Event):
                    self._save_event(first)
                else:
                    self._save_incident(*first)
            except (sqlite3.Error, DatabaseError, OSError) as error:
                if release_reserve(self.spec.state):
                    continue
                if self.problem is None:
                    _log.error("records cannot be written to disk and are kept in memory: %s", error)
                self.problem = f"the disk takes no records ({error}); they are kept in memory"
                self._close()
                return
            self._unsaved.pop(0)
            self.problem = None

    def _save_event(self, event: _Event) -> None:
        camera = self.spec.camera
        message = device_event(camera.site, camera.device, event.kind, event.text, event.details)
        self._opened()
        assert self._database is not None
        with self._database.transaction() as connection:
            add_message(connection, "device", message["id"], camera.device, message)

    def _save_incident(self, incident: Incident, fall: Fall, session: LiveSession) -> None:
        is_new = self._opened().add(incident, evidence=incident.tier == "incident")
        stored = self._opened().get(incident.id)
        if is_new and incident.tier == "incident":
            self.incidents += 1
            self.last_incident_s = time.time()
            _log.info("incident %s", incident.id, extra={"incident": incident.id, "floor": incident.origin.floor})
        elif is_new:
            self.candidates += 1
        if incident.tier == "incident" and stored is not None and stored.evidence == "pending":
            opened = _Open(incident, fall, session, incident.media.end_s + AFTER_S)
            self._write(opened)
            self._open.append(opened)

    def _complete(self, stopping: bool) -> None:
        """Finish evidence whose seconds after the fall have arrived, or will not come any more."""
        for opened in list(self._open):
            if not (stopping or opened.session.over or opened.session.reached_s >= opened.due_s):
                continue
            self._open.remove(opened)
            self._write(opened)
            try:
                self._opened().publish(opened.incident.id, self._own_key())
            except (sqlite3.Error, DatabaseError, OSError) as error:
                # the keeper publishes what stays pending as soon as the disk takes it
                _log.error("evidence of %s is not sealed yet: %s", opened.incident.id, error)

    def _write(self, opened: _Open) -> None:
        """Clip, pictures, record; on a full disk only pictures, then only the record."""
        folder = self._opened().part_of(opened.incident.id)
        for with_clip in (True, False):
            try:
                folder.mkdir(parents=True, exist_ok=True)
                write_bundle(opened.incident, opened.fall, opened.session, folder, self.spec, with_clip=with_clip)
            except (OSError, InputError) as error:
                full = isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}
                _log.error(
                    "evidence of %s %s: %s",
                    opened.incident.id,
                    "is cut down to its pictures, for the disk is full" if full and with_clip else "is not complete",
                    error,
                )
                for clip in folder.glob("*clip.*"):
                    clip.unlink(missing_ok=True)
                continue
            return

    def _opened(self) -> IncidentStore:
        if self._store is None:
            self._database = Database(self.spec.state / DATABASE)
            self._store = IncidentStore(self._database, self.spec.state / INCIDENTS)
            self._store.folder.mkdir(parents=True, exist_ok=True)
        return self._store

    def _close(self) -> None:
        if self._database is not None:
            self._database.close()
        self._store = self._database = None


def write_bundle(
    incident: Incident, fall: Fall, session: LiveSession, folder: Path, spec: WorkerSpec, *, with_clip: bool
) -> None:
    """Write an incident's files into a folder that is there, over those of an earlier try.

    Args:
        incident: the record.
        fall: its path.
        session: the live connection that has its packets.
        folder: where they go.
        spec: the camera's orders.
        with_clip: False where the disk has no room for one.

    Raises:
        OSError: the disk is full or failed.
        InputError: the packets are no longer there.
    """
    start_s, end_s = incident.media.start_s - BEFORE_S, incident.media.end_s + AFTER_S
    camera, plan = session.camera.camera, session.camera.plan
    if with_clip:
        clip = session.cut(folder / "clip.mp4", start_s, end_s)
        if not (folder / "strobe.jpg").exists():  # seconds later there is more of the clip, but not of the fall
            write_pictures(incident, fall, clip.path, folder, camera, plan, clip.start_s)
        write_record(incident, clip, folder)
        for name, text in spec.set_up.items():
            write_atomic(folder / name, text.replace("clip.mp4", clip.path.name))
    else:
        write_bare_record(incident, folder)
