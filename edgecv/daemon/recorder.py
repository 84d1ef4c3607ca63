"""The thread of a worker that turns findings into records and clips, so that no picture waits for a disk.

The clip as far as it goes is there first, in milliseconds, so that a crash in the next moment leaves evidence; then the
record is committed together with its message. When the seconds after the fall have arrived, the whole clip follows, and
the evidence is left to the process that draws and seals.
"""

from __future__ import annotations

import logging
import queue
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgecv.classification import Finding
from edgecv.daemon.evidence_writer import write_bundle
from edgecv.daemon.footage import Footage
from edgecv.daemon.process import give_back_memory
from edgecv.daemon.worker_spec import WorkerSpec
from edgecv.durable_files import flush_files
from edgecv.errors import EdgecvError
from edgecv.evidence.bundle_files import AFTER_S
from edgecv.evidence.overlay_spec import OverlaySpec, overlay_spec_of
from edgecv.incidents.cloudevents import device_event
from edgecv.incidents.record import Incident
from edgecv.incidents.record_builder import build_incident
from edgecv.messages import camera as messages
from edgecv.storage.database import DATABASE, Database
from edgecv.storage.disk_reserve import is_full, release_reserve
from edgecv.storage.incident_store import INCIDENTS, IncidentStore, part_of
from edgecv.storage.outbox import insert_device_event
from edgecv.storage.recovery import recover_records

_log = logging.getLogger("edgecv.recorder")
_RETRY_S = 1.0


@dataclass(frozen=True, slots=True)
class _DeviceEvent:
    """Something the camera has to say of itself."""

    kind: str
    text: str
    details: dict[str, Any]


