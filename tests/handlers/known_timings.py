"""MedicationRequests of a timing, and when their doses are due where the person lives: shared by tests."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from edgecv.handlers.medical.fhir import read_resource
from edgecv.handlers.medical.timing import USUAL_TIMES, Institution, Rule, doses, schedule_of

SHANGHAI = Institution(ZoneInfo("Asia/Shanghai"), USUAL_TIMES, {})
MONDAY = date(2026, 3, 2)


def request_of(dosages: Sequence[Mapping[str, Any]], **fields: Any) -> dict[str, Any]:
    """A MedicationRequest with these dosage instructions."""
    return {
        "resourceType": "MedicationRequest",
        "id": "m1",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {"text": "x"},
        "subject": {"reference": "Patient/1"},
        "dosageInstruction": list(dosages),
        **fields,
    }


def rules_of(
    timing: Mapping[str, Any], authored: str | None = None, institution: Institution = SHANGHAI, **dosage: Any
) -> list[Rule]:
    """The rules of one timing."""
    fields = {} if authored is None else {"authoredOn": authored}
    payload = json.dumps(request_of([{"timing": timing, **dosage}], **fields)).encode()
    return schedule_of(read_resource("PUT /fhir/MedicationRequest/m1", payload, ("MedicationRequest",)), institution)


def due_in(
    rules: Sequence[Rule], first: date, days: int, institution: Institution = SHANGHAI, required: bool = True
) -> list[str]:
    """What is due in so many days: ``03-02 08:00`` for a moment, ``3-4 of 03-02 00:00 to 03-03 00:00`` for a span.

    Args:
        rules: the schedule's.
        first: the first day.
        days: how many.
        institution: whose zone it is.
        required: whether only what must be taken is meant.
    """

    def text(moment: float) -> str:
        return datetime.fromtimestamp(moment, institution.zone).strftime("%m-%d %H:%M")

    of_days = (one for step in range(days) for one in doses(rules, first + timedelta(days=step), institution))
    due = {one.key: one for one in sorted(of_days, key=lambda one: one.least)}
    return [
        text(one.at_s)
        if one.opens_s is None
        else f"{one.least}-{one.most} of {text(one.opens_s)} to {text(one.at_s + 1)}"
        for one in sorted(due.values())
        if one.least or not required
    ]
