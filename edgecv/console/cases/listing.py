"""Finding incidents: filters, and pages by keyset, so that page a thousand costs what page one does."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, String, cast, literal, select, tuple_, union_all
from sqlalchemy.orm import Session, defer

from edgecv.console.storage.schema import Incident

_MOST_CHOICES = 300
_ID_CHARS = 200  # boxes make 26; the broker's envelope takes 64
_CHOSEN = (Incident.building, Incident.floor, Incident.device, Incident.kind)

FILTERS = ("building", "floor", "device", "mass_class", "kind", "state")


@dataclass(frozen=True, slots=True)
class Filters:
    """Which incidents; None asks for all.

    Attributes:
        building: facade, or site where a record names none.
        floor: number from the ground.
        device: camera.
        mass_class: light, medium, heavy, undetermined.
        kind: of incident, such as thrown_object.
        state: of the case.
        since_s: not before, seconds since 1970.
        until_s: before.
        due_before_s: only cases on which somebody should have acted before.
    """

    building: str | None = None
    floor: int | None = None
    device: str | None = None
    mass_class: str | None = None
    kind: str | None = None
    state: str | None = None
    since_s: float | None = None
    until_s: float | None = None
    due_before_s: float | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: after this incident."""

    started_s: float
    key: int

    def __str__(self) -> str:
        return f"{self.started_s!r}_{self.key}"

    @classmethod
    def read(cls, text: str) -> Place:
        """From its text form.

        Raises:
            ValueError: it is not one.
        """
        started, _, key = text.partition("_")
        if not key.isascii() or not key.isdigit() or len(key) > 18:
            raise ValueError("is not a place in the list")
        return cls(float(started), int(key))


@dataclass(frozen=True, slots=True)
class Page:
    """Incidents, newest first, without their records; ``following`` is where the next page begins, None at the end."""

    incidents: tuple[Incident, ...]
    following: Place | None


def list_incidents(session: Session, filters: Filters, rows: int, after: Place | None = None) -> Page:
    """One page.

    Args:
        session: in the viewer's scope.
        filters: which.
        rows: how many at most.
        after: where it begins; None at the newest.
    """
    query = _filtered(select(Incident).options(defer(Incident.record, raiseload=True)), filters)
    if after is not None:
        query = query.where(tuple_(Incident.started_s, Incident.key) < (after.started_s, after.key))
    ordered = query.order_by(Incident.started_s.desc(), Incident.key.desc()).limit(rows + 1)
    incidents = session.scalars(ordered).all()
    page = tuple(incidents[:rows])
    following = Place(page[-1].started_s, page[-1].key) if len(incidents) > rows else None
    return Page(page, following)


def find_incident(session: Session, incident_id: str) -> Incident | None:
    """The incident with that id, if it is in the session's scope."""
    if "\x00" in incident_id or len(incident_id) > _ID_CHARS:  # PostgreSQL refuses a NUL in what is looked for
        return None
    return session.scalar(select(Incident).where(Incident.id == incident_id))


def choices(session: Session) -> dict[str, list[Any]]:
    """For each filter with few values, those there are, in order."""
    by_column: dict[str, list[Any]] = {column.key: [] for column in _CHOSEN}
    for name, value in session.execute(_choices()):
        by_column[name].append(int(value) if name == Incident.floor.key else value)
    return {name: sorted(values) for name, values in by_column.items()}


@cache
def _choices() -> CompoundSelect[Any]:
    """All at once, ``(name, value)``: a statement for each value was most of what a page cost."""
    return union_all(*map(_distinct, _CHOSEN))


def _distinct(column: Any) -> Select[Any]:
    """The values of a column, each found by one step in an index where there is one ("loose index scan").

    A plain DISTINCT reads every row: a quarter of a second at 100,000.
    """

    def least(where: ColumnElement[bool]) -> Any:
        return select(column).where(where).order_by(column).limit(1).scalar_subquery()

    first = select(least(column.is_not(None)).label("value"), literal(1).label("place"))
    values = first.cte(f"{column.key}_values", recursive=True)
    following = select(least(column > values.c.value), values.c.place + 1)
    values = values.union_all(following.where(values.c.value.is_not(None), values.c.place < _MOST_CHOICES))
    query = select(literal(column.key).label("name"), cast(values.c.value, String))
    return query.where(values.c.value.is_not(None))


def _filtered(query: Select[Any], filters: Filters) -> Select[Any]:
    for name in FILTERS:
        value = getattr(filters, name)
        if value is not None:
            query = query.where(getattr(Incident, name) == value)
    if filters.since_s is not None:
        query = query.where(Incident.started_s >= filters.since_s)
    if filters.until_s is not None:
        query = query.where(Incident.started_s < filters.until_s)
    if filters.due_before_s is not None:
        query = query.where(Incident.due_s < filters.due_before_s)
    return query
