"""The tables of the statistics page: each with its chart, and as CSV the same figures."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup
from sqlalchemy.orm import Session

from edgecv.console.cases import statistics
from edgecv.console.cases.response_times import response_times
from edgecv.console.cases.statistics import Selection, Tally
from edgecv.console.cases.trend import Trend, trend_of
from edgecv.console.settings import FLOOR_BAND
from edgecv.console.web.charts import Series, columns, rows
from edgecv.console.web.language import Language
from edgecv.console.web.translatable import N_, Text
from edgecv.console.web.ui_texts import CLASSES, coded

_HEAD = (N_("Cases"), N_("Judged real"), N_("Not judged yet"), N_("False alarms"))
_STEPS = {
    "confirmed": N_("New until confirmed"),
    "assigned": N_("Confirmed until assigned"),
    "closed": N_("Assigned until closed"),
    "all": N_("New until closed"),
}
TITLES = {
    "months": N_("Cases by month"),
    "years": N_("Cases by year"),
    "buildings": N_("By building"),
    "floors": N_("By floors"),
    "hours": N_("By hour of the day"),
    "classes": N_("By weight"),
    "response": N_("Response times"),
}
_FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""How a formula begins in spreadsheets, also behind blanks; the last four are the wide forms of Chinese keyboards."""
_MOST_ROWS = 12  # of a chart of places; the table has all


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its name in addresses, title, head, rows, and chart."""

    name: str
    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    chart: Markup | None = None


@dataclass(frozen=True, slots=True)
class Statistics:
    """All of the page: tables by name, everything together, and the trend where one can be told."""

    tables: Mapping[str, Table]
    total: Tally
    trend: Trend | None
    last_years: tuple[tuple[int, Tally], ...]


def make_statistics(session: Session, chosen: Selection, language: Language, timezone: ZoneInfo) -> Statistics:
    """Ask for everything and put it into tables."""
    now_s = time.time()
    months = statistics.by_month(session, chosen, timezone, now_s)
    years = statistics.by_year(months)
    whole = list(months.items())
    if whole and whole[-1][0] == datetime.fromtimestamp(now_s, timezone).date().replace(day=1):
        whole.pop()  # a month that is not over has too few
    trend = trend_of([tally.cases for _, tally in whole])
    say = language.text
    tables = [
        _upright("months", {f"{month:%Y-%m}": tally for month, tally in months.items()}, say, trend),
        _upright("years", {str(year): tally for year, tally in years.items()}, say),
        _lying("buildings", statistics.by_column(session, chosen, "building"), say, str),
        _lying(
            "floors",
            statistics.by_floor_band(statistics.by_column(session, chosen, "floor")),
            say,
            lambda band: _band(band, say),
            in_order=True,
        ),
        _upright("hours", {f"{n:02d}": t for n, t in enumerate(statistics.by_hour(session, chosen, timezone))}, say),
        _lying(
            "classes",
            statistics.by_column(session, chosen, "mass_class"),
            say,
            lambda name: _class_words(name, say),
        ),
        _response(session, chosen, say),
    ]
    everything = statistics.total(list(months.values()))
    return Statistics({table.name: table for table in tables}, everything, trend, tuple(years.items())[-3:])


def csv_of(table: Table) -> bytes:
    """The table as CSV: UTF-8 with the mark that spreadsheets look for, and no cell that they take for a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    for row in (table.head, *table.rows):
        writer.writerow([_no_formula(cell) for cell in row])
    return text.getvalue().encode("utf-8-sig")


def _no_formula(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) or cell.lstrip().startswith(_FORMULA) else cell


def duration(seconds: float | None, language: Callable[[Text], str]) -> str:
    """A time in minutes, hours or days."""
    if seconds is None:
        return "–"
    for unit, length in ((N_("%(n)s days"), 86400.0), (N_("%(n)s h"), 3600.0)):
        if seconds >= 2 * length:
            return language(unit) % {"n": f"{seconds / length:.1f}"}
    return language(N_("%(n)s min")) % {"n": f"{seconds / 60.0:.1f}"}


def _upright(name: str, tallies: Mapping[str, Tally], say: Callable[[Text], str], trend: Trend | None = None) -> Table:
    chart = None
    if tallies:
        chart = columns(
            say(TITLES[name]), list(tallies), _series(list(tallies.values())), None if trend is None else trend.fitted
        )
    return _table(name, tallies, say, chart)


def _lying(
    name: str,
    tallies: Mapping[Any, Tally],
    say: Callable[[Text], str],
    words: Callable[[Any], str],
    *,
    in_order: bool = False,
) -> Table:
    order = list(tallies.items()) if in_order else sorted(tallies.items(), key=lambda item: -item[1].cases)
    labelled = [(words(value), tally) for value, tally in order]
    top = labelled if in_order else labelled[:_MOST_ROWS]
    chart = None
    if top:
        chart = rows(say(TITLES[name]), [word for word, _ in top], _series([tally for _, tally in top]))
    return _table(name, dict(labelled), say, chart)


def _table(name: str, tallies: Mapping[str, Tally], say: Callable[[Text], str], chart: Markup | None) -> Table:
    head = (say(TITLES[name]), *(say(text) for text in _HEAD))
    lines = tuple((word, str(t.cases), str(t.real), str(t.unjudged), str(t.false)) for word, t in tallies.items())
    return Table(name, say(TITLES[name]), head, lines, chart)


def _series(tallies: Sequence[Tally]) -> list[Series]:
    return [
        Series("real", tuple(t.real for t in tallies)),
        Series("unjudged", tuple(t.unjudged for t in tallies)),
    ]


def _band(band: int | None, say: Callable[[Text], str]) -> str:
    if band is None:
        return say(N_("Floor unknown"))
    if band == 0:
        return say(N_("Basement"))
    return say(N_("Floors %(low)s–%(high)s")) % {"low": band, "high": band + FLOOR_BAND - 1}


def _class_words(name: str | None, say: Callable[[Text], str]) -> str:
    words = coded(CLASSES, name or "undetermined")
    return say(words) if isinstance(words, Text) else words


def _response(session: Session, chosen: Selection, say: Callable[[Text], str]) -> Table:
    head = (say(N_("Step")), say(N_("Median")), say(N_("Cases")), say(N_("Hours")))
    steps = response_times(session, chosen)
    lines = tuple((say(_STEPS[s.name]), duration(s.median_s, say), str(s.cases), _hours(s.median_s)) for s in steps)
    return Table("response", say(TITLES["response"]), head, lines)


def _hours(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds / 3600.0:.3f}"
