"""A hub's retention: how long the evidence that boxes sent is kept, what is held, and deletion that can be proven.

As on a box: evidence goes at its age, that of an open case at twice the age, nothing on hold ever; the record, the
manifest and a signed record of the deletion stay. Every hold, release and deletion stands in a log that the database
refuses to change.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from edgecv.console.accounts import Viewer
from edgecv.console.cases.free_text import plain
from edgecv.console.cases.state_machine import State
from edgecv.console.evidence.box_store import RetentionState
from edgecv.console.evidence.evidence_paths import EvidencePaths
from edgecv.console.settings import UNFINISHED_S
from edgecv.console.storage import EVERYTHING, ConsoleDatabase, Scope
from edgecv.console.storage.schema import EvidenceEntry, Incident, Site
from edgecv.evidence.keys import BoxKey
from edgecv.evidence.manifest import DELETION_SIGNATURE, MANIFEST
from edgecv.evidence.sealing import SURVIVES_DELETION, delete_evidence
from edgecv.messages import evidence as messages
from edgecv.storage.retention import UNFINISHED_LONGER
from edgecv.storage.retention_clock import RetentionClock

_log = logging.getLogger("edgecv.console")
_ENDS = frozenset({State.CLOSED.value, State.FALSE_ALARM.value})
_DAY_S = 86400.0
RETENTION = "retention"
"""In the log: whoever deletes what is too old."""


class EvidenceDeletedError(Exception):
    """There is no evidence left to hold."""


class HubRetention:
    """How long a hub keeps evidence; may be used from any thread.

    Args:
        database: the console's.
        shelf: where evidence lies.
        key: the hub's own, which signs deletions.
        keep_days: age at which evidence goes, from when the hub got the incident.
        clock: what time evidence ages by; the wall clock when left out.
    """

    def __init__(
        self,
        database: ConsoleDatabase,
        shelf: EvidencePaths,
        key: BoxKey,
        keep_days: float,
        clock: RetentionClock | None = None,
    ) -> None:
        self._database = database
        self._shelf = shelf
        self._key = key
        self._keep_days = keep_days
        self._clock = clock
        self._clock_problem: str | None = None

    @property
    def public_pem(self) -> bytes:
        """What an auditor checks deletions with (PEM)."""
        return self._key.public_pem

    def retention_of(self, incident: Incident) -> RetentionState:
        """How long the evidence of an incident is kept."""
        with self._database.session(Scope(incident.community_id)) as session:
            hold = _hold(session, incident.community_id, incident.site, incident.source_id)
        evidence, finished = self._evidence(incident.site, incident.source_id), incident.state in _ENDS
        days = self._days(finished=finished)
        until_s = incident.received_s + days * _DAY_S if evidence == "sealed" and hold is None else None
        hold_text = None if hold is None else f"{hold.why} ({hold.by})"
        return RetentionState(evidence, until_s, hold_text, finished, days)

    def hold(self, session: Session, viewer: Viewer, incident: Incident, reason: str) -> None:
        """Keep the evidence until it is released, in the caller's transaction.

        Raises:
            GoneError: it was deleted already.
        """
        _locked(session, incident)
        if self._evidence(incident.site, incident.source_id) == "deleted":
            raise EvidenceDeletedError
        _note(session, incident, viewer.name, "hold", plain(reason))

    def release(self, session: Session, viewer: Viewer, incident: Incident, reason: str) -> None:
        """Let it age again, in the caller's transaction; nothing where it is not on hold."""
        _locked(session, incident)
        if _hold(session, incident.community_id, incident.site, incident.source_id) is not None:
            _note(session, incident, viewer.name, "release", plain(reason))

    def is_held(self, site: str, incident_id: str) -> bool:
        """Whether the evidence of an incident is on hold, complete or not."""
        with self._database.session(EVERYTHING) as session:
            community = session.scalar(select(Site.community_id).where(Site.name == site))
            return community is not None and _hold(session, community, site, incident_id) is not None

    def apply(self, now_s: float | None = None) -> list[str]:
        """Delete what has to go; return a line for each.

        Raises:
            OSError: the disk failed.
        """
        now_s = self._now_s() if now_s is None else now_s
        deleted: list[str] = []
        for site, folder in self._old_folders(now_s):
            with self._database.session(EVERYTHING, writes=True) as session:
                line = self._delete(session, site, folder, now_s)
            if line is not None:
                _log.info(line)
                deleted.append(line)
        return deleted

    def _now_s(self) -> float:
        if self._clock is None:
            return time.time()
        now_s = self._clock.now_s()
        if (self._clock.problem is None) != (self._clock_problem is None):
            _log.warning(self._clock.problem or "the clock agrees again: evidence ages by it")
        self._clock_problem = self._clock.problem
        return now_s

    def _old_folders(self, now_s: float) -> Iterator[tuple[str, Path]]:
        """Folders that may have to go: of incidents that are old or not known, and those that never became whole."""
        before_s = now_s - self._keep_days * _DAY_S
        with self._database.session(EVERYTHING) as session:
            newer = _names(session, select(Incident.site, Incident.source_id).where(Incident.received_s >= before_s))
            deleted = select(EvidenceEntry.site, EvidenceEntry.incident_id).where(EvidenceEntry.action == "delete")
            logged = _names(session, deleted)
        for folder in sorted(self._shelf.root.glob("*/*")):
            name = (folder.parent.name, folder.name)
            if not folder.is_dir() or (name in logged and _is_emptied(folder)):
                continue
            if name not in newer or not (folder / MANIFEST).exists():
                yield name[0], folder

    def _delete(self, session: Session, site: str, folder: Path, now_s: float) -> str | None:
        """Delete one, files and line of the log together, unless it is held or young after all."""
        community = session.scalar(select(Site.community_id).where(Site.name == site))
        incident = session.scalar(
            select(Incident)
            .where(Incident.community_id == community, Incident.site == site, Incident.source_id == folder.name)
            .with_for_update()  # who puts it on hold at this moment waits, and is told
        )
        if community is not None and _hold(session, community, site, folder.name) is not None:
            return None
        # a name with a dot in front: an upload that was to replace another, and was cut off
        is_whole = (folder / MANIFEST).exists() and not folder.name.startswith(".")
        days = self._days(finished=incident is not None and incident.state in _ENDS)
        days = days if is_whole else UNFINISHED_S / _DAY_S
        # a box may still be sending what is not whole, and nobody knows since when an unknown one is there
        came_s = incident.received_s if incident is not None and is_whole else folder.stat().st_mtime
        if came_s >= now_s - days * _DAY_S:
            return None
        reason = str(messages.OLDER_THAN(days=days))
        if is_whole:
            delete_evidence(folder, self._key, reason, datetime.fromtimestamp(now_s, UTC))
        else:
            shutil.rmtree(folder)  # nothing was sealed, and there is nothing to prove
            reason = f"never complete, {reason}"
        if community is not None:
            session.add(
                EvidenceEntry(
                    community_id=community,
                    site=site,
                    incident_id=folder.name,
                    at_s=now_s,
                    by=RETENTION,
                    action="delete",
                    why=reason,
                )
            )
        return f"evidence of {folder.name} from {site} deleted: {reason}"

    def _days(self, *, finished: bool) -> float:
        return self._keep_days * (1.0 if finished else UNFINISHED_LONGER)

    def _evidence(self, site: str, incident_id: str) -> str:
        folder = self._shelf.folder(site, incident_id)
        if folder is None or not folder.is_dir():
            return "none"
        if (folder / DELETION_SIGNATURE).exists():
            return "deleted"
        return "sealed" if (folder / MANIFEST).exists() else "pending"