@dataclass(slots=True)
class _PendingIncident:
    """An incident or candidate under way; candidates have no evidence."""

    incident: Incident
    overlay: OverlaySpec | None
    footage: Footage
    is_stored: bool = False
    is_whole: bool = False

    @property
    def due_s(self) -> float:
        """Media time at which its clip is whole."""
        return self.incident.media.end_s + AFTER_S


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
        self._todo: queue.Queue[tuple[Finding, Footage] | _DeviceEvent | None] = queue.Queue()
        self._open: list[_PendingIncident] = []
        self._unsaved: list[_PendingIncident | _DeviceEvent] = []
        self._until = float("inf")
        self._store: IncidentStore | None = None
        self._database: Database | None = None

    def record(self, finding: Finding, footage: Footage) -> None:
        """Record a finding."""
        self._todo.put((finding, footage))

    def send_event(self, kind: str, text: str, **details: Any) -> None:
        """Send a device event upstream."""
        self._todo.put(_DeviceEvent(kind, text, details))

    def end(self, patience_s: float) -> None:
        """Ask it to record what waits, cut clips with what there is, and end.

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
        while (self._unsaved or self._open) and time.monotonic() < self._until:
            time.sleep(_RETRY_S)
            self._contained(self._save)
            self._complete(stopping)
        self._give_up()

    def _take(self) -> bool:
        """Take what has come and record it, with clips as far as they go; whether it is time to end."""
        try:
            item = self._todo.get(timeout=0.2 if self._open or self._unsaved else _RETRY_S)
            while item is not None:
                if isinstance(item, _DeviceEvent):
                    self._unsaved.append(item)
                else:
                    self._contained(self._remember, *item)
                self._contained(self._save)
                item = self._todo.get_nowait()
        except queue.Empty:
            return False
        return True

    def _remember(self, finding: Finding, footage: Footage) -> None:
        incident = build_incident(finding, footage.provenance())
        overlay = None
        if incident.tier == "incident":
            if self._is_known(incident.id):  # a recorded file began anew after a crash
                return
            try:
                overlay = overlay_spec_of(finding.fall, incident.origin, footage.camera.pinhole, footage.camera.plan)
            except Exception:  # pictures may be missing, but never the record
                _log.exception("evidence of %s: nothing can be drawn", incident.id)
        pending = _PendingIncident(incident, overlay, footage)
        if incident.tier == "incident":
            self._contained(self._write, pending, last=False)
            self._open.append(pending)
        self._unsaved.append(pending)

    def _is_known(self, incident_id: str) -> bool:
        try:
            return self._opened().get(incident_id) is not None
        except (sqlite3.Error, EdgecvError, OSError):
            return False

    @staticmethod
    def _contained(what: Callable[..., None], *arguments: Any, **more: Any) -> None:
        """Do something; what nobody foresaw is told in full and stops nothing else."""
        try:
            what(*arguments, **more)
        except Exception:
            _log.exception("%s failed", what.__name__.strip("_"))

    def _recover(self) -> None:
        """Leave what a crash of this worker cut off to the evidence process."""
        try:
            store = self._opened()
            recover_records(store, self.spec.id)
            store.hand_over_all(self.spec.id)
        except (sqlite3.Error, EdgecvError, OSError) as error:
            # the keeper leaves it to that process in some minutes
            _log.error("evidence that was under way is not finished yet: %s", error)
            self._close()

    def _save(self) -> None:
        """Put everything that is in memory only into the database, in order."""
        while self._unsaved:
            first = self._unsaved[0]
            try:
                if isinstance(first, _DeviceEvent):
                    self._save_event(first)
                else:
                    self._save_incident(first)
            except (sqlite3.Error, EdgecvError, OSError) as error:
                if is_full(error) and self._make_room():
                    continue
                if self.problem is None:
                    _log.error("records cannot be written to disk and are kept in memory: %s", error)
                self.problem = messages.DISK_TAKES_NO_RECORDS(why=str(error))
                self._close()
                return
            except Exception:
                _log.exception("something cannot be stored by any disk: %s", _in_full(first))
                self._forget(first)
            self._unsaved.pop(0)
            self.problem = None

    def _save_event(self, event: _DeviceEvent) -> None:
        camera = self.spec.camera
        message = device_event(camera.site, camera.device, event.kind, event.text, event.details)
        self._opened()
        assert self._database is not None
        with self._database.transaction() as connection:
            insert_device_event(connection, camera.device, message)

    def _make_room(self) -> bool:
        """A record is worth more than a reserve, and more than a clip; whether something was given up."""
        if release_reserve(self.spec.state):
            return True
        clips = [clip for opened in self._open for clip in self._part_of(opened.incident.id).glob("clip.*")]
        for clip in clips:  # cut again at the end, where there is room by then
            clip.unlink(missing_ok=True)
        return bool(clips)

    def _save_incident(self, pending: _PendingIncident) -> None:
        incident = pending.incident
        is_incident = incident.tier == "incident"
        is_new = self._opened().add(incident, evidence=is_incident)
        pending.is_stored = True
        if is_new and is_incident:
            self.incidents += 1
            self.last_incident_s = time.time()
            _log.info("incident %s", incident.id, extra={"incident": incident.id, "floor": incident.origin.floor})
            self._contained(self._flush, incident.id)
        elif is_new:
            self.candidates += 1
        else:
            self._open = [opened for opened in self._open if opened is not pending]

    def _flush(self, incident_id: str) -> None:
        """What was written before the record did not wait for the disk."""
        part = self._part_of(incident_id)
        if part.exists():
            flush_files(part)

    def _complete(self, stopping: bool) -> None:
        """Cut whole clips, when the seconds after the fall have arrived, or will not come any more."""
        for opened in list(self._open):
            if stopping or opened.footage.ended or opened.footage.reached_s >= opened.due_s:
                if not opened.is_whole:
                    opened.is_whole = True
                    self._contained(self._write, opened, last=True)
                    give_back_memory()
                if opened.is_stored:
                    self._leave(opened)

    def _write(self, opened: _PendingIncident, *, last: bool) -> None:
        incident = opened.incident
        try:
            missing = write_bundle(
                incident, opened.overlay, opened.footage, self._part_of(incident.id), self.spec.replay_setup, last=last
            )
        except OSError as error:
            _log.error("evidence of %s cannot be written: %s; its record is kept", incident.id, error)
            return
        if missing:
            _log.error("evidence of %s is cut down: %s", incident.id, ", ".join(missing))

    def _leave(self, opened: _PendingIncident) -> None:
        try:
            self._opened().hand_over(opened.incident.id)
        except (sqlite3.Error, EdgecvError, OSError) as error:
            _log.error("evidence of %s is not finished yet: %s", opened.incident.id, error)
            return
        self._open.remove(opened)

    def _forget(self, what: _PendingIncident | _DeviceEvent) -> None:
        """What cannot be stored has no evidence either."""
        if isinstance(what, _PendingIncident):
            self._open = [opened for opened in self._open if opened is not what]
            shutil.rmtree(self._part_of(what.incident.id), ignore_errors=True)

    def _part_of(self, incident_id: str) -> Path:
        return part_of(self.spec.state / INCIDENTS, incident_id)

    def _give_up(self) -> None:
        """At the end: what the disk never took is put into the log, the last place there is."""
        for item in self._unsaved:
            _log.error("this is nowhere but in this line, for the disk took it not: %s", _in_full(item))
        if self._open:
            _log.warning("%d incidents' evidence is not whole; the next start goes on with it", len(self._open))
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


def _in_full(item: _PendingIncident | _DeviceEvent) -> str:
    """What is lost if it is not in the log."""
    return f"{item.kind}: {item.text}" if isinstance(item, _DeviceEvent) else item.incident.to_json()
