"""The promise of a medical centre: the report within so many minutes of a visit's last examination.

A visit's examinations are the DiagnosticReports of one encounter, or of one order where there is no encounter; it is
over when no ServiceRequest of it waits for its examination.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, Field

from edgecv.config.base import Number
from edgecv.config.devices import DeviceSettings
from edgecv.handlers.desk import Desk, stamp
from edgecv.handlers.device_clock import DeviceClock
from edgecv.handlers.handler import Details, Handler, Input, MalformedError
from edgecv.handlers.medical.fhir import is_old, read_resource, reference_id, seconds, updated_s
from edgecv.handlers.sources.hook import HookInput, HookSource
from edgecv.handlers.sources.source import Source

_DELIVERED = frozenset({"final", "amended", "corrected", "appended"})
_VOID = frozenset({"cancelled", "entered-in-error", "revoked", "unknown"})
_FORGET_S = 3 * 86400.0
_DELAYS = 500
DEFAULT_PROMISE_S = 900.0


class ReportsSettings(DeviceSettings):
    """Reports of examinations."""

    hook: HookInput = Field(default_factory=HookInput, description="where the FHIR server tells us")
    promise_s: Annotated[Number, Field(gt=0)] = Field(
        default=DEFAULT_PROMISE_S, description="seconds from the last examination to the report"
    )
    grace_s: Annotated[Number, Field(ge=0)] = Field(
        default=60.0, description="how long the news of a report may be under way, seconds"
    )


class LateDetails(Details):
    """A report that is late; ids and times only."""

    visit: str
    reports: tuple[str, ...]
    last_examination_at: str
    due_at: str
    delivered_at: str | None
    delay_s: float | None


class ReportsHandler(Handler[ReportsSettings]):
    """One medical centre."""

    kind = "medical_reports"
    settings = ReportsSettings
    needs = ("fhir.resources",)
    keeps_examples = False
    events: ClassVar[Mapping[str, type[BaseModel]]] = {"report_late": LateDetails}

    def __init__(self, settings: ReportsSettings, desk: Desk) -> None:
        super().__init__(settings, desk)
        self._open = {key.removeprefix("visit/") for key, visit in desk.items("visit/") if not visit["closed"]}

    def sources(self) -> Sequence[Source]:
        """The hook: FHIR's create and update, as a rest-hook subscription with a payload calls them."""
        return [HookSource(self.desk.who, self.config.hook, ["/fhir/{type}", "/fhir/{type}/{id}"])]

    def receive(self, given: Input) -> None:
        """Take a resource in, unless a newer version of it is known."""
        resource = read_resource(given.topic, given.payload, ("DiagnosticReport", "ServiceRequest"))
        is_report = resource.__class__.__name__ == "DiagnosticReport"
        version_s = updated_s(resource)
        clock, _ = DeviceClock.of(self.desk.get("clock")).read(version_s, self.desk.now_s)
        self.desk.put("clock", clock.kept())
        if clock.newly_sure:
            text = f"the FHIR server's clock is {abs(clock.offset_s):.0f} s off; its times are corrected"
            self.desk.tell("clock_skew", text, skew_s=round(-clock.offset_s, 1))
        visit_id = _visit_of(resource, is_report)
        visit = self.desk.get(f"visit/{visit_id}") or _new_visit()
        part = "reports" if is_report else "requests"
        before = visit[part].get(resource.id)
        if is_old(version_s, before):
            self.desk.count("duplicates")
            return
        entry = _report(resource, clock.offset_s, self.desk.now_s) if is_report else _request(resource)
        visit = visit | {
            part: visit[part] | {str(resource.id): entry | {"version": version_s}},
            "heard": self.desk.now_s,
        }
        self._judge(visit_id, visit)

    def tick(self) -> None:
        """What is late by now; what is long over is forgotten."""
        for visit_id in list(self._open):
            visit = self.desk.get(f"visit/{visit_id}")
            if visit is None:
                self._open.discard(visit_id)
            elif visit["due"] is not None and visit["alarm"] is None:
                if self.desk.now_s > visit["due"] + self.config.grace_s:
                    self._late(visit_id, visit)
            elif visit["heard"] < self.desk.now_s - _FORGET_S:
                self._forget(visit_id)
        self._statistics()

    def _judge(self, visit_id: str, visit: dict[str, Any]) -> None:
        """Whether the visit is over, due, or delivered."""
        reports = {key: r for key, r in visit["reports"].items() if not r["void"] and r["examined"] is not None}
        covered = {request for report in reports.values() for request in report["for"]}
        waiting = [key for key, r in visit["requests"].items() if r["open"] and key not in covered]
        over = bool(reports) and not waiting
        last_s = max((report["examined"] for report in reports.values()), default=None)
        due_s = None if last_s is None or not over else last_s + self.config.promise_s
        delivered = over and all(report["delivered"] is not None for report in reports.values())
        if due_s is not None and due_s != visit["due"] and not delivered:
            text = f"the report of visit {visit_id} is due at {stamp(due_s)}"
            self.desk.tell("report_due", text, visit=visit_id, due_at=stamp(due_s))
        visit = visit | {"due": due_s, "last": last_s}
        if delivered and last_s is not None and not visit["closed"]:
            visit = self._delivered(visit_id, visit, last_s, max(report["delivered"] for report in reports.values()))
        elif not delivered and visit["closed"]:
            visit = visit | {"closed": False, "alarm": None}  # one more examination, or a report taken back
        self.desk.put(f"visit/{visit_id}", visit)
        (self._open.discard if visit["closed"] else self._open.add)(visit_id)
        if len(self._open) % 500 == 499:
            self.desk.gauges["open_visits"] = len(self._open)

    def _delivered(self, visit_id: str, visit: dict[str, Any], last_s: float, delivered_s: float) -> dict[str, Any]:
        desk, delay_s = self.desk, max(0.0, delivered_s - last_s)
        times = {"delivered_at": stamp(delivered_s), "delay_s": round(delay_s, 1)}
        if visit["alarm"] is None and delay_s > self.config.promise_s:
            self._late(visit_id, visit)  # the news came at once with the report
            visit = visit | {"alarm": desk.get(f"visit/{visit_id}")["alarm"]}
        if visit["alarm"] is not None:
            text = f"the report of visit {visit_id} came {delay_s / 60.0:.0f} min after its last examination"
            desk.update(visit["alarm"], text, ended_s=delivered_s, details=times)
        desk.tell("report_delivered", f"the report of visit {visit_id} is delivered", visit=visit_id, **times)
        desk.put("delays", [*(desk.get("delays") or []), round(delay_s, 1)][-_DELAYS:])
        desk.count("reports_delivered")
        return visit | {"closed": True}

    def _late(self, visit_id: str, visit: dict[str, Any]) -> None:
        details = {
            "visit": visit_id,
            "reports": sorted(visit["reports"]),
            "last_examination_at": stamp(visit["last"]),
            "due_at": stamp(visit["due"]),
            "delivered_at": None,
            "delay_s": None,
        }
        text = f"the report of visit {visit_id} is late: it was due at {stamp(visit['due'])}"
        raised = self.desk.alarm("report_late", visit_id, visit["due"], text, details)
        self.desk.put(f"visit/{visit_id}", visit | {"alarm": raised})

    def _statistics(self) -> None:
        """Gauges always, and once a day an event."""
        desk = self.desk
        desk.gauges["open_visits"] = float(len(self._open))
        delays = desk.get("delays") or []
        if delays:
            desk.gauges["report_delay_median_seconds"] = statistics.median(delays)
            desk.gauges["report_delay_longest_seconds"] = max(delays)
            desk.gauges["reports_in_time_share"] = sum(d <= self.config.promise_s for d in delays) / len(delays)
        today = datetime.fromtimestamp(desk.now_s).astimezone().date().isoformat()
        told = desk.get("day")
        if told == today:
            return
        desk.put("day", today)
        if told is None or not delays:
            return
        in_time = sum(d <= self.config.promise_s for d in delays)
        figures = {
            "day": told,
            "reports": len(delays),
            "in_time": in_time,
            "median_s": statistics.median(delays),
            "longest_s": max(delays),
        }
        desk.tell("report_statistics", f"{in_time} of {len(delays)} reports of {told} came in time", **figures)
        desk.put("delays", [])

    def _forget(self, visit_id: str) -> None:
        self.desk.put(f"visit/{visit_id}", None)
        self._open.discard(visit_id)