def newest_received_s(database: ConsoleDatabase) -> float | None:
    """When the hub got its newest incident, seconds since 1970; None where it has none."""
    with database.session(EVERYTHING) as session:
        return session.scalar(select(Incident.received_s).order_by(Incident.key.desc()).limit(1))


def _names(session: Session, query: Select[str, str]) -> set[tuple[str, str]]:
    return {(site, incident_id) for site, incident_id in session.execute(query)}


def _is_emptied(folder: Path) -> bool:
    return (folder / DELETION_SIGNATURE).exists() and all(path.name in SURVIVES_DELETION for path in folder.iterdir())


def _hold(session: Session, community: int, site: str, incident_id: str) -> EvidenceEntry | None:
    """The hold that stands, or None."""
    last = session.scalar(
        select(EvidenceEntry)
        .where(
            EvidenceEntry.community_id == community,
            EvidenceEntry.incident_id == incident_id,
            EvidenceEntry.site == site,
            EvidenceEntry.action.in_(("hold", "release")),
        )
        .order_by(EvidenceEntry.key.desc())
        .limit(1)
    )
    return last if last is not None and last.action == "hold" else None


def _locked(session: Session, incident: Incident) -> None:
    """Wait until nobody deletes it at this moment."""
    session.execute(select(Incident.key).where(Incident.key == incident.key).with_for_update())


def _note(session: Session, incident: Incident, by: str, action: str, reason: str) -> None:
    session.add(
        EvidenceEntry(
            community_id=incident.community_id,
            site=incident.site,
            incident_id=incident.source_id,
            at_s=time.time(),
            by=by,
            action=action,
            why=reason,
        )
    )
    session.flush()
