"""A medical centre's day: visits with one to three examinations, most reports in time, some late, sent by FHIR."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgecv.simulation.devices.device_trace import DAY_S, MIDNIGHT_S, Day, Expected, Sent, stamp_text

PROMISE_S = 900.0


def reports_day(count: int, seed: int, hook: str, skewed: float = 0.0) -> Day:
    """A day of examinations, told to the box's hook.

    Args:
        count: how many visits.
        seed: the same seed gives the same day.
        hook: where the box listens.
        skewed: above 0 the server's clock is up to a day off.
    """
    rng = np.random.default_rng(seed)
    skew_s = float(rng.uniform(0.2, 1.0)) * DAY_S * (-1 if seed % 2 else 1) if skewed > 0.0 else 0.0
    sent: list[Sent] = []
    truth: list[Expected] = []
    for number in range(count):
        visit = f"e{seed}-{number:04d}"
        start_s = MIDNIGHT_S + 7 * 3600.0 + float(rng.uniform(0.0, 9 * 3600.0))
        ends = start_s + np.cumsum(rng.uniform(600.0, 1500.0, int(rng.integers(1, 4))))
        last_s = float(ends[-1])
        late = number % 6 == 5
        delay_s = float(rng.uniform(1800.0, 3600.0) if late else rng.uniform(120.0, 480.0))
        for index, end_s in enumerate(ends):
            order, report = f"{visit}-s{index}", f"{visit}-r{index}"
            sent.append(_put(start_s - 60.0, "ServiceRequest", order, _order(visit, order), skew_s))
            done = {"status": "registered", "effectivePeriod": _period(float(end_s), skew_s)}
            told_s = float(end_s) + float(rng.uniform(1.0, 20.0))
            sent.append(_put(told_s, "DiagnosticReport", report, _report(visit, order, report) | done, skew_s))
            final_s = last_s + delay_s - (0.0 if index == len(ends) - 1 else float(rng.uniform(0.0, 100.0)))
            done = done | {"status": "final", "issued": stamp_text(final_s + skew_s), "conclusion": "SECRET finding"}
            sent.append(_put(final_s, "DiagnosticReport", report, _report(visit, order, report) | done, skew_s))
        if late:
            truth.append(Expected("report_late", visit, last_s + PROMISE_S, 120.0, ended=True))
    settings = {
        "kind": "medical_reports",
        "hook": {"listen": hook.split("://", 1)[-1]},
        "grace_s": 240.0,
        "alarms_per_hour": 1000,
    }
    return Day(settings, sorted(sent, key=lambda message: message.at_s), truth)


def _put(at_s: float, kind: str, resource_id: str, resource: dict[str, Any], skew_s: float) -> Sent:
    body = {"resourceType": kind, "id": resource_id, "meta": {"lastUpdated": stamp_text(at_s + skew_s)}} | resource
    return Sent(at_s, f"/fhir/{kind}/{resource_id}", body, sure=True, method="PUT")


def _order(visit: str, order: str) -> dict[str, Any]:
    return {
        "status": "active",
        "intent": "order",
        "subject": {"reference": f"Patient/p-{order[:4]}", "display": "SECRET Name"},
        "encounter": {"reference": f"Encounter/{visit}"},
    }


def _report(visit: str, order: str, report: str) -> dict[str, Any]:
    return {
        "code": {"text": f"SECRET examination {report[-2:]}"},
        "encounter": {"reference": f"Encounter/{visit}"},
        "basedOn": [{"reference": f"ServiceRequest/{order}"}],
    }


def _period(end_s: float, skew_s: float) -> dict[str, str]:
    return {"start": stamp_text(end_s - 500.0 + skew_s), "end": stamp_text(end_s + skew_s)}
