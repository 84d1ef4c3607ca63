"""Counts for the statistics page, made by the database: a year of 100,000 incidents is never read row by row.

A false alarm is no case: every count tells cases that were judged real, those nobody has judged yet, and false alarms
apart. All of it is read from one covering index, for the rows themselves are long.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, ColumnElement, Integer, Select, case, cast, func, literal, null, select
from sqlalchemy.orm import Session

from edgecv.console.cases.state_machine import State
from edgecv.console.settings import AHEAD_S, FLOOR_BAND, STATISTICS_YEARS
from edgecv.console.storage.schema import Incident
from edgecv.untrusted import EARLIEST_S, LATEST_S

_DAY_S = 86400
_YEAR_S = 365.25 * _DAY_S


@dataclass(frozen=True, slots=True)
class Selection:
    """What is counted; None asks for all. Times are seconds since 1970, ``until_s`` itself no longer counts.

    ``least_s`` and ``most_s`` bound it whatever was asked for: a record with a wrong time must not stretch months over
    thousands of years.
    """

    since_s: float | None = None
    until_s: float | None = None
    kind: str | None = None
    building: str | None = None
    least_s: float = EARLIEST_S
    most_s: float = LATEST_S

    def bounded(self, now_s: float) -> Selection:
        """The same over ``STATISTICS_YEARS`` at most: the last of what was asked for.

        What began later than a clock may be ahead is left out where no end was asked for.
        """
        most_s = now_s + AHEAD_S if self.until_s is None else self.until_s
        least_s = most_s - STATISTICS_YEARS * _YEAR_S
        since_s = None if self.since_s is None else max(self.since_s, least_s)
        return replace(self, since_s=since_s, least_s=max(self.least_s, least_s), most_s=min(self.most_s, most_s))


@dataclass(frozen=True, slots=True)
class Tally:
    """How many incidents of each sort.

    Attributes:
        real: judged real: confirmed, assigned, investigated or closed.
        unjudged: nobody has judged them yet.
        false: judged false alarms.
    """

    real: int = 0
    unjudged: int = 0
    false: int = 0

    @property
    def cases(self) -> int:
        """All but false alarms."""
        return self.real + self.unjudged

    @property
    def false_share(self) -> float | None:
        """False alarms among those that were judged; None where none was."""
        judged = self.real + self.false
        return self.false / judged if judged else None

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.real + other.real, self.unjudged + other.unjudged, self.false + other.false)


NONE = Tally()
Tallies = dict[Any, Tally]


def by_column(session: Session, chosen: Selection, name: str) -> Tallies:
    """Counts for each value of a column of incidents: ``building``, ``floor``, ``mass_class``, ``kind``."""
    # As an expression: SQLite would else go by the column's own index, and read every long row for the state.
    return _counted(session, chosen, func.nullif(getattr(Incident, name), null()))


def by_floor_band(floors: Mapping[int | None, Tally]) -> dict[int | None, Tally]:
    """Floors taken together: each band under its lowest floor, basements under 0, None where no floor was told."""
    bands: dict[int | None, Tally] = {}
    for floor, tally in floors.items():
        band = None if floor is None else 0 if floor < 1 else (floor - 1) // FLOOR_BAND * FLOOR_BAND + 1
        bands[band] = bands.get(band, NONE) + tally
    return dict(sorted(bands.items(), key=lambda item: (item[0] is None, item[0] or 0)))


def by_hour(session: Session, chosen: Selection, timezone: ZoneInfo) -> list[Tally]:
    """Counts for each of the 24 hours of the day, in that time zone."""
    local = _local_s(session, chosen, timezone)
    whole = _floor(session, local)
    hours = _counted(session, chosen, (whole - whole // _DAY_S * _DAY_S) // 3600)
    return [hours.get(hour, NONE) for hour in range(24)]


def by_month(session: Session, chosen: Selection, timezone: ZoneInfo, now_s: float | None = None) -> dict[date, Tally]:
    """Counts for each month, under its first day, in that time zone; empty where there is no incident at all.

    Months without any are there: from the first that has one, or that was asked for, to ``now_s`` or the end of what
    was asked for; without ``now_s`` to the last that has one. Quiet months at the end are what is hoped for.
    """
    days = _counted(session, chosen, _floor(session, _local_s(session, chosen, timezone)) // _DAY_S)
    months: dict[date, Tally] = {}
    for day, tally in days.items():
        first = (date(1970, 1, 1) + timedelta(days=int(day))).replace(day=1)
        months[first] = months.get(first, NONE) + tally
    if not months:
        return {}
    ends = [min(months), max(months)]
    if now_s is not None:
        last_s = now_s if chosen.until_s is None else min(now_s, chosen.until_s - 1.0)
        ends.append(_month_of(max(last_s, chosen.least_s), timezone))
        if chosen.since_s is not None:
            ends.append(_month_of(max(chosen.since_s, chosen.least_s), timezone))
    return {month: months.get(month, NONE) for month in _months(min(ends), max(ends))}


def by_year(months: Mapping[date, Tally]) -> dict[int, Tally]:
    """The same by calendar year."""
    years: dict[int, Tally] = {}
    for month, tally in months.items():
        years[month.year] = years.get(month.year, NONE) + tally
    return years


def total(tallies: Sequence[Tally]) -> Tally:
    """All together."""
    return sum(tallies, NONE)


def narrowed(query: Select[Any], chosen: Selection) -> Select[Any]:
    """A statement about incidents, of the chosen ones only."""
    for column, value in ((Incident.kind, chosen.kind), (Incident.building, chosen.building)):
        if value is not None:
            query = query.where(column == value)
    query = query.where(Incident.started_s >= chosen.least_s, Incident.started_s < chosen.most_s)
    if chosen.since_s is not None:
        query = query.where(Incident.started_s >= chosen.since_s)
    if chosen.until_s is not None:
        query = query.where(Incident.started_s < chosen.until_s)
    return query


def _counted(session: Session, chosen: Selection, group: ColumnElement[Any]) -> Tallies:
    sort = case((Incident.state == State.NEW, "u"), (Incident.state == State.FALSE_ALARM, "f"), else_="r")
    rows = session.execute(
        narrowed(select(group, sort, func.count()).select_from(Incident), chosen).group_by(group, sort)
    )
    counts: dict[Any, dict[str, int]] = {}
    for value, letter, count in rows:
        counts.setdefault(value, {})[letter] = count
    return {value: Tally(n.get("r", 0), n.get("u", 0), n.get("f", 0)) for value, n in counts.items()}


def _local_s(session: Session, chosen: Selection, timezone: ZoneInfo) -> ColumnElement[float]:
    """Local time as seconds since 1970 as if it were UTC: each stretch between two changes of the clock has its own."""
    columns: list[Any] = [func.min(Incident.started_s), func.max(Incident.started_s)]
    span = session.execute(narrowed(select(*columns), chosen)).one()
    first, last = (0.0 if moment is None else float(moment) for moment in span)
    stretches = _offsets(first, last, timezone)
    if len(stretches) == 1:
        return Incident.started_s + stretches[0][1]
    whens = [(Incident.started_s < until, literal(offset)) for until, offset in stretches[:-1]]
    return Incident.started_s + case(*whens, else_=literal(stretches[-1][1]))


def _offsets(first_s: float, last_s: float, timezone: ZoneInfo) -> list[tuple[float, int]]:
    """``(until, offset)`` in seconds of each stretch with one offset from UTC; the last has no end."""
    offsets: list[tuple[float, int]] = []
    at, offset = first_s, _offset(first_s, timezone)
    while at < last_s:
        later = at + 7 * _DAY_S  # no zone changes its clock twice in a week
        if _offset(later, timezone) != offset:
            low, high = at, later
            while high - low > 0.5:
                middle = (low + high) / 2.0
                low, high = (middle, high) if _offset(middle, timezone) == offset else (low, middle)
            offsets.append((float(round(high)), offset))
            offset = _offset(later, timezone)
        at = later
    return [*offsets, (float("inf"), offset)]


def _offset(moment_s: float, timezone: ZoneInfo) -> int:
    offset = datetime.fromtimestamp(moment_s, UTC).astimezone(timezone).utcoffset()
    return 0 if offset is None else int(offset.total_seconds())


def _floor(session: Session, value: ColumnElement[float]) -> ColumnElement[int]:
    """The whole seconds of a time after 1970; PostgreSQL's cast rounds, SQLite's cuts."""
    if session.get_bind().dialect.name == "postgresql":
        return cast(func.floor(value), BigInteger)
    return cast(value, Integer)


def _month_of(moment_s: float, timezone: ZoneInfo) -> date:
    return datetime.fromtimestamp(moment_s, timezone).date().replace(day=1)


def _months(first: date, last: date) -> list[date]:
    months = [first]
    while months[-1] < last:
        months.append((months[-1] + timedelta(days=32)).replace(day=1))
    return months
