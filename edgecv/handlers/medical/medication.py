"""Doses that were missed or taken twice, and the call that helps: pseudonyms, ids and times only."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from edgecv.handlers.handler import Handler, Input, MalformedError
from edgecv.handlers.handler_context import HandlerContext, stamp
from edgecv.handlers.medical.administration import Administration, administration_of
from edgecv.handlers.medical.dose_book import DoseBook, DoseDetails
from edgecv.handlers.medical.due_doses import DueDoses
from edgecv.handlers.medical.escalation import Calls
from edgecv.handlers.medical.fhir import read_resource
from edgecv.handlers.medical.named_resource import NamedResource, named_resource
from edgecv.handlers.medical.orders import CarriedOut, is_due, order_of
from edgecv.handlers.medical.pseudonyms import pseudonym_key
from edgecv.handlers.medical.schedule_state import Schedule
from edgecv.handlers.medical.settings import MedicationSettings
from edgecv.handlers.medical.timing import USUAL_TIMES, Institution, Rule, TimingError, schedule_of
from edgecv.handlers.medical.version import Version
from edgecv.handlers.payload_values import a_name, a_time_s, read_json
from edgecv.handlers.sources.mqtt import MqttSource
from edgecv.handlers.sources.source import Source
from edgecv.handlers.sources.webhook import HookSource
from edgecv.messages import medical as messages
from edgecv.messages import timing
from edgecv.mqtt import device_topic

_NAMED = 5
"""So many schedules that are not watched are named; a state is read by people."""
MAX_SCHEDULES = 20_000
"""Ids that a broken or hostile sender may make up before no more are taken in."""


class MedicationHandler(Handler[MedicationSettings]):
    """One community's schedules."""

    kind = "medication"
    settings = MedicationSettings
    needs = ("fhir.resources",)
    keeps_examples = False
    events: ClassVar[Mapping[str, type[BaseModel]]] = {"dose_missed": DoseDetails, "dose_doubled": DoseDetails}

    def __init__(self, settings: MedicationSettings, context: HandlerContext) -> None:
        super().__init__(settings, context)
        self._institution = Institution(
            ZoneInfo(settings.time_zone),
            {**USUAL_TIMES, **settings.times},
            {int(number): hours for number, hours in settings.times_a_day.items()},
        )
        self._calls = Calls(context, settings.on_call, settings.answer_s)
        self._commands = device_topic(context.identity.site, context.identity.device, "command")
        self._key = pseudonym_key(context.identity.state)
        self._due = DueDoses(self._institution, settings.early_s, settings.grace_s)
        self._doses = DoseBook(context, self._due, self._calls, settings)
        self._schedules: set[str] = set()
        self._not_watched: dict[str, str] = {}
        self._of_older_version: set[str] = set()
        self._cut: dict[str, list[tuple[float, float]]] = {}
        self._carried_out = CarriedOut()
        for key, schedule in context.restore_all("schedule/", Schedule.from_stored):
            self._follow(key.removeprefix("schedule/"), schedule)

    def sources(self) -> Sequence[Source]:
        """The broker, the hook, or both."""
        config, sources = self.config, list[Source]()
        if config.mqtt is not None:
            topics = [*config.schedule_topics, *config.dose_topics, self._commands]
            sources.append(MqttSource.of(self.context.identity, config.mqtt, topics))
        if config.hook is not None:
            sources.append(HookSource(self.context.identity, config.hook, ["/fhir/{type}", "/fhir/{type}/{id}"]))
        return sources

    def receive(self, message: Input) -> None:
        """A schedule, a dose, or what a doctor says."""
        if message.topic == self._commands:
            command = read_json(message.payload)
            if not isinstance(command, dict) or command.get("command") not in {"answer", "close"}:
                raise MalformedError("is an unknown command")
            self._calls.command(command)
            return
        if " /fhir/" in message.topic:
            resource = self._resource(message.topic, message.payload)
            if resource.__class__.__name__ == "MedicationRequest":
                self._schedule(resource)
            else:
                self._take(administration_of(resource))
            return
        document = read_json(message.payload)
        if isinstance(document, dict) and document.get("resourceType") == "MedicationRequest":
            self._schedule(self._resource("PUT /fhir/MedicationRequest", message.payload))
            return
        self._confirmation(document)

    def tick(self) -> None:
        """Doses whose time has passed; calls that nobody answers."""
        limit_s = self.context.now_s - self.config.grace_s - self.config.news_s
        self._begin_day()
        overdue = [
            one
            for one in self._schedules
            if any(due.at_s < limit_s for due in self._due.of(one)) and self._carried_out.watched_as(one) == one
        ]
        self.context.run_for_each(messages.JUDGING(), overdue, self._doses.judge)
        self._calls.tick()

    def notices(self) -> tuple[str, ...]:
        """Schedules that an older version of edgecv reckoned, spans that bounds cut, orders that carry out others."""
        notices = []
        if self._of_older_version:
            notices.append(timing.OLDER_VERSIONS(count=len(self._of_older_version)))
        now_s = self.context.now_s
        cut = [(name, span) for name, spans in sorted(self._cut.items()) for span in spans if span[1] > now_s]
        notices += [timing.CUT_SPAN(name=name, start=stamp(span[0]), end=stamp(span[1])) for name, span in cut[:_NAMED]]
        if len(cut) > _NAMED:
            notices.append(timing.MORE_CUT_SPANS(count=len(cut) - _NAMED))
        parts = self._carried_out.parts()
        if parts:
            notices.append(timing.CARRIED_OUT(count=len(parts), name=parts[0]))
        return tuple(notices)

    def problems(self) -> tuple[str, ...]:
        """Which schedules are not watched, and why."""
        first = sorted(self._not_watched.items())[:_NAMED]
        problems = [timing.NOT_WATCHED(name=name, why=why) for name, why in first]
        if len(self._not_watched) > _NAMED:
            problems.append(timing.MORE_NOT_WATCHED(count=len(self._not_watched) - _NAMED))
        return tuple(problems)

    def _resource(self, topic: str, payload: bytes) -> Any:
        """A resource; of an order that cannot be read, the version before it is no longer what was ordered.

        Raises:
            MalformedError: it cannot be read.
        """
        try:
            return read_resource(topic, payload, ("MedicationRequest", "MedicationAdministration"))
        except MalformedError as error:
            order = named_resource(topic, payload, "MedicationRequest")
            if order is not None:
                self._supersede(order, timing.UNREADABLE(why=str(error)))
            raise

    def _supersede(self, order: NamedResource, why: str) -> None:
        before = self._doses.stored(order.id)
        if before is None and (not order.is_active or len(self._schedules) >= MAX_SCHEDULES):
            return
        if before is not None and order.version.is_old(before.version):
            return
        now_s = self.context.now_s
        schedule = before or Schedule(Version(), self._pseudonym(None), (), now_s, now_s)
        version = order.version.after(schedule.version, now_s)
        self._stop(order.id, replace(schedule, version=version, is_of_older_version=False), before, why)

    def _stop(self, name: str, schedule: Schedule, before: Schedule | None, why: str) -> None:
        """A schedule is no longer watched as it was, and everybody is told, though its message counts as unreadable."""
        self._keep(name, replace(self._with_rules(name, schedule, ()), not_watched=why))
        if before is None or before.not_watched != why:
            text = timing.NOT_WATCHED(name=name, why=why)
            self.context.send_event("schedule_not_watched", text, subject=name)
        self.context.work.complete()

    def _schedule(self, request: Any) -> None:
        """Follow a schedule; one that is not understood is no longer watched as it was, and everybody is told."""
        name, version = str(request.id), Version.of(request)
        if name not in self._schedules and len(self._schedules) >= MAX_SCHEDULES:
            raise MalformedError(f"is one schedule more than the {MAX_SCHEDULES} that are followed")
        before = self._doses.stored(name)
        if before is not None and version.is_old(before.version) and not before.may_be_read_again(version):
            self.context.count("duplicates")
            return
        now_s = self.context.now_s
        schedule = before or Schedule(Version(), "", (), now_s, now_s)
        schedule = replace(
            schedule,
            version=version.after(schedule.version, now_s),
            patient=self._pseudonym(request.subject),
            not_watched=None,
            is_of_older_version=False,
            carries_out=order_of(request, self._schedules),
        )
        try:
            rules = tuple(schedule_of(request, self._institution)) if is_due(request) else ()
        except TimingError as error:
            self._stop(name, schedule, before, error.why)
            raise
        self._keep(name, self._with_rules(name, schedule, rules))

    def _with_rules(self, name: str, schedule: Schedule, rules: tuple[Rule, ...]) -> Schedule:
        """The schedule with the rules of an order; what they make of times before it came is nobody's fault."""
        if rules == schedule.rules:
            return schedule
        now_s = self.context.now_s
        self._begin_day()
        opened_s = now_s + self.config.early_s
        pending = tuple(due.key for due in self._due.of(name) if (due.opens_s or due.at_s) <= opened_s)
        return replace(schedule, rules=rules, changed_s=now_s, pending=pending)

    def _keep(self, name: str, schedule: Schedule) -> None:
        self._doses.store(name, schedule)
        now_s = self.context.now_s
        for part in self._carried_out.change(name, lambda: self._follow(name, schedule)):
            stored = self._doses.stored(part)
            if stored is not None:  # what was due while the other was watched is nobody's fault
                self._doses.store(part, replace(stored, changed_s=now_s, pending=()))
        self._due.reckon(name, schedule.rules)

    def _follow(self, name: str, schedule: Schedule | None) -> None:
        if schedule is None:
            return
        self._schedules.add(name)
        self._not_watched.pop(name, None)
        self._of_older_version.discard(name)
        self._carried_out.follow(name, schedule)
        spans = [span for rule in schedule.rules for span in rule.cut_spans(self._institution.zone)]
        self._cut.pop(name, None)
        if spans:
            self._cut[name] = spans
        if schedule.not_watched is not None:
            self._not_watched[name] = schedule.not_watched
        if schedule.is_of_older_version:
            self._of_older_version.add(name)
        self.context.gauges["schedules"] = float(len(self._schedules))
        self.context.gauges["schedules_not_watched"] = float(len(self._not_watched))

    def _confirmation(self, document: Any) -> None:
        if not isinstance(document, dict):
            raise MalformedError("is no dose")
        schedule = a_name(document.get("schedule"), "the schedule of a dose")
        dose_id = None if document.get("id") is None else a_name(document["id"], "the id of a dose")
        self._take(Administration(schedule, dose_id, a_time_s(document.get("time"))))

    def _take(self, dose: Administration | None) -> None:
        if dose is None:
            return
        if dose.schedule not in self._schedules:
            raise MalformedError("is of a schedule that is not known")
        self._begin_day()
        self._doses.take(replace(dose, schedule=self._carried_out.watched_as(dose.schedule)))

    def _begin_day(self) -> None:
        self._due.begin_day(self.context.now_s, sorted(self._schedules), self._rules_of)

    def _rules_of(self, name: str) -> Sequence[Rule]:
        schedule = self._doses.stored(name)
        return () if schedule is None else schedule.rules

    def _pseudonym(self, subject: Any) -> str:
        """The same for the same person, and of no use without this box's key."""
        text = str(getattr(subject, "reference", None) or "unknown")
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()[:20]
