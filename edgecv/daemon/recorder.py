"""The thread of a worker that turns findings into records and evidence, so that no picture waits for a disk.

The record is committed at once, together with its message. Evidence follows in steps: the clip as far as it goes, so
that a crash in the next moment leaves something; the pictures, when no other record waits; and when the seconds after
the fall are there the whole clip, sealed.
"""

from __future__ import annotations

import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from edgecv.classification import Finding
from edgecv.daemon.bundle import write_bundle
from edgecv.daemon.live_session import LiveSession
from edgecv.daemon.process import give_back_memory
from edgecv.daemon.spec import WorkerSpec
from edgecv.errors import EdgecvError
from edgecv.incidents.build import build_incident
from edgecv.incidents.database import DATABASE, Database
from edgecv.incidents.evidence import AFTER_S
from edgecv.incidents.keys import BoxKey
from edgecv.incidents.record import Incident
from edgecv.incidents.recovery import finish_all
from edgecv.incidents.reserve import is_full, release_reserve
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
    has_clip: bool = False
    has_pictures: bool = False


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
        self._unsealed: list[str] = []
        self._until = float("inf")
        self._store: IncidentStore | None = None
        self._database: Database | None = None
        self._key: BoxKey | None = None

    def found(self, finding: Finding, session: LiveSession) -> None:
        """Record a finding."""
        self._todo.put((finding, session))

    def say(self, kind: str, text: str, **details: Any) -> None:
        """Send a device event upstream."""
        self._todo.put(_Event(kind, text, details))

    def end(self, patience_s: float) -> None:
        """Ask it to record what waits, seal evidence with what there is, and end.

        Args:
            patience_s: what the disk does not take at once is tried again for so long; calling again changes it.
        """
        self._until = time.monotonic() + patience_s
        self._todo.put(None)

    @property
    def unsaved(self) -> int:
        """How many records are in memory only, because the disk takes none."""
        return len(self._unsaved)

    def run(self) -> None:
        """The thread."""
        self._contained(self._recover)
        stopping = False
        while not stopping:
            stopping = self._take()
            self._contained(self._save)
            self._complete(stopping)
        while (self._unsaved or self._unsealed) and time.monotonic() < self._until:
            time.sleep(_RETRY_S)
            self._contained(self._save)
            self._complete(stopping)
            for incident_id in list(self._unsealed):
                self._seal(incident_id)
        self._give_up()

    def _take(self) -> bool:
        """Take what has come and record it, with no more evidence yet than clips; whether it is time to end."""
        try:
            item = self._todo.get(timeout=0.2 if self._open or self._unsaved else _RETRY_S)
            while item is not None:
                if isinstance(item, _Event):
                    self._unsaved.append(item)
                else:
                    self._contained(self._remember, *item)
                self._contained(self._save)
                for opened in self._open:
                    if not opened.has_clip:  # copied in a moment; the next record may take a second or more
                        self._contained(self._write, opened, clip=True, pictures=False)
                item = self._todo.get_nowait()
        except queue.Empty:
            return False
        return True

    def _remember(self, finding: Finding, session: LiveSession) -> None:
        self._unsaved.append((build_incident(finding, session.source()), finding.fall, session))

    @staticmethod
    def _contained(what: Callable[..., None], *arguments: Any, **more: Any) -> None:
        """Do something; what nobody foresaw is told in full and stops nothing else."""
        try:
            what(*arguments, **more)
        except Exception:
            _log.exception("%s failed", what.__name__.strip("_"))

    def _recover(self) -> None:
        """Finish what a crash of this worker left."""
        try:
            store = self._opened()
            finish_all(store, self._own_key(), [s for s in store.pending() if s.device == self.spec.id])
        except (sqlite3.Error, EdgecvError, OSError) as error:
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
            except (sqlite3.Error, EdgecvError, OSError) as error:
                if is_full(error) and release_reserve(self.spec.state):
                    continue
                if self.problem is None:
                    _log.error("records cannot be written to disk and are kept in memory: %s", error)
                self.problem = f"the disk takes no records ({error}); they are kept in memory"
                self._close()
                return
            except Exception:
                _log.exception("something cannot be stored by any disk: %s", _in_full(first))
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
            self._open.append(_Open(incident, fall, session, incident.media.end_s + AFTER_S))

    def _complete(self, stopping: bool) -> None:
        """Add pictures; finish evidence when the seconds after the fall have arrived, or will not come any more."""
        for opened in list(self._open):
            is_due = stopping or opened.session.over or opened.session.reached_s >= opened.due_s
            if is_due or not opened.has_pictures:
                self._contained(self._write, opened, clip=is_due or not opened.has_clip, pictures=True)
                give_back_memory()
            if is_due:
                self._open.remove(opened)
                self._seal(opened.incident.id)

    def _write(self, opened: _Open, *, clip: bool, pictures: bool) -> None:
        incident = opened.incident
        opened.has_clip, opened.has_pictures = True, pictures  # or the disk would not have them
        try:
            folder = self._opened().part_of(incident.id)
            folder.mkdir(parents=True, exist_ok=True)
            missing = write_bundle(
                incident,
                opened.fall,
                opened.session,
                folder,
                self.spec.set_up,
                clip=clip,
                pictures=pictures,
            )
        except (sqlite3.Error, EdgecvError, OSError) as error:
            _log.error("evidence of %s cannot be written: %s; its record is in the database", incident.id, error)
            return
        if missing:
            _log.error("evidence of %s is cut down: %s", incident.id, ", ".join(missing))

    def _seal(self, incident_id: str) -> None:
        try:
            self._opened().publish(incident_id, self._own_key())
        except (sqlite3.Error, EdgecvError, OSError) as error:
            # the keeper publishes what stays pending as soon as the disk takes it
            _log.error("evidence of %s is not sealed yet: %s", incident_id, error)
            if incident_id not in self._unsealed:
                self._unsealed.append(incident_id)
            return
        if incident_id in self._unsealed:
            self._unsealed.remove(incident_id)

    def _give_up(self) -> None:
        """At the end: what the disk never took is put into the log, the last place there is."""
        for item in self._unsaved:
            _log.error("this is nowhere but in this line, for the disk took it not: %s", _in_full(item))
        if self._unsealed:
            _log.warning("%d incidents' evidence is not sealed; the next start does it", len(self._unsealed))
        self._close()

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


def _in_full(item: tuple[Incident, Fall, LiveSession] | _Event) -> str:
    """What is lost if it is not in the log."""
    return f"{item.kind}: {item.text}" if isinstance(item, _Event) else item[0].to_json()
