"""What was taken of which dose, what is missing or too much, and the call that follows."""

from __future__ import annotations

from dataclasses import replace

from edgecv.handlers.device_clock import DeviceClock
from edgecv.handlers.handler import Details, MalformedError
from edgecv.handlers.handler_context import HandlerContext, stamp
from edgecv.handlers.medical.administration import Administration
from edgecv.handlers.medical.due_doses import DueDoses
from edgecv.handlers.medical.escalation import Call, Calls, shown
from edgecv.handlers.medical.schedule_state import Schedule, Taken
from edgecv.handlers.medical.settings import MedicationSettings
from edgecv.handlers.medical.timing import Due
from edgecv.messages import medical as messages

_KEPT_S = 4 * 86400.0
"""How long doses are remembered: those of the day before yesterday may still be taken, or told of twice."""
MAX_DOSES = 20
"""Told of one dose: what comes more often is a dispenser that repeats itself under new ids."""


class DoseDetails(Details):
    """A dose that was missed or taken twice, and the call."""

    schedule: str
    patient: str
    """A pseudonym of this box."""
    due_at: str
    taken_at: tuple[str, ...]
    call: Call


class DoseBook:
    """The doses of all schedules.

    Args:
        context: where schedules are stored and alarms are raised.
        due: which doses are due.
        calls: asks the doctors.
        settings: how early and late a dose may come, and who is on call.
    """

    def __init__(self, context: HandlerContext, due: DueDoses, calls: Calls, settings: MedicationSettings) -> None:
        self._context = context
        self._due = due
        self._calls = calls
        self._settings = settings

    def stored(self, name: str) -> Schedule | None:
        """A schedule, or None."""
        return self._context.restore(f"schedule/{name}", Schedule.from_stored)

    def store(self, name: str, schedule: Schedule) -> None:
        """Store a schedule."""
        self._context.put(f"schedule/{name}", schedule.to_stored())

    def take(self, administration: Administration) -> None:
        """A dose was taken, or was not after all; without an id it is only a sign of life that sets the clock.

        Raises:
            MalformedError: it is of a schedule that is not known.
        """
        name = administration.schedule
        schedule = self.stored(name)
        if schedule is None:
            raise MalformedError("is of a schedule that is not known")
        if administration.is_retracted:
            self._retract(name, schedule, administration.id)
            return
        at_s = self._event_s(name, administration) if administration.day is None else self._context.now_s
        if administration.id is not None:
            self._take(name, schedule, administration.id, at_s, administration)

    def judge(self, name: str) -> None:
        """Whether doses whose time is over were taken."""
        schedule = self.stored(name)
        if schedule is None:
            return
        limit_s = self._limit_s()
        new = [due for due in self._due.of(name) if schedule.judged_s < due.at_s < limit_s]
        if not new:
            return
        taken = dict(schedule.taken)
        for due in new:
            dose = taken.get(due.key, Taken())
            if len(dose.doses) < due.least and schedule.judges(due):
                taken[due.key] = self._miss(name, schedule, due, dose)
        old_s = self._context.now_s - _KEPT_S
        taken = {key: dose for key, dose in taken.items() if float(key) > old_s}
        self.store(name, replace(schedule, judged_s=max(due.at_s for due in new), taken=taken))

    def _limit_s(self) -> float:
        return self._context.now_s - self._settings.grace_s - self._settings.news_s

    def _event_s(self, name: str, administration: Administration) -> float:
        context = self._context
        clock, at_s = context.restore(f"clock/{name}", DeviceClock.from_stored).read(administration.at_s, context.now_s)
        context.put(f"clock/{name}", clock.to_stored())
        if clock.is_newly_certain:
            text = messages.SCHEDULE_CLOCK(name=name, time=abs(clock.offset_s))
            context.send_event("clock_skew", text, subject=name, skew_s=round(-clock.offset_s, 1))
        return at_s

    def _take(self, name: str, schedule: Schedule, dose_id: str, at_s: float, administration: Administration) -> None:
        context = self._context
        if _dose_of(schedule, dose_id) is not None:
            context.count("duplicates")
            return
        due = self._due.taken(name, at_s)
        if administration.day is not None:
            due = self._due.taken_on(
                name, administration.day, {key: len(dose.doses) for key, dose in schedule.taken.items()}
            )
        if due is None:
            context.count("unscheduled_doses")
            return
        dose = schedule.taken.get(due.key, Taken())
        if len(dose.doses) >= max(MAX_DOSES, due.most + 1):
            context.count("doses_too_many")
            return
        dose = replace(dose, doses=(*dose.doses, (dose_id, at_s)))
        if len(dose.doses) == due.most + 1:
            text = messages.TAKEN_TWICE(name=name, doctor=self._settings.on_call[0])
            self._raise("dose_doubled", name, schedule.patient, due.at_s, dose, text)
        elif dose.alarm is not None:
            context.update(dose.alarm, messages.TAKEN_LATE(), details={"taken_at": [stamp(at_s)]})
        context.count("doses")
        self.store(name, replace(schedule, taken={**schedule.taken, due.key: dose}))

    def _retract(self, name: str, schedule: Schedule, dose_id: str | None) -> None:
        """What was told was not taken: where its time is over, it is missing after all."""
        key = None if dose_id is None else _dose_of(schedule, dose_id)
        if key is None:
            return
        dose = schedule.taken[key]
        dose = replace(dose, doses=tuple(one for one in dose.doses if one[0] != dose_id))
        due = next((due for due in self._due.of(name) if due.key == key), None)
        is_over = due is not None and due.at_s < self._limit_s() and due.at_s <= schedule.judged_s
        if due is not None and is_over and dose.alarm is None and len(dose.doses) < due.least:
            dose = self._miss(name, schedule, due, dose)
        self._context.count("doses_retracted")
        self.store(name, replace(schedule, taken={**schedule.taken, key: dose}))

    def _miss(self, name: str, schedule: Schedule, due: Due, dose: Taken) -> Taken:
        text = messages.MISSED(name=name, doctor=self._settings.on_call[0])
        return replace(dose, alarm=self._raise("dose_missed", name, schedule.patient, due.at_s, dose, text))

    def _raise(self, kind: str, name: str, patient: str, due_s: float, taken: Taken, text: str) -> str:
        call = self._calls.request()
        details = {
            "schedule": name,
            "patient": patient,
            "due_at": stamp(due_s),
            "taken_at": [stamp(at_s) for _, at_s in taken.doses],
            "call": shown(call),
        }
        alarm = self._context.alarm(kind, name, due_s, text, details)
        self._calls.opened(alarm, call)
        return alarm


def _dose_of(schedule: Schedule, dose_id: str) -> str | None:
    """The key of the dose that one of an id was taken for, or None."""
    return next((key for key, dose in schedule.taken.items() if any(one == dose_id for one, _ in dose.doses)), None)
