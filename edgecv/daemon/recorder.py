"""The thread of a worker that turns findings into records and clips, so that no picture waits for a disk.

The clip as far as it goes is written first, in milliseconds, so that a crash in the next moment leaves evidence; then
the record is committed together with its message. When the seconds after the fall have arrived, the whole clip is
written, and the evidence is handed over to the process that draws and seals it.
"""

from __future__ import annotations

import logging
import queue
import shutil
import threading
import time
from collections.abc import Callable
from typing import Any

from edgecv.classification import Finding
from edgecv.daemon.evidence_writer import write_bundle
from edgecv.daemon.footage import Footage
from edgecv.daemon.pending_records import DeviceEvent, PendingIncident, full_text
from edgecv.daemon.process import give_back_memory
from edgecv.daemon.record_database import DATABASE_ERRORS, RecordDatabase
from edgecv.daemon.worker_spec import WorkerSpec
from edgecv.durable_files import flush_files
from edgecv.evidence.overlay_spec import overlay_spec_of, with_weighing
from edgecv.incidents.record_builder import build_weighable
from edgecv.messages import camera as messages
from edgecv.storage.disk_reserve import is_full, release_reserve

_log = logging.getLogger("edgecv.recorder")
_RETRY_S = 1.0
_POLL_S = 0.2
"""While clips or records wait: a whole clip is cut so soon after its last packet."""


