"""A dose as it is told: by FHIR's MedicationAdministration, or by a dispenser."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from edgecv.handlers.handler import MalformedError
from edgecv.handlers.medical.fhir import reference_id, seconds

_RETRACTED = frozenset({"entered-in-error", "not-done"})


@dataclass(frozen=True, slots=True)
class Administration:
    """One dose.

    Attributes:
        schedule: the id of its MedicationRequest.
        id: its own; None for a sign of life.
        at_s: when it was taken, seconds since 1970, or None where nobody says it.
        day: the person's day on which it was taken, where only that is told.
        is_retracted: whether it was not taken after all.
    """

    schedule: str
    id: str | None
    at_s: float | None
    day: date | None = None
    is_retracted: bool = False


def administration_of(resource: Any) -> Administration | None:
    """The dose of a MedicationAdministration; None while it is none yet.

    Raises:
        MalformedError: it is of no order, or of no day.
    """
    if resource.status != "completed" and resource.status not in _RETRACTED:
        return None
    schedule = reference_id(resource.request, "MedicationRequest")
    if schedule is None:
        raise MalformedError("is a dose of no MedicationRequest")
    period = resource.effectivePeriod
    when = resource.effectiveDateTime if period is None else period.end or period.start
    if resource.status in _RETRACTED:
        return Administration(schedule, str(resource.id), None, is_retracted=True)
    if isinstance(when, date) and not isinstance(when, datetime):
        return Administration(schedule, str(resource.id), None, when)
    if isinstance(when, str):
        raise MalformedError("is a dose of which only the month is told")
    return Administration(schedule, str(resource.id), seconds(when))
