"""What people made of incidents, as labels to learn from: false alarms, and true ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import select

from edgecv.console.cases.state_machine import State
from edgecv.console.storage import EVERYTHING, ConsoleDatabase
from edgecv.console.storage.schema import CaseEntry, Incident


@dataclass(frozen=True, slots=True)
class Label:
    """A judgement.

    Attributes:
        label: what it was.
        state: where the case stands.
        notes: what was said on the way, in order; no names.
    """

    label: Literal["false_alarm", "confirmed"]
    state: str
    notes: tuple[str, ...]


def labels(database: ConsoleDatabase, site: str | None = None) -> dict[str, Label]:
    """The label of each incident that somebody has judged, by the id its box gave it.

    Args:
        database: the console's.
        site: only those of one site.
    """
    with database.session(EVERYTHING) as session:
        query = select(Incident.key, Incident.source_id, Incident.state).where(Incident.state != State.NEW.value)
        if site is not None:
            query = query.where(Incident.site == site)
        judged = session.execute(query).all()
        notes: dict[int, list[str]] = {}
        for key, note in session.execute(select(CaseEntry.incident_key, CaseEntry.note).order_by(CaseEntry.key)):
            if note:
                notes.setdefault(key, []).append(note)
    return {
        incident_id: Label(
            "false_alarm" if state == State.FALSE_ALARM.value else "confirmed", state, tuple(notes.get(key, ()))
        )
        for key, incident_id, state in judged
    }
