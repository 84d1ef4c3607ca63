"""How long evidence is kept: by age, and by how full the disk is.

What goes first: recordings; evidence of incidents that are resolved and have reached every target; and only where
hardly any room is left, evidence of the others, oldest first. Records always stay, and nothing on hold is ever deleted.
"""

from __future__ import annotations

import os
import sqlite3
import time
from dataclasses import dataclass, field
from pathlib import Path

from edgecv.evidence.keys import BoxKey
from edgecv.messages import box as messages
from edgecv.messages import evidence
from edgecv.storage.disk_reserve import is_full
from edgecv.storage.incident_store import IncidentStore

UNFINISHED_LONGER = 2.0
"""Evidence of unresolved or undelivered incidents is kept for so many times the usual age."""
_HARDLY_ANY = 0.97
_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Disk:
    """The file system of the state directory: bytes there are and bytes free for us."""

    total_bytes: int
    free_bytes: int

    @property
    def used_share(self) -> float:
        """How much is in use, 0 to 1."""
        return 1.0 - self.free_bytes / max(1, self.total_bytes)


def disk_of(folder: Path) -> Disk:
    """The file system that holds a folder."""
    stat = os.statvfs(folder)
    return Disk(stat.f_blocks * stat.f_frsize, stat.f_bavail * stat.f_frsize)


@dataclass(slots=True)
class RetentionRun:
    """One round of it.

    Attributes:
        store: whose evidence.
        key: the box's.
        log_lines: a line for each deletion.
        errors: what could not be deleted, and why.
    """

    store: IncidentStore
    key: BoxKey
    log_lines: list[str] = field(default_factory=list)
    errors: dict[str, OSError] = field(default_factory=dict)

    @property
    def problem(self) -> str | None:
        """What could not be deleted, in words."""
        if not self.errors:
            return None
        incident_id, error = next(iter(self.errors.items()))
        where, why = str(error.filename or self.store.folder_of(incident_id)), error.strerror or str(error)
        others = len(self.errors) - 1
        if others:
            return messages.SEVERAL_NOT_DELETED(incident=incident_id, count=others, file=where, why=why)
        return messages.NOT_DELETED(incident=incident_id, file=where, why=why)

    def delete(self, incident_id: str, reason: str, log_reason: str) -> None:
        """Delete one incident's evidence; what stands in the way of this one alone keeps no other.

        Raises:
            OSError: the disk is full, for this and for every other.
        """
        if incident_id in self.errors:
            return
        try:
            if self.store.delete(incident_id, self.key, reason):
                self.log_lines.append(f"evidence of {incident_id} deleted: {log_reason}")
        except OSError as error:
            if is_full(error):
                raise
            self.errors[incident_id] = error


@dataclass(frozen=True, slots=True)
class Retention:
    """The limits.

    Attributes:
        keep_days: age at which evidence goes.
        disk_share: fullness above which it goes earlier, 0 to 1.
        record_hours: age at which recordings go.
    """

    keep_days: float
    disk_share: float
    record_hours: float

    def apply(self, store: IncidentStore, key: BoxKey, recordings: Path, now_s: float | None = None) -> RetentionRun:
        """Delete what has to go; return what was deleted and what could not be.

        Raises:
            OSError: the disk failed.
        """
        now_s = time.time() if now_s is None else now_s
        self._old_recordings(recordings, now_s)
        run = RetentionRun(store, key)
        try:
            self._old_evidence(run, now_s)
        except (OSError, sqlite3.Error) as error:
            recordings_deleted = self._cut_recordings(store, recordings) if is_full(error) else []
            if not recordings_deleted:
                raise
            run.log_lines += recordings_deleted  # they go without a proof, which needs room
            self._old_evidence(run, now_s)
        run.log_lines += self._cut_recordings(store, recordings)
        self._make_room(run)
        return run

    def _old_evidence(self, run: RetentionRun, now_s: float) -> None:
        age_s = self.keep_days * 86400.0
        for also_unfinished, limit_s in ((False, age_s), (True, UNFINISHED_LONGER * age_s)):
            reason = evidence.OLDER_THAN(days=limit_s / 86400.0)
            for stored in run.store.deletable(now_s - limit_s, also_unfinished=also_unfinished):
                run.delete(stored.id, reason, reason)

    def _make_room(self, run: RetentionRun) -> None:
        store = run.store
        finished = {stored.id for stored in store.deletable()}
        remaining = [stored.id for stored in store.deletable(also_unfinished=True) if stored.id not in run.errors]
        for incident_id in remaining[:_AT_ONCE]:
            used = disk_of(store.folder).used_share
            if used <= self.disk_share:
                break
            if incident_id not in finished and used < max(_HARDLY_ANY, self.disk_share):
                break
            run.delete(incident_id, evidence.DISK_WAS_FULL(share=used), f"the disk is {used:.0%} full")

    def _cut_recordings(self, store: IncidentStore, recordings: Path) -> list[str]:
        log_lines: list[str] = []
        for path in sorted(recordings.glob("*/*.mp4"), key=lambda path: path.stat().st_mtime):
            if disk_of(store.folder).used_share <= self.disk_share:
                break
            path.unlink()
            log_lines.append(f"recording {path.name} deleted: the disk is fuller than {self.disk_share:.0%}")
        return log_lines

    def _old_recordings(self, recordings: Path, now_s: float) -> None:
        for path in recordings.glob("*/*.mp4"):
            if now_s - path.stat().st_mtime > self.record_hours * 3600.0:
                path.unlink(missing_ok=True)
