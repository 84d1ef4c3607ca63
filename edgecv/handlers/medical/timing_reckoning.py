"""From how often and from when to when, to the rule that days are reckoned by; what leaves them open is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from edgecv.handlers.medical.timing_bounds import Bounds, Start, TimingError
from edgecv.handlers.medical.timing_repeat import MAX_A_DAY, Period, Repeat
from edgecv.handlers.medical.timing_rule import Rule, local_s
from edgecv.handlers.medical.timing_words import TIMES_A_DAY, minutes_of
from edgecv.messages import timing as messages

_NOON = 12 * 60
_COUNTED_DAYS = 3660
"""So far a count is followed: 20 doses every half year are ten years."""
_DAY = Period(days=1)


@dataclass(frozen=True, slots=True)
class Institution:
    """What HL7 leaves to whoever gives the doses.

    Attributes:
        zone: where the person lives.
        times: hours of event timings, HH:MM.
        times_a_day: hours of so many doses a day, HH:MM.
    """

    zone: ZoneInfo
    times: Mapping[str, str]
    times_a_day: Mapping[int, tuple[str, ...]]

    def minutes(self, doses_a_day: int) -> tuple[int, ...]:
        """Times of so many doses a day, minutes from midnight.

        Raises:
            TimingError: nobody says them.
        """
        hours = self.times_a_day.get(doses_a_day) or TIMES_A_DAY.get(doses_a_day)
        if doses_a_day > MAX_A_DAY:
            raise TimingError(messages.TOO_MANY())
        if hours is None:
            raise TimingError(messages.TIMES_OPEN())
        return tuple(sorted(minutes_of(hour) for hour in hours))


def rule_of(repeat: Repeat, bounds: Bounds, institution: Institution) -> Rule:
    """The rule of a repeat within its bounds.

    Raises:
        TimingError: it contradicts itself, or leaves open when doses are due.
    """
    limits = {
        "start_s": None if bounds.start is None else bounds.start.at_s,
        "last_s": bounds.last_s,
        "needed_until_s": bounds.needed_until_s,
    }
    if repeat.period is None and repeat.minutes is None and not repeat.weekdays:
        return _span(repeat, bounds, limits)
    if repeat.minutes is not None:
        form = _at_named_times(repeat, bounds, institution)
    elif repeat.is_afternoon:
        form = _some_of_a_day(repeat, 1, 1, from_minute=_NOON)
    elif repeat.weekdays:
        form = _on_weekdays(repeat, bounds, institution)
    else:
        form = _in_periods(repeat, bounds, institution)
    rule = _counted(Rule(**{**limits, **form}), repeat, bounds, institution.zone)
    if bounds.start is not None and bounds.start.minute is not None and repeat.minutes is None:
        rule = rule.model_copy(update={"may_begin": rule.form == "times"})
    _check_some_is_due(rule, institution.zone)
    return rule


def _span(repeat: Repeat, bounds: Bounds, limits: Mapping[str, Any]) -> Rule:
    """So many doses at any time within the bounds."""
    if repeat.count is None:
        raise TimingError(messages.EMPTY())
    if bounds.last_s is None:
        raise TimingError(messages.NO_DEADLINE())
    bounds.the_start()
    if repeat.count > MAX_A_DAY:
        raise TimingError(messages.TOO_MANY())
    return Rule(form="span", **limits, least=repeat.count, most=repeat.count_max or repeat.count)


def _at_named_times(repeat: Repeat, bounds: Bounds, institution: Institution) -> dict[str, Any]:
    """At times of a day, or events of it, that are named."""
    minutes, period, frequency = repeat.minutes or (), repeat.period or _DAY, repeat.frequency
    named = len(minutes)
    is_daily = period == _DAY
    if period.seconds and frequency is not None and period.seconds * named == 86400.0 * frequency:
        is_daily, frequency = True, named  # every 8 hours, at three times that are named
    if is_daily:
        if frequency is not None and repeat.are_meals and (frequency < named or repeat.frequency_max):
            if (repeat.frequency_max or frequency) > named:
                raise TimingError(messages.OTHER_NUMBER())
            return _some_of_a_day(repeat, frequency, repeat.frequency_max or frequency)
        if repeat.frequency_max or frequency not in {None, named}:
            raise TimingError(messages.OTHER_NUMBER())
        return {"form": "times", "minutes": minutes, "weekdays": repeat.weekdays}
    if repeat.frequency_max or period.seconds:
        raise TimingError(messages.OTHER_NUMBER())
    if repeat.weekdays:
        return _weekly(repeat, period, minutes, bounds, institution)
    if frequency is not None and (frequency, named) != (1, 1):
        raise TimingError(messages.OTHER_NUMBER() if named == 1 else messages.DAYS_OPEN())
    return _stepped(period, minutes, bounds, institution.zone)


def _on_weekdays(repeat: Repeat, bounds: Bounds, institution: Institution) -> dict[str, Any]:
    """On weekdays, at times that nobody names."""
    period, frequency = repeat.period or _DAY, repeat.frequency or 1
    if period == _DAY:
        if repeat.frequency_max:
            return _some_of_a_day(repeat, frequency, repeat.frequency_max)
        return {"form": "times", "minutes": institution.minutes(frequency), "weekdays": repeat.weekdays}
    if period.seconds:
        if frequency != 1 or repeat.frequency_max:
            raise TimingError(messages.DAYS_OPEN())
        return _in_steps(period.seconds, repeat, bounds, institution) | {"weekdays": repeat.weekdays}
    if repeat.frequency_max:
        raise TimingError(messages.OTHER_WEEKDAYS())
    return _weekly(repeat, period, institution.minutes(1), bounds, institution)


def _weekly(
    repeat: Repeat, period: Period, minutes: tuple[int, ...], bounds: Bounds, institution: Institution
) -> dict[str, Any]:
    """Once on each named weekday of each week; of longer periods on one weekday only, counted from the first."""
    if period.days % 7 or not period.days:
        raise TimingError(messages.DAYS_OPEN())
    if repeat.frequency not in {None, len(repeat.weekdays) * len(minutes)}:
        raise TimingError(messages.OTHER_WEEKDAYS())
    if period.days == 7:
        return {"form": "times", "minutes": minutes, "weekdays": repeat.weekdays}
    if len(repeat.weekdays) > 1:
        raise TimingError(messages.DAYS_OPEN())
    start = bounds.the_start()
    first = _first_day(start, minutes, institution.zone)
    first += timedelta(days=(repeat.weekdays[0] - first.weekday()) % 7)
    return {"form": "times", "minutes": minutes, "every_days": period.days, "first": first.isoformat()}


def _in_periods(repeat: Repeat, bounds: Bounds, institution: Institution) -> dict[str, Any]:
    """So many times in each period, and no more is said."""
    period, frequency, most = repeat.period or _DAY, repeat.frequency or 1, repeat.frequency_max
    if period.seconds:
        if frequency != 1 or most:
            raise TimingError(messages.DAYS_OPEN())
        return _in_steps(period.seconds, repeat, bounds, institution)
    own = _own_minute(repeat, bounds)
    if period.is_in_hours and own is not None and frequency == 1 and not most:  # every 24 hours, from there
        return _stepped(period, (own,), bounds, institution.zone)
    if period == _DAY:
        if most:
            return _some_of_a_day(repeat, frequency, most)
        return {"form": "times", "minutes": institution.minutes(frequency)}
    start = bounds.the_start()
    is_single = frequency == 1 and not most
    if is_single and _first_day(start, institution.minutes(1), institution.zone) == start.day:
        return _stepped(period, institution.minutes(1), bounds, institution.zone)
    if frequency > MAX_A_DAY * max(1, period.days):
        raise TimingError(messages.TOO_MANY())
    if period.months:
        _check_day_of_month(start.day.day)
    window = {"form": "window", "first": start.day.isoformat(), "least": frequency, "most": most or frequency}
    # begun after the institution's hour: at once, or at that hour of the next day, and so in each period
    window |= {"open_days": 2} if is_single else {}
    return window | ({"every_months": period.months} if period.months else {"every_days": period.days})


def _some_of_a_day(repeat: Repeat, least: int, most: int, from_minute: int = 0) -> dict[str, Any]:
    """So many doses at any time of each day."""
    if (repeat.period or _DAY) != _DAY:
        raise TimingError(messages.DAYS_OPEN())
    if most > MAX_A_DAY:
        raise TimingError(messages.TOO_MANY())
    window = {"form": "window", "least": least, "most": most, "from_minute": from_minute}
    return window | {"weekdays": repeat.weekdays}


def _own_minute(repeat: Repeat, bounds: Bounds) -> int | None:
    """The time of day that steps of hours begin at, where the bounds name it and no code says the institution's."""
    return None if bounds.start is None or repeat.is_coded else bounds.start.minute


