"""How fast cases are worked: the median time of each step, from the log of changes, found by the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import CTE, Select, String, case, cast, func, literal, select, union_all
from sqlalchemy.orm import Session

from edgecv.console.cases.state_machine import State
from edgecv.console.cases.statistics import Selection, narrowed
from edgecv.console.storage.schema import CaseEntry, Incident


@dataclass(frozen=True, slots=True)
class Step:
    """One step: how long it took in the middle case, seconds, and how many took it."""

    name: str
    median_s: float | None
    cases: int


STEPS = ("confirmed", "assigned", "closed", "all")
"""New → confirmed, confirmed → assigned, assigned → closed, and new → closed."""


def response_times(session: Session, chosen: Selection) -> list[Step]:
    """The median of every step; where a step was taken twice, the first time counts.

    A case is new when the console got it, which is seconds after the fall unless a line was down.
    """
    moments = _moments(chosen)
    c = moments.c
    spans = {
        "confirmed": c.confirmed - c.received,
        "assigned": c.assigned - c.confirmed,
        "closed": c.closed - c.assigned,
        "all": c.closed - c.received,
    }
    rows = session.execute(union_all(*(_median(name, span) for name, span in spans.items()))).all()
    medians = {name: (median_s, cases or 0) for name, median_s, cases in rows}
    return [Step(name, *medians.get(name, (None, 0))) for name in STEPS]


def _moments(chosen: Selection) -> CTE:
    """For each incident: when it came, and when it first entered each state."""

    def first(state: State) -> Any:
        return func.min(case((CaseEntry.to_state == state, CaseEntry.at_s)))

    query = select(
        func.max(Incident.received_s).label("received"),
        first(State.CONFIRMED).label("confirmed"),
        first(State.ASSIGNED).label("assigned"),
        first(State.CLOSED).label("closed"),
    ).join(CaseEntry, CaseEntry.incident_key == Incident.key)
    # grouped by the log's own column, which its index has in order
    return narrowed(query, chosen).group_by(CaseEntry.incident_key).cte("moments")


def _median(name: str, span: Any) -> Select[Any]:
    """The mean of the one or two middle rows: neither database need know a median."""
    ranked = (
        select(
            span.label("span"),
            func.row_number().over(order_by=span).label("place"),
            func.count().over().label("rows"),
        )
        .where(span >= 0.0)
        .subquery()
    )
    place, rows = ranked.c.place * 2, ranked.c.rows
    middle = select(cast(literal(name), String), func.avg(ranked.c.span), func.max(rows))
    return middle.where(place >= rows, place <= rows + 2)
