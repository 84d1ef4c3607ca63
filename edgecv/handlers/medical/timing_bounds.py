"""From when to when a schedule lasts, where the person lives: boundsPeriod, boundsDuration, boundsRange, authoredOn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from edgecv.handlers.handler import MalformedError
from edgecv.handlers.medical.timing_rule import local_s
from edgecv.messages import timing as messages
from edgecv.untrusted import EARLIEST_S, LATEST_S

UNITS_S = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "wk": 604800.0}
"""UCUM's units of time that are always as long, in seconds."""
MONTHS = {"mo": 1, "a": 12}
UCUM = "http://unitsofmeasure.org"
LONGEST_S = 200 * 366 * 86400.0


class TimingError(MalformedError):
    """A schedule is not watched.

    Args:
        why: what is missing, contradicts itself or is left open, one of ``edgecv.messages.timing``.
    """

    def __init__(self, why: str) -> None:
        super().__init__(messages.NOT_UNDERSTOOD(why=why))
        self.why = why


@dataclass(frozen=True, slots=True)
class Start:
    """When a schedule begins.

    Attributes:
        at_s: seconds since 1970.
        day: the person's.
        minute: of that day, where ``boundsPeriod`` names a time; None where it names a day, or where the schedule
            begins with the order, whose time of writing is no time of a dose.
    """

    at_s: float
    day: date
    minute: int | None


@dataclass(frozen=True, slots=True)
class Bounds:
    """When a schedule begins and ends.

    Attributes:
        start: its beginning, or None where nobody says it.
        last_s: nothing is due after it, seconds since 1970, or None.
        needed_until_s: after it doses may be taken and need not, seconds since 1970, or None.
    """

    start: Start | None
    last_s: float | None = None
    needed_until_s: float | None = None

    def the_start(self) -> Start:
        """The beginning, where something is counted from it.

        Raises:
            TimingError: nobody says it.
        """
        if self.start is None:
            raise TimingError(messages.NO_START())
        return self.start


def bounds_of(repeat: Any, authored: Any, zone: ZoneInfo) -> Bounds:
    """The bounds of a repeat; without a beginning of its own it begins when the order was written.

    Args:
        repeat: FHIR's element, or None.
        authored: ``MedicationRequest.authoredOn``, or None.
        zone: where the person lives.

    Raises:
        TimingError: they are not understood.
    """
    period = getattr(repeat, "boundsPeriod", None)
    start = _start(getattr(period, "start", None), zone, "boundsPeriod", names_times=True)
    if start is None:
        start = _start(authored, zone, "authoredOn", names_times=False)
    if period is not None:
        last_s = _end_s(period.end, zone)
        if last_s is not None and start is not None and last_s < start.at_s:
            if period.start is not None:
                raise TimingError(messages.ENDS_BEFORE_IT_BEGINS())
            start = None  # an order written after its own end says nothing of the beginning
        return Bounds(start, last_s)
    duration, length_range = getattr(repeat, "boundsDuration", None), getattr(repeat, "boundsRange", None)
    if duration is None and length_range is None:
        return Bounds(start)
    if start is None:
        raise TimingError(messages.NO_START())
    if duration is not None:
        return Bounds(start, _after(start, duration, zone, "boundsDuration"))
    if length_range is None or length_range.low is None:
        raise TimingError(messages.UNKNOWN(element="boundsRange"))
    needed_s = _after(start, length_range.low, zone, "boundsRange")
    last_s = None if length_range.high is None else _after(start, length_range.high, zone, "boundsRange")
    if last_s is not None and last_s < needed_s:
        raise TimingError(messages.ENDS_BEFORE_IT_BEGINS())
    return Bounds(start, last_s, needed_s)


def _first_day(value: Any) -> date:
    """The first day of a FHIR date of any precision: ``2026``, ``2026-03`` or a day.

    Raises:
        ValueError: it is none.
    """
    if isinstance(value, date):
        return value
    parts = [int(part) for part in str(value).split("-")]
    return date(parts[0], parts[1] if len(parts) > 1 else 1, parts[2] if len(parts) > 2 else 1)


def _start(value: Any, zone: ZoneInfo, element: str, *, names_times: bool) -> Start | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        local = value.astimezone(zone)
        minute = local.hour * 60 + local.minute
        is_midnight = minute == 0 and local.second == 0
        start = Start(value.timestamp(), local.date(), minute if names_times and not is_midnight else None)
    else:
        try:
            day = _first_day(value)
        except ValueError:
            raise TimingError(messages.UNKNOWN(element=element)) from None
        start = Start(local_s(day, 0, zone), day, None)
    if not EARLIEST_S <= start.at_s < LATEST_S:
        raise TimingError(messages.UNKNOWN(element=element))
    return start


def _end_s(value: Any, zone: ZoneInfo) -> float | None:
    """The last moment: of a day, a month or a year it is all of it (https://hl7.org/fhir/R4/datatypes.html#Period)."""
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.timestamp()
    try:
        day = _first_day(value)
        if isinstance(value, str):
            is_year = "-" not in value
            following = day.year * 12 + day.month - 1 + (12 if is_year else 1)
            day = date(following // 12, following % 12 + 1, 1)
        else:
            day += timedelta(days=1)
    except (ValueError, OverflowError):
        raise TimingError(messages.UNKNOWN(element="boundsPeriod")) from None
    return local_s(day, 0, zone) - 1.0


def _after(start: Start, length: Any, zone: ZoneInfo, element: str) -> float:
    """The last moment of a schedule of a length; days and more are the person's, whatever the clocks are set to."""
    code = length.code
    if length.value is None or code is None or length.comparator is not None:
        raise TimingError(messages.UNKNOWN(element=element))
    if length.system not in {None, UCUM} or (code not in UNITS_S and code not in MONTHS):
        raise TimingError(messages.UNKNOWN(element=element))
    value = float(length.value)
    if not 0 < value * UNITS_S.get(code, 31 * 86400.0 * MONTHS.get(code, 0)) <= LONGEST_S:
        raise TimingError(messages.TOO_LONG())
    begin = datetime.fromtimestamp(start.at_s, zone)
    wall = begin.replace(tzinfo=None)
    if code in MONTHS:
        months = value * MONTHS[code]
        if months != int(months) or wall.day > 28:
            raise TimingError(messages.DAY_OF_MONTH())
        following = wall.year * 12 + wall.month - 1 + int(months)
        end_s = wall.replace(year=following // 12, month=following % 12 + 1).replace(tzinfo=zone).timestamp()
    elif code in {"d", "wk"}:
        end = wall + timedelta(seconds=value * UNITS_S[code])
        end_s = end.replace(tzinfo=zone).astimezone(UTC).timestamp()
    else:
        end_s = start.at_s + value * UNITS_S[code]
    return end_s - 1.0
