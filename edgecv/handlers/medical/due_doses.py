"""Which doses of which schedule are due around today, and which of them one that was taken is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from edgecv.handlers.medical.timing import Due, Institution, Rule, doses
from edgecv.handlers.medical.timing_rule import local_s


class DueDoses:
    """The doses of the days around today, reckoned once a day and when a schedule changes.

    Args:
        institution: what FHIR leaves to whoever gives the doses.
        early_s: how early a dose may come, seconds.
        grace_s: how late, seconds.
    """

    def __init__(self, institution: Institution, early_s: float, grace_s: float) -> None:
        self._institution = institution
        self._early_s = early_s
        self._grace_s = grace_s
        self._today: date | None = None
        self._due: dict[str, list[Due]] = {}

    def begin_day(self, now_s: float, names: Iterable[str], rules_of: Callable[[str], Sequence[Rule]]) -> None:
        """Reckon every schedule anew where a day of the person's has begun.

        Args:
            now_s: box time, seconds since 1970.
            names: the schedules.
            rules_of: the rules of one.
        """
        today = datetime.fromtimestamp(now_s, self._institution.zone).date()
        if today == self._today:
            return
        self._today = today
        self._due.clear()
        for name in names:
            self.reckon(name, rules_of(name))

    def reckon(self, name: str, rules: Sequence[Rule]) -> None:
        """Reckon one schedule; before the first day there is nothing to reckon."""
        if self._today is None:
            return
        # a dose may lie in the day beside its own, and is taken or judged on the day after
        days = [self._today + timedelta(days=step) for step in (-2, -1, 0, 1)]
        of_days = (one for day in days for one in doses(rules, day, self._institution))
        due = {one.key: one for one in sorted(of_days, key=lambda one: one.least)}  # what must be taken counts
        self._due[name] = sorted(due.values())

    def of(self, name: str) -> Sequence[Due]:
        """The doses of a schedule, in order."""
        return self._due.get(name, ())

    def taken(self, name: str, at_s: float) -> Due | None:
        """The dose that one taken at some time was: the last whose time had come, else the next; None for none.

        Where spans are open too, only a dose within its hours goes to a moment.
        """
        moments = [due for due in self.of(name) if due.opens_s is None]
        spans = [due for due in self.of(name) if due.opens_s is not None and due.opens_s <= at_s < due.at_s]
        come = max((due for due in moments if due.at_s - self._early_s <= at_s), default=None)
        if spans and (come is None or at_s > come.at_s + self._grace_s):
            return min(spans)
        return min(moments, default=None) if come is None else come

    def taken_on(self, name: str, day: date, doses_taken: Mapping[str, int]) -> Due | None:
        """The dose that one taken at some time of a day was: the first that needs or may be one, else the day's last.

        Args:
            name: the schedule.
            day: the person's.
            doses_taken: by key, how many were taken already.
        """
        opens_s, closes_s = (local_s(day, minute, self._institution.zone) for minute in (0, 1440))
        of_day = [due for due in self.of(name) if opens_s <= due.at_s < closes_s or _overlaps(due, opens_s, closes_s)]
        needing = [due for due in of_day if doses_taken.get(due.key, 0) < due.least]
        allowed = [due for due in of_day if doses_taken.get(due.key, 0) < due.most]
        return min(needing or allowed, default=max(of_day, default=None))


def _overlaps(due: Due, opens_s: float, closes_s: float) -> bool:
    return due.opens_s is not None and due.opens_s < closes_s and due.at_s > opens_s
