"""When doses are due: FHIR's Timing of a MedicationRequest, in the time zone of the person.

https://hl7.org/fhir/R4/datatypes.html#Timing. What is not understood is refused: a dose that nobody watches must not
look watched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from edgecv.handlers.handler import MalformedError
from edgecv.handlers.medical.fhir import day_of, seconds

USUAL_TIMES: Mapping[str, str] = {
    "WAKE": "07:00",
    "MORN": "08:00",
    "ACM": "07:30",
    "CM": "08:00",
    "PCM": "08:30",
    "NOON": "12:00",
    "ACD": "11:30",
    "CD": "12:00",
    "PCD": "12:30",
    "AFT": "15:00",
    "ACV": "17:30",
    "CV": "18:00",
    "PCV": "18:30",
    "EVE": "19:00",
    "NIGHT": "21:00",
    "HS": "22:00",
}
"""Usual hours of FHIR's event timings, HH:MM; the box file may give others."""
_A_DAY: Mapping[int, tuple[str, ...]] = {
    1: ("08:00",),
    2: ("08:00", "20:00"),
    3: ("08:00", "14:00", "20:00"),
    4: ("08:00", "12:00", "16:00", "20:00"),
}
MAX_INSTRUCTIONS = 50
MAX_MOMENTS = 400
"""Of one instruction: a moment a day for a year."""
MAX_A_DAY = 48
_SHORTEST_H = 0.5
"""Doses of one day: beyond once every half hour it is no schedule for a person."""
MAX_EVERY_DAYS = 3660
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SUPPORTED_FIELDS = frozenset(
    {"boundsPeriod", "frequency", "period", "periodUnit", "timeOfDay", "when", "dayOfWeek", "resource_type", "count"}
)


def schedule_of(request: Any, times: Mapping[str, str]) -> list[dict[str, Any]]:
    """The dosing of a MedicationRequest as the context keeps it: one entry for each instruction.

    Args:
        request: the resource.
        times: hours of event timings, HH:MM.

    Raises:
        MalformedError: a timing is not understood, or there is none.
    """
    if len(request.dosageInstruction or ()) > MAX_INSTRUCTIONS:
        raise MalformedError(f"has more than {MAX_INSTRUCTIONS} instructions")
    try:
        instructions = [
            _instruction(dosage, times) for dosage in request.dosageInstruction or () if not dosage.asNeededBoolean
        ]
    except MalformedError:
        raise
    except (AttributeError, TypeError, ValueError, ArithmeticError):  # nulls in lists, periods of no size
        raise MalformedError("has a timing that is not understood") from None
    if not instructions:
        raise MalformedError("is a MedicationRequest without a timing")
    return instructions


def _instruction(dosage: Any, times: Mapping[str, str]) -> dict[str, Any]:
    timing = dosage.timing
    if timing is None:
        raise MalformedError("is a MedicationRequest without a timing")
    if len(timing.event or ()) > MAX_MOMENTS:
        raise MalformedError(f"has more than {MAX_MOMENTS} moments")
    events = [moment for event in timing.event or () if (moment := seconds(event)) is not None]
    if timing.repeat is None:
        if not events:
            raise MalformedError("is a MedicationRequest without a timing")
        return {"events": events}
    repeat = timing.repeat
    used = {name for name in type(repeat).model_fields if getattr(repeat, name, None) is not None}
    if used - _SUPPORTED_FIELDS:
        raise MalformedError("has a timing that is not understood")
    bounds = repeat.boundsPeriod
    first, last = (None, None) if bounds is None else (day_of(bounds.start), day_of(bounds.end))
    hours, every_days = _hours(repeat, times)
    if len(hours) > MAX_A_DAY or len(repeat.dayOfWeek or ()) > len(_WEEKDAYS):
        raise MalformedError("has more doses a day than a person takes")
    return {
        "events": events,
        "hours": hours,
        "every_days": every_days,
        "weekdays": [_WEEKDAYS.index(day) for day in repeat.dayOfWeek or ()],
        "first": None if first is None else first.isoformat(),
        "last": None if last is None else last.isoformat(),
    }


def _hours(repeat: Any, times: Mapping[str, str]) -> tuple[list[str], int]:
    """Hours of a day, HH:MM, and every how many days."""
    frequency, period, unit = int(repeat.frequency or 1), float(repeat.period or 1), repeat.periodUnit or "d"
    every_days = {"d": period, "wk": 7 * period}.get(unit, 1.0)
    if not 1 <= every_days <= MAX_EVERY_DAYS or every_days != int(every_days):
        raise MalformedError("has a timing that is not understood")
    if repeat.timeOfDay:
        return [moment.strftime("%H:%M") for moment in repeat.timeOfDay], int(every_days)
    if repeat.when:
        try:
            return [times[code] for code in repeat.when], int(every_days)
        except KeyError:
            raise MalformedError("has a timing that is not understood") from None
    if unit == "h" and frequency == 1 and period >= _SHORTEST_H and 24.0 % period == 0.0:
        start = datetime.combine(date.min, time(8))
        steps = [start + timedelta(hours=period * step) for step in range(int(24.0 / period))]
        return sorted(step.strftime("%H:%M") for step in steps), 1
    if unit == "d" and frequency in _A_DAY:
        return list(_A_DAY[frequency]), int(every_days)
    raise MalformedError("has a timing that is not understood")


def doses(schedule: list[dict[str, Any]], day: date, zone: ZoneInfo) -> Iterator[float]:
    """When doses are due on a day of the person's, seconds since 1970."""
    for one in schedule:
        for moment in one["events"]:
            if datetime.fromtimestamp(moment, zone).date() == day:
                yield moment
        if "hours" not in one or not _is_on(one, day):
            continue
        for hour in one["hours"]:
            yield datetime.combine(day, time.fromisoformat(hour), zone).timestamp()


def _is_on(one: dict[str, Any], day: date) -> bool:
    first = None if one["first"] is None else date.fromisoformat(one["first"])
    last = None if one["last"] is None else date.fromisoformat(one["last"])
    if (first is not None and day < first) or (last is not None and day > last):
        return False
    if one["weekdays"] and day.weekday() not in one["weekdays"]:
        return False
    since = (day - (first or date(1970, 1, 1))).days
    return bool(since % one["every_days"] == 0)
