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
from edgecv.handlers.device_clock import LONGEST_DELAY_S, DeviceClock
from edgecv.handlers.handler import Details, Handler, Input, MalformedError
from edgecv.handlers.handler_context import HandlerContext, stamp
from edgecv.handlers.medical.fhir import read_resource, reference_id, seconds
from edgecv.handlers.medical.version import Version
from edgecv.handlers.sources.source import Source
from edgecv.handlers.sources.webhook import HookInput, HookSource
from edgecv.messages import medical as messages

_DELIVERED = frozenset({"final", "amended", "corrected", "appended"})
_VOID = frozenset({"cancelled", "entered-in-error", "revoked", "unknown"})
_FORGET_S = 3 * 86400.0
_DELAYS = 500
MAX_VISITS = 20_000
"""Not forgotten yet: a large hospital has a tenth of it in three days."""
MAX_OF_VISIT = 200
"""Reports, and as many requests, of one visit."""
_EARLY_S = 86400.0
_TIDY_S = 3600.0
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

    def __init__(self, settings: ReportsSettings, context: HandlerContext) -> None:
        super().__init__(settings, context)
        visits = [(key.removeprefix("visit/"), visit) for key, visit in context.restore_all("visit/", _visit)]
        self._open = {key for key, visit in visits if not visit["closed"]}
        self._heard = {key: visit["heard"] for key, visit in visits}
        self._tidy_s = 0.0

    def sources(self) -> Sequence[Source]:
        """The hook: FHIR's create and update, as a rest-hook subscription with a payload calls them."""
        return [HookSource(self.context.identity, self.config.hook, ["/fhir/{type}", "/fhir/{type}/{id}"])]

    def receive(self, message: Input) -> None:
        """Take a resource in, unless a newer version of it is known."""
        resource = read_resource(message.topic, message.payload, ("DiagnosticReport", "ServiceRequest"))
        is_report = resource.__class__.__name__ == "DiagnosticReport"
        version = Version.of(resource)
        clock, _ = self.context.restore("clock", DeviceClock.from_stored).read(version.at_s, self.context.now_s)
        self.context.put("clock", clock.to_stored())
        if clock.is_newly_certain:
            text = messages.SERVER_CLOCK(time=abs(clock.offset_s))
            self.context.send_event("clock_skew", text, skew_s=round(-clock.offset_s, 1))
        visit_id = _visit_of(resource, is_report)
        if visit_id not in self._heard and len(self._heard) >= MAX_VISITS:
            raise MalformedError(f"is of one visit more than the {MAX_VISITS} that are followed")
        visit = self.context.restore(f"visit/{visit_id}", _visit)
        part = "reports" if is_report else "requests"
        if resource.id not in visit[part] and len(visit[part]) >= MAX_OF_VISIT:
            raise MalformedError(f"is one of more than {MAX_OF_VISIT} {part} of a visit")
        before = visit[part].get(resource.id)
        stored = Version() if before is None else Version(before.get("version"), before.get("version_id"))
        if version.is_old(stored):
            self.context.count("duplicates")
            return
        entry = _report(resource, clock.offset_s, self.context.now_s) if is_report else _request(resource)
        version = version.after(stored, self.context.now_s)
        visit = visit | {
            part: visit[part] | {str(resource.id): entry | {"version": version.at_s, "version_id": version.id}},
            "heard": self.context.now_s,
        }
        self._judge(visit_id, visit)
        self._heard[visit_id] = self.context.now_s

    def tick(self) -> None:
        """What is late by now; what is long over is forgotten."""
        self.context.run_for_each(messages.VISITING(), sorted(self._open), self._look_after)
        if abs(self.context.now_s - self._tidy_s) >= _TIDY_S:
            self._tidy_s = self.context.now_s
            old = [key for key, heard_s in self._heard.items() if heard_s < self.context.now_s - _FORGET_S]
            for visit_id in old:
                if visit_id not in self._open:
                    self._forget(visit_id)
        self._statistics()

    def _look_after(self, visit_id: str) -> None:
        visit = self.context.restore(f"visit/{visit_id}", _visit)
        if not visit["heard"]:
            self._forget(visit_id)
        elif visit["due"] is not None and visit["alarm"] is None:
            if self.context.now_s > visit["due"] + self.config.grace_s:
                self._late(visit_id, visit)
        elif visit["heard"] < self.context.now_s - _FORGET_S:
            self._forget(visit_id)

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
            text = messages.DUE(visit=visit_id, time=stamp(due_s))
            self.context.send_event("report_due", text, visit=visit_id, due_at=stamp(due_s))
        visit = visit | {"due": due_s, "last": last_s}
        if delivered and last_s is not None and not visit["closed"]:
            visit = self._delivered(visit_id, visit, last_s, max(report["delivered"] for report in reports.values()))
        elif not delivered and visit["closed"]:
            visit = visit | {"closed": False, "alarm": None}  # one more examination, or a report taken back
        self.context.put(f"visit/{visit_id}", visit)
        (self._open.discard if visit["closed"] else self._open.add)(visit_id)
        if len(self._open) % 500 == 499:
            self.context.gauges["open_visits"] = len(self._open)

    def _delivered(self, visit_id: str, visit: dict[str, Any], last_s: float, delivered_s: float) -> dict[str, Any]:
        context, delay_s = self.context, max(0.0, delivered_s - last_s)
        times = {"delivered_at": stamp(delivered_s), "delay_s": round(delay_s, 1)}
        if visit["alarm"] is None and delay_s > self.config.promise_s:
            self._late(visit_id, visit)  # the news came at once with the report
            visit = visit | {"alarm": context.get(f"visit/{visit_id}")["alarm"]}
        if visit["alarm"] is not None:
            text = messages.CAME_LATE(visit=visit_id, time=delay_s / 60.0)
            context.update(visit["alarm"], text, ended_s=delivered_s, details=times)
        context.send_event("report_delivered", messages.DELIVERED(visit=visit_id), visit=visit_id, **times)
        context.put("delays", [*context.restore("delays", _numbers), round(delay_s, 1)][-_DELAYS:])
        context.count("reports_delivered")
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
        text = messages.LATE(visit=visit_id, time=stamp(visit["due"]))
        alarm = self.context.alarm("report_late", visit_id, visit["due"], text, details)
        self.context.put(f"visit/{visit_id}", visit | {"alarm": alarm})

    def _statistics(self) -> None:
        """Gauges always, and once a day an event."""
        context = self.context
        context.gauges["open_visits"] = float(len(self._open))
        delays = context.restore("delays", _numbers)
        if delays:
            context.gauges["report_delay_median_seconds"] = statistics.median(delays)
            context.gauges["report_delay_longest_seconds"] = max(delays)
            context.gauges["reports_in_time_share"] = sum(d <= self.config.promise_s for d in delays) / len(delays)
        today = datetime.fromtimestamp(context.now_s).astimezone().date().isoformat()
        reported_day = context.get("day")
        if reported_day == today:
            return
        context.put("day", today)
        if reported_day is None or not delays:
            return
        in_time = sum(d <= self.config.promise_s for d in delays)
        figures = {
            "day": reported_day,
            "reports": len(delays),
            "in_time": in_time,
            "median_s": statistics.median(delays),
            "longest_s": max(delays),
        }
        text = messages.IN_TIME(count=in_time, all=len(delays), day=reported_day)
        context.send_event("report_statistics", text, **figures)
        context.put("delays", [])

    def _forget(self, visit_id: str) -> None:
        self.context.put(f"visit/{visit_id}", None)
        self._open.discard(visit_id)
        self._heard.pop(visit_id, None)