def _new_visit() -> dict[str, Any]:
    return {"reports": {}, "requests": {}, "due": None, "last": None, "alarm": None, "closed": False, "heard": 0.0}


def _visit_of(resource: Any, is_report: bool) -> str:
    encounter = reference_id(resource.encounter, "Encounter")
    if encounter is not None:
        return encounter
    orders = [reference_id(one, "ServiceRequest") for one in resource.basedOn or ()] if is_report else [resource.id]
    order = next((found for found in orders if found is not None), resource.id)
    if order is None:
        raise MalformedError("belongs to no visit")
    return str(order)


def _report(resource: Any, offset_s: float, now_s: float) -> dict[str, Any]:
    period = resource.effectivePeriod
    examined_s = seconds(resource.effectiveDateTime if period is None else period.end)
    delivered_s = None
    if resource.status in _DELIVERED:
        issued_s = seconds(resource.issued)
        delivered_s = now_s if issued_s is None else issued_s + offset_s
    requests = [reference_id(one, "ServiceRequest") for one in resource.basedOn or ()]
    return {
        "examined": None if examined_s is None else examined_s + offset_s,
        "delivered": delivered_s,
        "void": resource.status in _VOID,
        "for": [request for request in requests if request is not None],
    }


def _request(resource: Any) -> dict[str, Any]:
    return {"open": resource.status in {"active", "on-hold", "draft"}}
