"""Many sensors of one device: which message is new, when it was, who has fallen silent, which limits are broken."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from edgecv.handlers.handler import MalformedError
from edgecv.handlers.handler_context import HandlerContext, stamp
from edgecv.handlers.sensor_state import SensorState
from edgecv.handlers.sequence_number import Placement
from edgecv.handlers.thresholds import Limit, LimitState
from edgecv.messages import handlers

MAX_SENSORS = 20_000
"""Names that a broken or hostile sender may make up before no more are taken in."""
FORGET_S = 30 * 86400.0
"""Listening time in which a sensor that the box file does not name and that says nothing is forgotten, to make room."""
_TIDY_S = 3600.0
_PREFIX = "sensor/"


@dataclass(frozen=True, slots=True)
class Observation:
    """A message in its place: its event time, and whether it is the newest of its sensor."""

    event_s: float
    is_newest: bool


class SensorMonitor:
    """The sensors of one device.

    Args:
        context: where state is stored and alarms are raised.
        silent_after_s: listening time after which a sensor is called silent, or None for never.
        silent_kind: the kind of alarm that this is.
        expected: sensors that are missed even if they were never heard.
        name: what an alarm calls a sensor.
    """

    def __init__(
        self,
        context: HandlerContext,
        silent_after_s: float | None,
        silent_kind: str,
        expected: Iterable[str] = (),
        name: Callable[[str], str] = str,
    ) -> None:
        self._context = context
        self._silent_after_s = silent_after_s
        self._silent_kind = silent_kind
        self._name = name
        self._heard: dict[str, float] = {}
        self._silent: dict[str, str] = {}
        self._expected = frozenset(expected)
        self._tidy_s = context.listening_s + _TIDY_S
        for key, state in context.restore_all(_PREFIX, SensorState.from_stored):
            subject = key.removeprefix(_PREFIX)
            self._heard[subject] = min(state.heard_s, context.listening_s)
            if state.silent is not None:
                self._silent[subject] = state.silent
        for subject in self._expected:
            self.register(subject)

    def observe(self, subject: str, stamp_s: float | None, counter: int | None) -> Observation | None:
        """Take note of a message; None for one that came before.

        Args:
            subject: which sensor.
            stamp_s: its own time, seconds since 1970, or None.
            counter: its own counter, or None.

        Raises:
            MalformedError: it is one sensor too many.
        """
        context = self._context
        self.admit(subject)
        before = self._state(subject)
        after, placement, event_s = before.observe(stamp_s, counter, context.now_s, context.listening_s)
        if placement is Placement.NEW:
            self._end_silence(subject, before.silent)
            self._heard[subject] = context.listening_s
        else:
            context.count("late" if placement is Placement.LATE else "duplicates")
        if after != before:
            context.put(_key(subject), after.to_stored())
        if after.clock != before.clock and after.clock.is_newly_certain:
            self._report_skew(subject, after.clock.offset_s)
        return None if placement is Placement.DUPLICATE else Observation(event_s, placement is Placement.NEW)

    def _report_skew(self, subject: str, offset_s: float) -> None:
        text = handlers.CLOCK_BEHIND if offset_s > 0 else handlers.CLOCK_AHEAD
        skew_s = round(-offset_s, 1)
        self._context.send_event("clock_skew", text(name=subject, time=abs(offset_s)), subject=subject, skew_s=skew_s)

    def _state(self, subject: str) -> SensorState:
        return self._context.restore(_key(subject), SensorState.from_stored)

    def admit(self, subject: str) -> None:
        """Whether there is room for a sensor; those that the box file names always have it.

        Raises:
            MalformedError: it is one too many.
        """
        if subject not in self._heard and subject not in self._expected and len(self._heard) >= MAX_SENSORS:
            self._context.count("too_many_sensors")
            raise MalformedError(f"is of one sensor more than the {MAX_SENSORS} that are followed")

    def register(self, subject: str) -> None:
        """Follow a sensor from now on, if it is not followed yet.

        Raises:
            MalformedError: it is one too many.
        """
        self.admit(subject)
        context = self._context
        if subject not in self._heard:
            self._heard[subject] = context.listening_s
            state = SensorState(heard_s=context.listening_s, at_s=context.now_s)
            context.put(_key(subject), state.to_stored())

    def _end_silence(self, subject: str, alarm: str | None) -> None:
        if alarm is not None:
            self._context.update(alarm, handlers.HEARD(name=self._name(subject)), ended_s=self._context.now_s)
            self._silent.pop(subject, None)

    def silence_s(self, subject: str) -> float:
        """How long the box has listened to a sensor in vain, seconds."""
        return self._context.listening_s - self._heard.get(subject, self._context.listening_s)

    def interval_s(self, subject: str) -> float:
        """How often a sensor speaks, seconds of listening; 0 for unknown."""
        return self._state(subject).interval_s

    def restart(self, subject: str, stamp_s: float | None) -> None:
        """It says that it counts anew; said again with the same stamp it is nothing new."""
        if subject not in self._heard:
            return
        before = self._state(subject)
        after = before.restarted(stamp_s)
        if after != before:
            self._context.put(_key(subject), after.to_stored())

    def tick(self, excused: Callable[[str], bool] = lambda _: False) -> None:
        """Raise who has been silent for too long, except for those who are excused."""
        context, limit_s = self._context, self._silent_after_s
        if context.listening_s >= self._tidy_s:
            self._tidy_s = context.listening_s + _TIDY_S
            self._forget()
        if limit_s is None:
            return
        overdue = [
            subject
            for subject, heard_s in self._heard.items()
            if context.listening_s - heard_s >= limit_s and subject not in self._silent
        ]

        def check(subject: str) -> None:
            if not excused(subject):
                self._raise_silent(subject)

        context.run_for_each(handlers.TELLING_SILENT(), overdue, check)

    def _raise_silent(self, subject: str) -> None:
        context, limit_s = self._context, self._silent_after_s or 0.0
        if context.get(_key(subject)) is None:  # its first message failed
            self._heard.pop(subject)
            return
        state, name = self._state(subject), self._name(subject)
        alarm = state.silent
        if alarm is None:
            last_event_at = None if state.event_s is None else stamp(state.event_s)
            alarm = context.alarm(
                self._silent_kind,
                name,
                state.at_s,
                handlers.SILENT(name=name, time=limit_s / 60.0),
                {"last_event_at": last_event_at, "limit_s": limit_s},
                content=f"{subject} {state.heard_s:.3f}",
            )
            context.put(_key(subject), replace(state, silent=alarm).to_stored())
        self._silent[subject] = alarm

    def _forget(self) -> None:
        """Make room: a flood of names that nobody has must not keep new sensors out for ever."""
        listening_s = self._context.listening_s
        silent_long = {
            subject
            for subject, heard_s in self._heard.items()
            if listening_s - heard_s > FORGET_S and subject not in self._expected
        }
        if not silent_long:
            return
        for key, _ in list(self._context.items()):
            kind, _, name = key.partition("/")
            if (name.rpartition("/")[0] if kind == "level" else name) in silent_long:  # level/SUBJECT/RULE
                self._context.put(key, None)
        for subject in silent_long:
            self._heard.pop(subject)
            self._silent.pop(subject, None)
        self._context.count("sensors_forgotten", len(silent_long))

    def judge(
        self,
        key: str,
        limit: Limit,
        value: Any,
        event_s: float,
        kind: str,
        subject: str,
        text: str,
        details: Mapping[str, Any],
    ) -> None:
        """Hold the newest reading against a limit; raise or end the alarm.

        Args:
            key: what tells this limit of this sensor from others.
            limit: the limit.
            value: the reading.
            event_s: when it was.
            kind: of the alarm.
            subject: which sensor.
            text: the alarm's sentence.
            details: of the alarm; ``value``, ``worst`` and ``limit`` are added.
        """
        context = self._context
        before = context.restore(f"level/{key}", LimitState.from_stored)
        after, change = before.step(limit, value, event_s, self._silent_after_s or 0.0)
        if change == "raised" and after.since_s is not None:
            all_details = {**details, "value": value, "worst": after.worst, "limit": limit.in_words()}
            content = f"{key} {stamp(after.since_s)}"
            raised = context.alarm(kind, subject, after.since_s, text, all_details, content=content)
            after = replace(after, alarm=raised)
        elif change == "cleared" and before.alarm is not None:
            context.update(before.alarm, ended_s=event_s, details={"worst": before.worst})
        context.put(f"level/{key}", after.to_stored())


def _key(subject: str) -> str:
    return f"{_PREFIX}{subject}"