def _new_visit() -> dict[str, Any]:
    return {"reports": {}, "requests": {}, "due": None, "last": None, "alarm": None, "closed": False, "heard": 0.0}


def _visit(stored: Any) -> dict[str, Any]:
    """A visit as the context keeps it; a new one for None.

    Raises:
        ValueError, TypeError, KeyError: it is of no such form.
    """
    if stored is None:
        return _new_visit()
    visit = {name: stored[name] for name in _new_visit()}
    for report in visit["reports"].values():
        _numbers([report[name] for name in ("examined", "delivered") if report[name] is not None])
        if not isinstance(report["for"], list) or not isinstance(report["void"], bool):
            raise TypeError("is no report")
    for request in visit["requests"].values():
        bool(request["open"])
    _numbers([visit[name] for name in ("due", "last", "heard") if visit[name] is not None])
    if not isinstance(visit["alarm"], str | None):
        raise TypeError("is no visit")
    return visit


def _numbers(stored: Any) -> list[float]:
    return [] if stored is None else [float(value) for value in stored]


def _visit_of(resource: Any, is_report: bool) -> str:
    encounter = reference_id(resource.encounter, "Encounter")
    if encounter is not None:
        return encounter
    orders = [reference_id(one, "ServiceRequest") for one in resource.basedOn or ()] if is_report else [resource.id]
    order = next((order_id for order_id in orders if order_id is not None), resource.id)
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
    requests = [reference_id(one, "ServiceRequest") for one in (resource.basedOn or ())[:MAX_OF_VISIT]]
    if examined_s is not None:
        examined_s += offset_s
        if not now_s - LONGEST_DELAY_S <= examined_s <= now_s + _EARLY_S:
            examined_s = None  # of a clock that is wrong: nobody waits for that report for years
    return {
        "examined": examined_s,
        "delivered": delivered_s,
        "void": resource.status in _VOID,
        "for": [request for request in requests if request is not None],
    }


def _request(resource: Any) -> dict[str, Any]:
    return {"open": resource.status in {"active", "on-hold", "draft"}}
