"""What is stored of a schedule: values of another form are noticed, those of older versions are read as they were."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edgecv.handlers.medical.timing_rule import Due, Rule
from edgecv.handlers.medical.timing_words import minutes_of
from edgecv.handlers.medical.version import Version
from edgecv.messages import from_wire, timing, to_wire


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken of one dose.

    Attributes:
        doses: id and time of each, seconds since 1970.
        alarm: the alarm of it, or None.
    """

    doses: tuple[tuple[str, float], ...] = ()
    alarm: str | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """One schedule.

    Attributes:
        version: the newest that came.
        patient: a pseudonym.
        rules: when doses are due.
        judged_s: all that was due up to here is judged, seconds since 1970.
        changed_s: when its rules came, seconds since 1970; what was due before is judged only where it is pending.
        pending: keys of doses that the rules before had made due, and whose time to be taken was not over.
        taken: by the key of each dose.
        not_watched: why it is not watched, or None.
        is_of_older_version: an older version of edgecv reckoned it.
        carries_out: the id of the order that it carries out, or None.
    """

    version: Version
    patient: str
    rules: tuple[Rule, ...]
    judged_s: float
    changed_s: float
    pending: tuple[str, ...] = ()
    taken: Mapping[str, Taken] = field(default_factory=dict)
    not_watched: str | None = None
    is_of_older_version: bool = False
    carries_out: str | None = None

    @property
    def is_watched(self) -> bool:
        """Whether doses of it are due."""
        return bool(self.rules) and self.not_watched is None

    def may_be_read_again(self, version: Version) -> bool:
        """Whether the same version may be read otherwise now: by other settings, or a newer edgecv."""
        return version.at_s == self.version.at_s and (self.not_watched is not None or self.is_of_older_version)

    def judges(self, due: Due) -> bool:
        """Whether a dose is missing where too few were taken of it: only of what was watched."""
        if due.opens_s is None:
            return due.least > 0 and (due.at_s > self.changed_s or due.key in self.pending)
        return due.is_judged(self.changed_s) or (due.least > 0 and due.key in self.pending)

    @classmethod
    def from_stored(cls, stored: Any) -> Schedule | None:
        """As ``to_stored`` gave it, or a version before it.

        Raises:
            ValueError, TypeError, KeyError: it is of no such form.
        """
        if stored is None:
            return None
        if not isinstance(stored["doses"], list) or not isinstance(stored["patient"], str):
            raise TypeError("is no schedule")
        taken = {}
        for key, one in stored["taken"].items():
            float(key)
            if not isinstance(one["alarm"], str | None):
                raise TypeError("is no schedule")
            taken[key] = Taken(tuple((str(name), float(at_s)) for name, at_s in one["doses"]), one["alarm"])
        judged_s, version_s, version_id = float(stored["judged"]), stored.get("version"), stored.get("version_id")
        not_watched = from_wire(stored.get("not_watched"))
        is_older = any("form" not in rule for rule in stored["doses"])
        rules: tuple[Rule, ...] = ()
        try:
            rules = tuple(_legacy(rule) if is_older else Rule.model_validate(rule) for rule in stored["doses"])
        except _WronglyReckoned:
            not_watched = timing.OLDER_VERSION()
        return cls(
            Version(None if version_s is None else float(version_s), None if version_id is None else str(version_id)),
            stored["patient"],
            rules,
            judged_s,
            float(stored.get("changed", judged_s)),
            tuple(str(key) for key in stored.get("pending", ())),
            taken,
            not_watched,
            not_watched is None and (is_older or bool(stored.get("older"))),
            None if stored.get("carries_out") is None else str(stored["carries_out"]),
        )

    def to_stored(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "version": self.version.at_s,
            "version_id": self.version.id,
            "patient": self.patient,
            "doses": [rule.model_dump(mode="json", exclude_defaults=True) | {"form": rule.form} for rule in self.rules],
            "judged": self.judged_s,
            "changed": self.changed_s,
            "pending": list(self.pending),
            "taken": {
                key: {"doses": [list(dose) for dose in taken.doses], "alarm": taken.alarm}
                for key, taken in self.taken.items()
            },
            "not_watched": to_wire(self.not_watched),
            "older": self.is_of_older_version,
            "carries_out": self.carries_out,
        }


class _WronglyReckoned(Exception):  # noqa: N818 - no error of the handler
    """An older version cannot have meant what FHIR says."""


def _legacy(stored: Mapping[str, Any]) -> Rule:
    """A rule of versions before spans of time; those counted days from 1970 where no start was given."""
    if "hours" not in stored:
        return Rule(form="events", moments=tuple(float(moment) for moment in stored["events"]))
    first, every_days, weekdays = stored["first"], int(stored["every_days"]), tuple(stored["weekdays"])
    if stored["events"] or (every_days > 1 and (first is None or weekdays)):
        raise _WronglyReckoned
    minutes = tuple(sorted(minutes_of(hour) for hour in stored["hours"]))
    return Rule(
        form="times", first=first, last_day=stored["last"], every_days=every_days, weekdays=weekdays, minutes=minutes
    )
