"""A FHIR repeat as plain values, checked against the rules of https://hl7.org/fhir/R4/datatypes.html#Timing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time
from typing import Any

from edgecv.handlers.medical.timing_bounds import MONTHS, UNITS_S, TimingError
from edgecv.handlers.medical.timing_words import (
    AFTERNOON,
    BEFORE,
    MEALS,
    WEEKDAYS,
    WITHOUT_OFFSET,
    minutes_of,
)
from edgecv.messages import timing as messages

MAX_A_DAY = 48
"""Doses of one day: beyond once every half hour it is no schedule for a person."""


@dataclass(frozen=True, slots=True)
class Period:
    """What is counted in: whole days, whole months, or seconds; one of them is set.

    Attributes:
        days: so many days.
        months: so many months.
        seconds: so many seconds, where it is neither.
        is_in_hours: whether its unit is hours or less: its steps go on from the time it begins.
    """

    days: int = 0
    months: int = 0
    seconds: float = 0.0
    is_in_hours: bool = field(default=False, compare=False)

    @property
    def length_s(self) -> float:
        """About how long it is, seconds; a month is 30 days."""
        return self.days * 86400.0 + self.months * 30 * 86400.0 + self.seconds


@dataclass(frozen=True, slots=True)
class Repeat:
    """How often.

    Attributes:
        frequency: so many times in a period, or None.
        frequency_max: or up to so many.
        period: the period, or None.
        weekdays: only on these, 0 for Monday.
        minutes: times of a day, minutes from midnight; None where none are named.
        are_meals: whether the times are "a meal", of which there are three a day.
        is_afternoon: any time of the afternoon or evening.
        count: so many times in all, or None.
        count_max: or up to so many.
        is_coded: whether a code of HL7 says it, all of which are "at institution specified times".
    """

    frequency: int | None
    frequency_max: int | None
    period: Period | None
    weekdays: tuple[int, ...]
    minutes: tuple[int, ...] | None
    are_meals: bool
    is_afternoon: bool
    count: int | None
    count_max: int | None
    is_coded: bool = False


def read_repeat(repeat: Any, times: Mapping[str, str], *, is_coded: bool = False) -> Repeat:
    """The plain values of a repeat.

    Args:
        repeat: FHIR's element.
        times: hours of event timings, HH:MM.
        is_coded: whether a code of HL7 says it too.

    Raises:
        TimingError: it breaks FHIR's rules, or holds what is not known here.
    """
    _check(repeat)
    period = period_of(repeat)
    weekdays = tuple(_index(day) for day in repeat.dayOfWeek or ())
    if len(set(weekdays)) != len(weekdays):
        raise TimingError(messages.UNKNOWN(element="dayOfWeek"))
    when = list(repeat.when or ())
    minutes: tuple[int, ...] | None = None
    if repeat.timeOfDay:
        minutes = tuple(_minute(moment) for moment in repeat.timeOfDay)
    elif when and when != [AFTERNOON]:
        minutes = tuple(_event_minutes(when, int(repeat.offset or 0), times))
    if minutes is not None and len(set(minutes)) != len(minutes):
        raise TimingError(messages.UNKNOWN(element="timeOfDay" if repeat.timeOfDay else "when"))
    if len(minutes or ()) > MAX_A_DAY:
        raise TimingError(messages.TOO_MANY())
    frequency, most = repeat.frequency, repeat.frequencyMax
    if most is not None and most < (frequency or 1):
        raise TimingError(messages.AGAINST_FHIR(rule="frequencyMax"))
    if most is not None and frequency is None:
        raise TimingError(messages.UNKNOWN(element="frequencyMax"))
    if frequency is not None and period is None:
        raise TimingError(messages.NO_PERIOD())
    return Repeat(
        frequency,
        None if most == frequency else most,
        period,
        tuple(sorted(weekdays)),
        None if minutes is None else tuple(sorted(minutes)),
        len(when) == 1 and when[0] in MEALS,
        when == [AFTERNOON],
        repeat.count,
        None if repeat.countMax == repeat.count else repeat.countMax,
        is_coded,
    )


def period_of(repeat: Any) -> Period | None:
    """The period of a repeat, or None.

    Raises:
        TimingError: it has no length or no unit, or leaves open when it ends.
    """
    if repeat.period is None:
        return None
    value, unit = float(repeat.period), repeat.periodUnit
    if value <= 0:
        raise TimingError(messages.AGAINST_FHIR(rule="tim-5"))
    if repeat.periodMax is not None:
        if float(repeat.periodMax) < value:
            raise TimingError(messages.AGAINST_FHIR(rule="periodMax"))
        if float(repeat.periodMax) > value:
            raise TimingError(messages.BETWEEN_DOSES())
    if unit in MONTHS:
        months = value * MONTHS[unit]
        if months != int(months):
            raise TimingError(messages.DAYS_OPEN())
        period = Period(months=int(months))
    else:
        seconds = value * UNITS_S[unit]
        is_in_hours = unit not in {"d", "wk"}
        whole_days = Period(days=int(seconds // 86400.0), is_in_hours=is_in_hours)
        period = Period(seconds=seconds, is_in_hours=is_in_hours) if seconds % 86400.0 else whole_days
    if period.length_s > 3660 * 86400.0:
        raise TimingError(messages.TOO_LONG())
    if period.length_s < 86400.0 / MAX_A_DAY:
        raise TimingError(messages.TOO_MANY())
    return period


def _check(repeat: Any) -> None:
    """FHIR's rules tim-1 to tim-10, units and extensions."""
    fields = type(repeat).model_fields
    if repeat.extension or any(getattr(repeat, name, None) is not None for name in fields if name.endswith("__ext")):
        raise TimingError(messages.EXTENDED())
    has = {name for name in fields if getattr(repeat, name, None) not in (None, [])}
    rules = {
        "tim-6": "periodMax" in has and "period" not in has,
        "tim-7": "durationMax" in has and "duration" not in has,
        "tim-8": "countMax" in has and "count" not in has,
        "tim-9": "offset" in has and (not repeat.when or bool(WITHOUT_OFFSET & set(repeat.when))),
        "tim-10": "timeOfDay" in has and "when" in has,
        "tim-4": "duration" in has and float(repeat.duration) < 0,
        "countMax": "countMax" in has and "count" in has and repeat.countMax < repeat.count,
    }
    for rule, is_broken in rules.items():
        if is_broken:
            raise TimingError(messages.AGAINST_FHIR(rule=rule))
    for value, unit in (("period", "periodUnit"), ("duration", "durationUnit")):
        if value in has and unit not in has:
            raise TimingError(messages.NO_UNIT())
        if unit in has and getattr(repeat, unit) not in {*UNITS_S, *MONTHS}:
            raise TimingError(messages.UNKNOWN(element=unit))


def _index(day: Any) -> int:
    if day not in WEEKDAYS:
        raise TimingError(messages.UNKNOWN(element="dayOfWeek"))
    return WEEKDAYS.index(day)


def _minute(moment: Any) -> int:
    if not isinstance(moment, time):
        raise TimingError(messages.UNKNOWN(element="timeOfDay"))
    return moment.hour * 60 + moment.minute


def _event_minutes(when: Sequence[Any], offset: int, times: Mapping[str, str]) -> list[int]:
    """Minutes from midnight of events; "a meal" is each of the three."""
    if offset > 24 * 60:
        raise TimingError(messages.UNKNOWN(element="offset"))
    names = [name for code in when for name in MEALS.get(code, (code,))]
    minutes = []
    for name in names:
        # an offset counts from the meal itself, not from the usual time before or after it
        event = f"C{name[-1]}" if offset and name[:2] in {"AC", "PC"} else name
        if event not in times:
            raise TimingError(messages.UNKNOWN(element="when"))
        minutes.append(minutes_of(times[event]) + (-offset if name in BEFORE else offset))
    return minutes
