"""The box's own store, where the console runs on the box: what is kept how long, and how an incident ended."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from edgecv.console.cases.state_machine import State
from edgecv.console.storage import EVERYTHING, ConsoleDatabase
from edgecv.console.storage.schema import CaseEntry, Incident
from edgecv.errors import EdgecvError
from edgecv.storage.database import DATABASE, Database
from edgecv.storage.incident_store import INCIDENTS, IncidentStore
from edgecv.storage.retention import UNFINISHED_LONGER

_log = logging.getLogger("edgecv.console")
_ENDS = {State.CLOSED: "confirmed", State.FALSE_ALARM: "false alarm"}


@dataclass(frozen=True, slots=True)
class RetentionState:
    """How long an incident's evidence is kept.

    Attributes:
        evidence: pending, sealed, failed, deleted or none.
        until_s: seconds since 1970; None where there is none, or it is on hold.
        hold: why it must not be deleted, or None.
        finished: whether the case is at its end, so that no longer time is allowed.
        days: how long from its arrival on.
    """

    evidence: str
    until_s: float | None
    hold: str | None
    finished: bool
    days: float


class BoxStore:
    """The box's store; may be used from any thread.

    Args:
        state: the box's state directory.
        keep_days: as its box file says.
    """

    def __init__(self, state: Path, keep_days: float) -> None:
        self._state = state
        self._keep_days = keep_days

    def retention_of(self, incident_id: str) -> RetentionState | None:
        """How long evidence is kept; None where the box does not know the incident, or cannot say now."""
        try:
            with self._store(read_only=True) as store:
                stored = None if store is None else store.get(incident_id)
        except (EdgecvError, sqlite3.Error):
            return None  # logged already; the page is worth more than this line of it
        if stored is None:
            return None
        days = self._keep_days * (1.0 if stored.resolution is not None else UNFINISHED_LONGER)
        there = stored.evidence == "sealed" and stored.hold is None
        until_s = stored.stored_s + days * 86400.0 if there else None
        return RetentionState(stored.evidence, until_s, stored.hold, stored.resolution is not None, days)

    def changed(self, incident_id: str, before: State, after: State) -> None:
        """Tell the box of one change of a case, where it was or is an end.

        What fails is logged: :meth:`reflect` tells it later.
        """
        if not {before, after} & set(_ENDS):
            return
        ended = {incident_id: after.value} if after in _ENDS else {}
        try:
            with self._store() as store:
                if store is not None:
                    list(self._apply_holds(store, ended, set() if ended else {incident_id}))
        except (EdgecvError, sqlite3.Error):
            return  # logged already

    def reflect(self, database: ConsoleDatabase) -> int:
        """Tell the box how all cases have ended, and which have not; return how many were new to it.

        For what could not be told when it happened. What somebody wrote by ``edgecv incidents resolve`` stays while
        nobody has closed the case here.
        """
        with database.session(EVERYTHING) as session:
            ends = [state.value for state in _ENDS]
            at_end = session.execute(select(Incident.source_id, Incident.state).where(Incident.state.in_(ends))).all()
            ended = {row.source_id: row.state for row in at_end}
            touched = set(
                session.scalars(
                    select(Incident.source_id)
                    .join(CaseEntry, CaseEntry.incident_key == Incident.key)
                    .where(CaseEntry.from_state.in_(ends), Incident.state.not_in(ends))
                )
            )
        if not ended and not touched:
            return 0
        with self._store() as store:
            return 0 if store is None else sum(self._apply_holds(store, ended, touched))

    @staticmethod
    def _apply_holds(store: IncidentStore, ended: dict[str, str], reopened: set[str]) -> Iterator[bool]:
        endings = tuple(_ENDS.values())
        for incident_id, state in ended.items():
            ending, stored = _ENDS[State(state)], store.get(incident_id)
            if stored is not None and not (stored.resolution or "").startswith(ending):
                yield store.resolve(incident_id, ending)
        for incident_id in reopened:
            stored = store.get(incident_id)
            if stored is not None and (stored.resolution or "").startswith(endings):
                yield store.reopen(incident_id)

    @contextmanager
    def _store(self, *, read_only: bool = False) -> Iterator[IncidentStore | None]:
        path = self._state / DATABASE
        if not path.exists():
            yield None
            return
        try:
            with closing(Database(path, read_only=read_only)) as database:
                yield IncidentStore(database, self._state / INCIDENTS)
        except (EdgecvError, sqlite3.Error) as error:
            _log.warning("the box's store cannot be used now: %s", error)
            raise
