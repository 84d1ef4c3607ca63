"""Doses that were missed or taken twice, and the call that helps: pseudonyms, ids and times only."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, Field

from edgecv.config.base import Conflict, NonBlankText, Number
from edgecv.config.devices import DeviceSettings, MqttInput
from edgecv.handlers.device_clock import DeviceClock
from edgecv.handlers.handler import Details, Handler, Input, MalformedError
from edgecv.handlers.handler_context import HandlerContext, stamp
from edgecv.handlers.medical.escalation import Call, Calls, shown
from edgecv.handlers.medical.fhir import is_old, read_resource, reference_id, seconds, updated_s
from edgecv.handlers.medical.report_state import pseudonym_key, schedule_from
from edgecv.handlers.medical.timing import USUAL_TIMES, doses, schedule_of
from edgecv.handlers.payload_values import a_name, a_time_s, a_time_zone, read_json
from edgecv.handlers.sources.mqtt import MqttSource
from edgecv.handlers.sources.source import Source
from edgecv.handlers.sources.webhook import HookInput, HookSource
from edgecv.handlers.topics import TopicFilter
from edgecv.messages import medical as messages
from edgecv.mqtt import device_topic

_KEPT_S = 3 * 86400.0
MAX_SCHEDULES = 20_000
"""Ids that a broken or hostile sender may make up before no more are taken in."""
MAX_DOSES = 20
"""Told of one dose: what comes more often is a dispenser that repeats itself under new ids."""


Hour = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class MedicationSettings(DeviceSettings):
    """Medication schedules."""

    hook: HookInput | None = Field(default=None, description="where a FHIR server tells us of schedules and doses")
    mqtt: MqttInput | None = Field(default=None, description="the broker that dispensers and apps speak to")
    schedule_topics: tuple[TopicFilter, ...] = Field(default=(), description="topics of MedicationRequest resources")
    dose_topics: tuple[TopicFilter, ...] = Field(
        default=(), description="topics of doses taken: {id, schedule, time}; without an id a sign of life"
    )
    on_call: Annotated[tuple[NonBlankText, ...], Field(min_length=1)] = Field(
        description="ids of the doctors on call, in the order they are asked"
    )
    time_zone: Annotated[NonBlankText, AfterValidator(a_time_zone)] = Field(
        default="Asia/Shanghai", description="where people live"
    )
    early_s: Annotated[Number, Field(ge=0)] = Field(default=3600.0, description="how early a dose may come, seconds")
    grace_s: Annotated[Number, Field(ge=0)] = Field(default=3600.0, description="how late a dose may come, seconds")
    news_s: Annotated[Number, Field(ge=0)] = Field(
        default=300.0, description="how long the news of a dose may be under way, seconds"
    )
    answer_s: Annotated[Number, Field(gt=0)] = Field(
        default=600.0, description="how long a doctor may take to answer before the next is asked, seconds"
    )
    times: dict[NonBlankText, Hour] = Field(
        default_factory=dict, description='hours of FHIR\'s event timings that differ here, such as {MORN: "07:30"}'
    )

    @classmethod
    def conflicts(cls, values: Mapping[str, object]) -> Iterable[Conflict]:
        """Schedules and doses come from somewhere."""
        if values.get("mqtt") is None:
            for key in ("schedule_topics", "dose_topics"):
                if values.get(key):
                    yield Conflict((key,), "need a broker; add mqtt")
            if values.get("hook") is None:
                yield Conflict(("mqtt",), "or hook must say where schedules and doses come from")


class DoseDetails(Details):
    """A dose that was missed or taken twice, and the call."""

    schedule: str
    patient: str
    """A pseudonym of this box."""
    due_at: str
    taken_at: tuple[str, ...]
    call: Call


class MedicationHandler(Handler[MedicationSettings]):
    """One community's schedules."""

    kind = "medication"
    settings = MedicationSettings
    needs = ("fhir.resources",)
    keeps_examples = False
    events: ClassVar[Mapping[str, type[BaseModel]]] = {"dose_missed": DoseDetails, "dose_doubled": DoseDetails}

    def __init__(self, settings: MedicationSettings, context: HandlerContext) -> None:
        super().__init__(settings, context)
        self._zone = ZoneInfo(settings.time_zone)
        self._times = {**USUAL_TIMES, **settings.times}
        self._calls = Calls(context, settings.on_call, settings.answer_s)
        self._commands = device_topic(context.identity.site, context.identity.device, "command")
        self._key = pseudonym_key(context.identity.state)
        self._schedules = {key.removeprefix("schedule/") for key, _ in context.restore_all("schedule/", schedule_from)}
        self._due: dict[str, list[float]] = {}
        self._due_day = ""

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
            resource_types = ("MedicationRequest", "MedicationAdministration")
            resource = read_resource(message.topic, message.payload, resource_types)
            if resource.__class__.__name__ == "MedicationRequest":
                self._schedule(resource)
            else:
                self._administration(resource)
            return
        document = read_json(message.payload)
        if isinstance(document, dict) and document.get("resourceType") == "MedicationRequest":
            self._schedule(read_resource("PUT /fhir/MedicationRequest", message.payload, ("MedicationRequest",)))
            return
        self._confirmation(document)

    def tick(self) -> None:
        """Doses whose time has passed; calls that nobody answers."""
        limit_s = self.context.now_s - self.config.grace_s - self.config.news_s
        self._refresh()
        overdue = [one for one in self._schedules if any(due < limit_s for due in self._due.get(one, ()))]
        self.context.run_for_each(messages.JUDGING(), overdue, self._judge)
        self._calls.tick()

    def _schedule(self, request: Any) -> None:
        schedule_id, version_s = str(request.id), updated_s(request)
        if schedule_id not in self._schedules and len(self._schedules) >= MAX_SCHEDULES:
            raise MalformedError(f"is one schedule more than the {MAX_SCHEDULES} that are followed")
        before = self.context.restore(f"schedule/{schedule_id}", schedule_from)
        if is_old(version_s, before):
            self.context.count("duplicates")
            return
        active = request.status == "active" and request.intent in {"order", "original-order", "instance-order", "plan"}
        entry = {
            "version": version_s,
            "patient": self._pseudonym(request.subject),
            "doses": schedule_of(request, self._times) if active else [],
            "judged": self.context.now_s if before is None else before["judged"],
            "taken": {} if before is None else before["taken"],
        }
        self.context.put(f"schedule/{schedule_id}", entry)
        self._schedules.add(schedule_id)
        self._due_day = ""  # reckon anew
        self.context.gauges["schedules"] = float(len(self._schedules))

    def _administration(self, resource: Any) -> None:
        if resource.status != "completed":
            return
        schedule_id = reference_id(resource.request, "MedicationRequest")
        period = resource.effectivePeriod
        taken_s = seconds(resource.effectiveDateTime if period is None else period.end)
        if schedule_id is None:
            raise MalformedError("is a dose of no MedicationRequest")
        self._taken(schedule_id, str(resource.id), taken_s)

    def _confirmation(self, document: Any) -> None:
        if not isinstance(document, dict):
            raise MalformedError("is no dose")
        schedule_id = a_name(document.get("schedule"), "the schedule of a dose")
        dose_id = None if document.get("id") is None else a_name(document["id"], "the id of a dose")
        self._taken(schedule_id, dose_id, a_time_s(document.get("time")))

    def _taken(self, schedule_id: str, dose_id: str | None, taken_s: float | None) -> None:
        """A dose was taken; without an id it is only a sign of life that sets the clock."""
        context = self.context
        if schedule_id not in self._schedules:
            raise MalformedError("is of a schedule that is not known")
        clock, at_s = context.restore(f"clock/{schedule_id}", DeviceClock.from_stored).read(taken_s, context.now_s)
        context.put(f"clock/{schedule_id}", clock.to_stored())
        if clock.is_newly_certain:
            text = messages.SCHEDULE_CLOCK(name=schedule_id, time=abs(clock.offset_s))
            context.send_event("clock_skew", text, subject=schedule_id, skew_s=round(-clock.offset_s, 1))
        if dose_id is None:
            return
        self._refresh()
        entry = context.restore(f"schedule/{schedule_id}", schedule_from)
        if entry is None:
            raise MalformedError("is of a schedule that is not known")
        if any(known_id == dose_id for dose in entry["taken"].values() for known_id, _ in dose["doses"]):
            context.count("duplicates")
            return
        due_s = self._due_at(schedule_id, at_s)
        if due_s is None:
            context.count("unscheduled_doses")
            return
        key = f"{due_s:.0f}"
        dose = entry["taken"].get(key) or {"doses": [], "alarm": None}
        if len(dose["doses"]) >= MAX_DOSES:
            context.count("doses_too_many")
            return
        dose = dose | {"doses": [*dose["doses"], [dose_id, at_s]]}
        if len(dose["doses"]) == 2:
            text = messages.TAKEN_TWICE(name=schedule_id, doctor=self.config.on_call[0])
            self._raise("dose_doubled", schedule_id, entry["patient"], due_s, dose["doses"], text)
        elif dose["alarm"] is not None:
            context.update(dose["alarm"], messages.TAKEN_LATE(), details={"taken_at": [stamp(at_s)]})
        context.count("doses")
        context.put(f"schedule/{schedule_id}", entry | {"taken": entry["taken"] | {key: dose}})

    def _due_at(self, schedule_id: str, at_s: float) -> float | None:
        """The dose that one taken at some time was: the last whose time had come, else the next of that day."""
        due = self._due.get(schedule_id, [])
        come = [moment for moment in due if moment - self.config.early_s <= at_s]
        return max(come, default=min(due, default=None))

    def _judge(self, schedule_id: str) -> None:
        limit_s = self.context.now_s - self.config.grace_s - self.config.news_s
        entry = self.context.restore(f"schedule/{schedule_id}", schedule_from)
        if entry is None:
            self._schedules.discard(schedule_id)
            return
        new = [due for due in self._due.get(schedule_id, ()) if entry["judged"] < due < limit_s]
        if not new:
            return
        taken = dict(entry["taken"])
        for due_s in new:
            key = f"{due_s:.0f}"
            if key not in taken:
                text = messages.MISSED(name=schedule_id, doctor=self.config.on_call[0])
                alarm = self._raise("dose_missed", schedule_id, entry["patient"], due_s, [], text)
                taken[key] = {"doses": [], "alarm": alarm}
        old_s = self.context.now_s - _KEPT_S
        taken = {key: dose for key, dose in taken.items() if float(key) > old_s}
        self.context.put(f"schedule/{schedule_id}", entry | {"judged": max(new), "taken": taken})

    def _raise(self, kind: str, schedule_id: str, patient: str, due_s: float, taken: Sequence[Any], text: str) -> str:
        call = self._calls.request()
        details = {
            "schedule": schedule_id,
            "patient": patient,
            "due_at": stamp(due_s),
            "taken_at": [stamp(at_s) for _, at_s in taken],
            "call": shown(call),
        }
        alarm = self.context.alarm(kind, schedule_id, due_s, text, details)
        self._calls.opened(alarm, call)
        return alarm

    def _refresh(self) -> None:
        """Doses of yesterday, today and tomorrow, reckoned once a day."""
        today = datetime.fromtimestamp(self.context.now_s, self._zone).date()
        if self._due_day == today.isoformat():
            return
        self._due_day = today.isoformat()
        days = [today + timedelta(days=step) for step in (-1, 0, 1)]

        def reckon(schedule_id: str) -> None:
            entry = self.context.restore(f"schedule/{schedule_id}", schedule_from)
            schedule_doses = [] if entry is None else entry["doses"]
            self._due[schedule_id] = sorted({m for day in days for m in doses(schedule_doses, day, self._zone)})

        for schedule_id in self._schedules:
            try:
                reckon(schedule_id)
            except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError) as error:
                self._due[schedule_id] = []
                self.context.work.count_unreadable(
                    f"a stored schedule cannot be reckoned: {type(error).__name__}", None
                )

    def _pseudonym(self, subject: Any) -> str:
        """The same for the same person, and of no use without this box's key."""
        text = str(getattr(subject, "reference", None) or "unknown")
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()[:20]