class Recorder(threading.Thread):
    """Records findings and device events of one camera; the only thread of its worker that uses the database.

    Args:
        spec: the camera's orders.

    Attributes:
        problem: why records are in memory only, or None.
        incidents: how many were recorded since it started.
        candidates: likewise.
        last_incident_s: wall time of the last one, seconds since 1970.
    """

    def __init__(self, spec: WorkerSpec) -> None:
        super().__init__(name="recorder", daemon=True)
        self.spec = spec
        self.problem: str | None = None
        self.incidents = 0
        self.candidates = 0
        self.last_incident_s: float | None = None
        self._queue: queue.Queue[tuple[Finding, Footage] | DeviceEvent | None] = queue.Queue()
        self._pending: list[PendingIncident] = []
        self._unsaved: list[PendingIncident | DeviceEvent] = []
        self._until = float("inf")
        self._database = RecordDatabase(spec.state)

    def record(self, finding: Finding, footage: Footage) -> None:
        """Record a finding."""
        self._queue.put((finding, footage))

    def send_event(self, kind: str, text: str, **details: Any) -> None:
        """Send a device event upstream."""
        self._queue.put(DeviceEvent(kind, text, details))

    def end(self, patience_s: float) -> None:
        """Ask it to record all findings, to cut clips with the packets there are, and to end.

        Args:
            patience_s: how long it tries again where the disk refuses a write; another call changes it.
        """
        self._until = time.monotonic() + patience_s
        self._queue.put(None)

    @property
    def unsaved(self) -> int:
        """How many records are in memory only, because they cannot be written to disk."""
        return len(self._unsaved)

    def run(self) -> None:
        """The thread."""
        self._run_safely(self._recover)
        stopping = False
        while not stopping:
            stopping = self._record_queued()
            self._run_safely(self._save)
            self._complete_clips(stopping)
        while (self._unsaved or self._pending) and time.monotonic() < self._until:
            time.sleep(_RETRY_S)
            self._run_safely(self._save)
            self._complete_clips(stopping)
        self._log_unsaved()

    def _record_queued(self) -> bool:
        """Record the findings and events in the queue, with clips as far as they go; whether it is time to end."""
        try:
            item = self._queue.get(timeout=_POLL_S if self._pending or self._unsaved else _RETRY_S)
            while item is not None:
                if isinstance(item, DeviceEvent):
                    self._unsaved.append(item)
                else:
                    self._run_safely(self._record, *item)
                self._run_safely(self._save)
                item = self._queue.get_nowait()
        except queue.Empty:
            return False
        return True

    def _record(self, finding: Finding, footage: Footage) -> None:
        incident, path = build_weighable(finding, footage.provenance())
        overlay = None
        if incident.tier == "incident":
            if self._database.has(incident.id):  # a recorded file began anew after a crash
                return
            try:
                overlay = overlay_spec_of(finding.fall, incident.origin, footage.camera.pinhole, footage.camera.plan)
                overlay = with_weighing(overlay, finding.fall, path)
            except Exception:  # pictures may be missing, but never the record
                _log.exception("the overlay of %s cannot be computed; its evidence has no pictures", incident.id)
        pending = PendingIncident(incident, overlay, footage)
        if incident.tier == "incident":
            self._run_safely(self._write_evidence, pending, last=False)
            self._pending.append(pending)
        self._unsaved.append(pending)

    @staticmethod
    def _run_safely(action: Callable[..., None], *arguments: Any, **options: Any) -> None:
        """Call an action; log an unforeseen error with its traceback and go on."""
        try:
            action(*arguments, **options)
        except Exception:
            _log.exception("%s failed", action.__name__.strip("_"))

    def _recover(self) -> None:
        """Hand evidence that a crash of this worker interrupted over to the evidence process."""
        try:
            self._database.recover(self.spec.id)
        except DATABASE_ERRORS as error:
            # housekeeping hands it over in some minutes
            _log.error("evidence that a crash interrupted is not handed over yet: %s", error)
            self._database.close()

    def _save(self) -> None:
        """Write everything that is in memory only to the database, in order."""
        while self._unsaved:
            first = self._unsaved[0]
            try:
                if isinstance(first, DeviceEvent):
                    self._database.add_event(self.spec.camera.site, self.spec.camera.device, first)
                else:
                    self._save_incident(first)
            except DATABASE_ERRORS as error:
                if is_full(error) and self._make_room():
                    continue
                if self.problem is None:
                    _log.error("records cannot be written to disk and are kept in memory: %s", error)
                self.problem = messages.DISK_TAKES_NO_RECORDS(why=str(error))
                self._database.close()
                return
            except Exception:
                _log.exception("this cannot be stored and is discarded: %s", full_text(first))
                self._discard(first)
            self._unsaved.pop(0)
            self.problem = None

    def _make_room(self) -> bool:
        """Free disk space for a record: the reserve first, then clips; whether anything was freed."""
        if release_reserve(self.spec.state):
            return True
        clips = [
            clip for pending in self._pending for clip in self._database.part_of(pending.incident.id).glob("clip.*")
        ]
        for clip in clips:  # cut again at the end, where there is room by then
            clip.unlink(missing_ok=True)
        return bool(clips)

    def _save_incident(self, pending: PendingIncident) -> None:
        incident = pending.incident
        is_incident = incident.tier == "incident"
        is_new = self._database.add(incident)
        pending.is_stored = True
        if is_new and is_incident:
            self.incidents += 1
            self.last_incident_s = time.time()
            _log.info("incident %s", incident.id, extra={"incident": incident.id, "floor": incident.origin.floor})
            self._run_safely(self._flush, incident.id)
        elif is_new:
            self.candidates += 1
        else:
            self._pending = [other for other in self._pending if other is not pending]

    def _flush(self, incident_id: str) -> None:
        """Flush files that were written before the record and did not wait for the disk."""
        part = self._database.part_of(incident_id)
        if part.exists():
            flush_files(part)

    def _complete_clips(self, stopping: bool) -> None:
        """Cut whole clips once the seconds after the fall have arrived, or cannot arrive any more."""
        for pending in list(self._pending):
            if stopping or pending.footage.ended or pending.footage.reached_s >= pending.due_s:
                if not pending.has_whole_clip:
                    pending.has_whole_clip = True
                    self._run_safely(self._write_evidence, pending, last=True)
                    give_back_memory()
                if pending.is_stored:
                    self._hand_over(pending)

    def _write_evidence(self, pending: PendingIncident, *, last: bool) -> None:
        incident = pending.incident
        try:
            missing = write_bundle(
                incident,
                pending.overlay,
                pending.footage,
                self._database.part_of(incident.id),
                self.spec.replay_setup,
                last=last,
            )
        except OSError as error:
            _log.error("the evidence of %s cannot be written: %s; its record is kept", incident.id, error)
            return
        if missing:
            _log.error("the evidence of %s is incomplete: %s", incident.id, ", ".join(missing))

    def _hand_over(self, pending: PendingIncident) -> None:
        try:
            self._database.hand_over(pending.incident.id)
        except DATABASE_ERRORS as error:
            _log.error("the evidence of %s cannot be handed over yet: %s", pending.incident.id, error)
            return
        self._pending.remove(pending)

    def _discard(self, item: PendingIncident | DeviceEvent) -> None:
        """Remove the evidence of a record that cannot be stored."""
        if isinstance(item, PendingIncident):
            self._pending = [pending for pending in self._pending if pending is not item]
            shutil.rmtree(self._database.part_of(item.incident.id), ignore_errors=True)

    def _log_unsaved(self) -> None:
        """At the end: log in full what could not be written to disk, so that it is not lost."""
        for item in self._unsaved:
            _log.error("could not be written to disk; this line is the only copy: %s", full_text(item))
        if self._pending:
            _log.warning("the evidence of %d incidents is incomplete; the next start completes it", len(self._pending))
        self._database.close()
