"""People with dispensers: most take their doses, some miss one, take one late or twice; hourly signs of life."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgecv.simulation.devices.device_trace import DAY_S, MIDNIGHT_S, Day, Expected, Sent, stamp_text

_HOURS = ((8,), (8, 20), (7, 13, 19))


def medication_day(count: int, seed: int, broker: str, skewed: float = 0.0) -> Day:
    """A day of dispensers.

    Args:
        count: how many schedules.
        seed: the same seed gives the same day.
        broker: where they speak, for the box file's section.
        skewed: share of dispensers whose clock is up to a day off.
    """
    rng = np.random.default_rng(seed)
    sent: list[Sent] = []
    truth: list[Expected] = []
    for number in range(count):
        schedule = f"mr-{seed}-{number:03d}"
        hours = _HOURS[number % len(_HOURS)]
        skew_s = float(rng.uniform(-DAY_S, DAY_S)) if rng.random() < skewed else 0.0
        sent.append(Sent(MIDNIGHT_S + 60.0, "fhir/MedicationRequest", _request(schedule, hours), sure=True))
        for hour in range(1, 24):
            at_s = MIDNIGHT_S + hour * 3600.0 + float(rng.uniform(0.0, 300.0))
            sent.append(Sent(at_s, "dispenser/dose", {"schedule": schedule, "time": stamp_text(at_s + skew_s)}))
        odd = int(rng.integers(0, len(hours)))
        for index, hour in enumerate(hours):
            due_s = MIDNIGHT_S + hour * 3600.0
            taken = [due_s + float(rng.uniform(-1200.0, 2400.0))]
            if index == odd:
                taken = _oddly(number % 5, due_s, taken)
                kind = {1: "dose_missed", 2: "dose_doubled", 3: "dose_missed"}.get(number % 5)
                if kind is not None:
                    truth.append(Expected(kind, schedule, due_s, 1.0))
            for count_, at_s in enumerate(taken):
                dose = {"id": f"{schedule}-{hour}-{count_}", "schedule": schedule, "time": stamp_text(at_s + skew_s)}
                sent.append(Sent(at_s, "dispenser/dose", dose, sure=True))
    settings = {
        "kind": "medication",
        "mqtt": {"url": broker},
        "schedule_topics": ["fhir/MedicationRequest"],
        "dose_topics": ["dispenser/dose"],
        "on_call": ["dr-1", "dr-2"],
        "time_zone": "UTC",
        "alarms_per_hour": 1000,
    }
    return Day(settings, sorted(sent, key=lambda message: message.at_s), truth)


def _oddly(fate: int, due_s: float, taken: list[float]) -> list[float]:
    if fate == 1:
        return []
    if fate == 2:
        return [*taken, taken[0] + 900.0]
    if fate == 3:  # too late
        return [due_s + 2.5 * 3600.0]
    return taken


def _request(schedule: str, hours: tuple[int, ...]) -> dict[str, Any]:
    repeat = {
        "boundsPeriod": {"start": "2026-03-01", "end": "2026-03-31"},
        "frequency": len(hours),
        "period": 1,
        "periodUnit": "d",
        "timeOfDay": [f"{hour:02d}:00:00" for hour in hours],
    }
    return {
        "resourceType": "MedicationRequest",
        "id": schedule,
        "meta": {"lastUpdated": stamp_text(MIDNIGHT_S - 3600.0)},
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {"text": "SECRET drug"},
        "subject": {"reference": f"Patient/SECRET-{schedule}", "display": "SECRET Name"},
        "dosageInstruction": [{"text": "SECRET dose", "timing": {"repeat": repeat}}],
    }
