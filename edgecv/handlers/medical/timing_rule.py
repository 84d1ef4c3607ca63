"""What is stored of one dosage instruction, and which doses of it are due on a day of the person's."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

DAY_S = 86400.0
_LAST_MINUTE_S = 61.0
"""23:59 as an end means all of its day."""


@dataclass(frozen=True, slots=True)
class Due:
    """A dose that is due, or several in a span of time that leaves their moments open.

    Attributes:
        at_s: the moment, or the end of the span, seconds since 1970.
        opens_s: the beginning of the span; None for a moment.
        least: how many doses must be taken; 0 where one may be.
        most: how many may be taken.
    """

    at_s: float
    opens_s: float | None = None
    least: int = 1
    most: int = 1

    @property
    def key(self) -> str:
        """What its doses are stored under: a number, and another one for a span than for a moment at its end."""
        return f"{self.at_s:.0f}" if self.opens_s is None else f"{self.at_s - 0.5:.1f}"

    def __lt__(self, other: Due) -> bool:
        """By when they are due; a span before a moment at its end."""
        own, others = (one.at_s if one.opens_s is None else one.opens_s for one in (self, other))
        return (self.at_s, own) < (other.at_s, others)

    def is_judged(self, since_s: float) -> bool:
        """Whether enough of a span was watched to say that a dose is missing.

        One that began before its schedule came may hold doses that nobody told the box of. Of more than a day the first
        may be missing: an order is told of hours after it was written.

        Args:
            since_s: when the schedule came, seconds since 1970.
        """
        if self.least == 0 or self.opens_s is None:
            return False
        return since_s <= self.opens_s + (DAY_S if self.at_s - self.opens_s > 1.1 * DAY_S else 0.0)


class Rule(BaseModel):
    """When doses of one instruction are due.

    Attributes:
        form: at times of days; in steps of an interval; so many in spans of days or months; so many in one span; at
            moments and on days that are listed.
        start_s: nothing is due before, seconds since 1970.
        last_s: nor after.
        needed_until_s: from there on doses may be taken and need not.
        last_day: nor after this day, ISO 8601: of schedules that older versions stored.
        first: the day that days and months are counted from, ISO 8601.
        every_days: on every so many of them.
        every_months: or of every so many months; 0 where days are counted.
        weekdays: only on these, 0 for Monday; empty for all.
        minutes: of ``times``, from midnight; below 0 and from 1440 on it is a day next to it.
        every_s: of ``interval``, seconds; of ``times`` that are steps of so many, 0 where each is named.
        anchor_s: of ``interval``, one of its moments, seconds since 1970.
        may_begin: whether a dose may be taken at ``start_s`` itself, and need not.
        open_days: of ``window``, on so many of its days a dose may be taken; 0 for all.
        from_minute: of ``window``, where in its first day it begins, minutes from midnight.
        least: of ``window`` and ``span``, how many doses must be taken.
        most: of them, how many may be.
        moments: of ``events``, seconds since 1970.
        days: of ``events``, ISO 8601.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    form: Literal["times", "interval", "window", "span", "events"]
    start_s: float | None = None
    last_s: float | None = None
    needed_until_s: float | None = None
    last_day: str | None = None
    first: str | None = None
    every_days: int = 1
    every_months: int = 0
    weekdays: tuple[int, ...] = ()
    minutes: tuple[int, ...] = ()
    every_s: float = 0.0
    anchor_s: float = 0.0
    may_begin: bool = False
    open_days: int = 0
    from_minute: int = 0
    least: int = 1
    most: int = 1
    moments: tuple[float, ...] = ()
    days: tuple[str, ...] = ()

    def is_open_with(self, other: Rule) -> bool:
        """Whether spans of both may be open at once: of a dose in them nobody could say which it is."""
        if not {self.form, other.form} <= {"window", "span"}:
            return False
        if self.weekdays and other.weekdays and not set(self.weekdays) & set(other.weekdays):
            return False
        opens_s = max(one.start_s or -math.inf for one in (self, other))
        closes_s = min(one.last_s or math.inf for one in (self, other))
        return opens_s < closes_s

    def on_day(self, day: date, zone: ZoneInfo) -> Iterator[Due]:
        """The doses of a day of the person's, and the spans that it lies in."""
        if self.form == "events":
            yield from self._events(day, zone)
        elif self.form == "times":
            yield from self._first_dose(day, zone)
            if self._is_on(day):
                yield from self._within(self._moments(day, zone))
        elif self.form == "interval":
            if not self.weekdays or day.weekday() in self.weekdays:
                yield from self._within(self._steps(local_s(day, 0, zone), local_s(day, 1440, zone)))
        elif self.form == "window":
            yield from self._windows(day, zone)
        else:
            yield from self._span(day, zone)

    def _events(self, day: date, zone: ZoneInfo) -> Iterator[Due]:
        for moment in self.moments:
            if datetime.fromtimestamp(moment, zone).date() == day:
                yield Due(moment)
        opens_s, closes_s = (local_s(day, minute, zone) for minute in (0, 1440))
        if day.isoformat() in self.days and opens_s < closes_s:
            yield Due(closes_s, opens_s)

    def _span(self, day: date, zone: ZoneInfo) -> Iterator[Due]:
        if self.start_s is None or self.last_s is None:
            return
        if self.start_s < local_s(day, 1440, zone) and self.last_s >= local_s(day, 0, zone):
            yield Due(self.last_s, self.start_s, self.least, self.most)

    def _first_dose(self, day: date, zone: ZoneInfo) -> Iterator[Due]:
        """The dose at the beginning: whoever is given one at once gets the next at the institution's hour."""
        if not self.may_begin or self.start_s is None or self.start_s in self._moments(day, zone):
            return
        if local_s(day, 0, zone) <= self.start_s < local_s(day, 1440, zone):
            yield Due(self.start_s, least=0)

    def _moments(self, day: date, zone: ZoneInfo) -> list[float]:
        """The times of a day, in order; one twice where the change of the clocks lets two named times fall together.

        A time that the clocks leave out is as long after midnight as it would have been, and of one that comes twice
        the first is meant, as https://www.rfc-editor.org/rfc/rfc5545#section-3.3.5 has it. Steps go on through the
        hour that comes twice.
        """
        moments = [local_s(day, minute, zone) for minute in self.minutes]
        if not self.every_s:
            return sorted(moments)
        again = (local_s(day, minute, zone, fold=1) for minute in self.minutes)
        repeated = (later for first, later in zip(moments, again, strict=True) if self.every_s <= later - first)
        return sorted({*moments, *repeated})

    def _within(self, moments: Iterable[float]) -> Iterator[Due]:
        for moment, doses in Counter(moments).items():
            if (self.start_s is None or moment >= self.start_s) and (self.last_s is None or moment <= self.last_s):
                is_needed = self.needed_until_s is None or moment <= self.needed_until_s
                yield Due(moment, least=doses if is_needed else 0, most=doses)

    def _steps(self, from_s: float, to_s: float) -> Iterator[float]:
        step = -((self.anchor_s - from_s) // self.every_s)  # the first at or after from_s
        while self.anchor_s + step * self.every_s < to_s:
            yield self.anchor_s + step * self.every_s
            step += 1

    def _is_on(self, day: date) -> bool:
        if self.weekdays and day.weekday() not in self.weekdays:
            return False
        if self.last_day is not None and day > date.fromisoformat(self.last_day):
            return False
        if self.first is None:
            return True
        first = date.fromisoformat(self.first)
        if self.every_months:
            months = _month(day) - _month(first)
            return months >= 0 and months % self.every_months == 0 and day.day == first.day
        return day >= first and (day - first).days % self.every_days == 0

    def _windows(self, day: date, zone: ZoneInfo) -> Iterator[Due]:
        if self.weekdays and day.weekday() not in self.weekdays:
            return
        if self.first is not None and day < date.fromisoformat(self.first):
            return
        opens, closes = self._window(day)
        if day >= closes:
            return
        opens_s, closes_s = local_s(opens, self.from_minute, zone), local_s(closes, 0, zone)
        if closes_s <= opens_s:  # a day that the calendar leaves out, as Samoa's 30 December 2011
            return
        if (self.start_s is not None and closes_s <= self.start_s) or (
            self.last_s is not None and opens_s > self.last_s
        ):
            return
        is_whole = (self.start_s is None or self.start_s <= opens_s or self.first is not None) and (
            self.last_s is None or closes_s <= self.last_s + _LAST_MINUTE_S
        )
        is_needed = is_whole and (self.needed_until_s is None or closes_s <= self.needed_until_s + 1.0)
        yield Due(closes_s, opens_s, self.least if is_needed else 0, self.most)

    def _window(self, day: date) -> tuple[date, date]:
        """The first day of the window that a day lies in, and the day after its last."""
        opens, closes = day, day + timedelta(days=1)
        if self.first is not None:
            first = date.fromisoformat(self.first)
            if self.every_months:
                index = (_month(day) - _month(first) - (day.day < first.day)) // self.every_months
                opens = _plus_months(first, index * self.every_months)
                closes = _plus_months(first, (index + 1) * self.every_months)
            else:
                opens = first + timedelta(days=(day - first).days // self.every_days * self.every_days)
                closes = opens + timedelta(days=self.every_days)
        return opens, min(closes, opens + timedelta(days=self.open_days)) if self.open_days else closes

    def cut_spans(self, zone: ZoneInfo) -> Iterator[tuple[float, float]]:
        """From when to when, seconds since 1970, a bound cuts a span: nobody says how many of its doses are left."""
        if self.form != "window" or not self.least:
            return
        last_s = min(self.last_s or math.inf, self.needed_until_s or math.inf)
        for bound_s in (self.start_s, last_s):
            if bound_s is None or math.isinf(bound_s):
                continue
            day = datetime.fromtimestamp(bound_s, zone).date()
            for due in self._windows(day, zone):
                begin_s, end_s = max(due.opens_s or 0.0, self.start_s or 0.0), min(due.at_s, last_s)
                if due.least == 0 and end_s > begin_s + _LAST_MINUTE_S:
                    yield begin_s, end_s


def local_s(day: date, minute: int, zone: ZoneInfo, fold: int = 0) -> float:
    """Seconds since 1970 of a time of day where the person lives.

    Args:
        day: the person's.
        minute: from midnight, of any number.
        zone: where the person lives.
        fold: 1 for the second one of a time that comes twice.
    """
    wall = datetime.combine(day, time(0)) + timedelta(minutes=minute)
    return wall.replace(tzinfo=zone, fold=fold).astimezone(UTC).timestamp()


def _month(day: date) -> int:
    return day.year * 12 + day.month - 1


def _plus_months(day: date, months: int) -> date:
    """The same day of a later month; the caller has seen to it that each month has it."""
    index = _month(day) + months
    return date(index // 12, index % 12 + 1, day.day)