def _in_steps(step_s: float, repeat: Repeat, bounds: Bounds, institution: Institution) -> dict[str, Any]:
    """Every so many hours: from the time the bounds name, else at the institution's, of which once a day is one.

    Steps that fill a day are times of the clock on the wall, whatever it is set to; others are as long as they say.
    """
    own, (minute,) = _own_minute(repeat, bounds), institution.minutes(1)
    is_whole = bounds.start is None or own is None or bounds.start.at_s % 60.0 == 0.0
    if 86400.0 % step_s == 0.0 and step_s % 60.0 == 0.0 and is_whole:
        step, minute = int(step_s // 60), minute if own is None else own
        minutes = tuple(sorted((minute + n * step) % 1440 for n in range(1440 // step)))
        return {"form": "times", "minutes": minutes, "every_s": step_s}
    start = bounds.the_start()
    if own is not None:
        return {"form": "interval", "every_s": step_s, "anchor_s": start.at_s}
    anchor_s = local_s(start.day, minute, institution.zone)
    return {"form": "interval", "every_s": step_s, "anchor_s": anchor_s, "start_s": max(anchor_s, start.at_s)}


def _stepped(period: Period, minutes: tuple[int, ...], bounds: Bounds, zone: ZoneInfo) -> dict[str, Any]:
    """On a day of each period, counted from the first on which a dose is possible."""
    first = _first_day(bounds.the_start(), minutes, zone)
    form = {"form": "times", "minutes": minutes, "first": first.isoformat()}
    if not period.months:
        return form | {"every_days": period.days}
    _check_day_of_month(first.day)
    return form | {"every_months": period.months}


def _check_day_of_month(day: int) -> None:
    if day > 28:
        raise TimingError(messages.DAY_OF_MONTH())


def _first_day(start: Start, minutes: tuple[int, ...], zone: ZoneInfo) -> Any:
    is_possible = any(local_s(start.day, minute, zone) >= start.at_s for minute in minutes)
    return start.day if is_possible else start.day + timedelta(days=1)


def _counted(rule: Rule, repeat: Repeat, bounds: Bounds, zone: ZoneInfo) -> Rule:
    """The rule, which ends with the last dose of a count."""
    if repeat.count is None:
        return rule
    count, most = repeat.count, repeat.count_max or repeat.count
    day = bounds.the_start().day - timedelta(days=2)  # an offset moves doses of a day into the next ones
    if rule.form == "window":
        if rule.least != rule.most or repeat.count_max or count % rule.least:
            raise TimingError(messages.DAYS_OPEN())
        count = most = count // rule.least
    needed_s, seen, last_at_s = rule.needed_until_s, 0, -1.0
    for _ in range(_COUNTED_DAYS):
        for due in sorted(rule.on_day(day, zone)):
            if due.at_s <= last_at_s or (rule.form == "window" and due.least == 0):
                continue  # another day of the same span, or one that begins before the schedule
            before, seen, last_at_s = seen, seen + (due.most if rule.form == "times" else 1), due.at_s
            if before < count <= seen and most > count:
                needed_s = due.at_s if needed_s is None else min(needed_s, due.at_s)
            if seen >= most:
                return rule.model_copy(update={"last_s": due.at_s, "needed_until_s": needed_s})
        day += timedelta(days=1)
        if rule.last_s is not None and local_s(day, 0, zone) > rule.last_s + 86400.0:
            return rule.model_copy(update={"needed_until_s": needed_s})
    raise TimingError(messages.TOO_LONG())


def _check_some_is_due(rule: Rule, zone: ZoneInfo) -> None:
    """A schedule that ends holds a dose that must be taken: bounds without any are a mistake that nobody would notice.

    Spans that the bounds cut (three a week, from Monday to Friday) say nothing of how many doses are left of them.
    """
    if rule.last_s is None:
        return
    is_optional = False
    day, last = (datetime.fromtimestamp(moment, zone).date() for moment in (rule.start_s or rule.last_s, rule.last_s))
    if rule.start_s is None:
        day -= timedelta(days=rule.every_days + 7)
    for _ in range(_COUNTED_DAYS):
        for due in rule.on_day(day, zone):
            if due.least:
                return
            is_optional = True
        day += timedelta(days=1)
        if day > last:
            raise TimingError(messages.DAYS_OPEN() if is_optional else messages.NEVER_DUE())
