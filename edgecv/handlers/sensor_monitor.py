"""SensorMonitor many sensors: which message is news, when it was, who has fallen silent, which limits are broken."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from edgecv.handlers.device_clock import DeviceClock
from edgecv.handlers.handler import MalformedError
from edgecv.handlers.handler_context import HandlerContext, stamp
from edgecv.handlers.sequence_number import SequenceWindow
from edgecv.handlers.thresholds import Limit, LimitState

MOST_SUBJECTS = 20_000
"""Names that a broken or hostile sender may make up before no more are taken in."""
FORGET_S = 30 * 86400.0
"""Listening time in which a sensor that the box file does not name and that says nothing is forgotten, to make room."""
_TIDY_S = 3600.0

_NEW: dict[str, Any] = {
    "clock": None,
    "order": None,
    "event": None,
    "heard": 0.0,
    "at": 0.0,
    "silent": None,
    "restart": None,
}


@dataclass(frozen=True, slots=True)
class Observation:
    """A message in its place: its event time, and whether it is the newest of its sensor."""

    event_s: float
    is_newest: bool


class SensorMonitor:
    """The sensors of one device.

    Args:
        context: where everything is kept.
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
        for key, kept in context.restore_all("sensor/", _sensor):
            subject = key.removeprefix("sensor/")
            self._heard[subject] = min(kept["heard"], context.listening_s)
            if kept["silent"] is not None:
                self._silent[subject] = kept["silent"]
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
        kept = context.restore(f"sensor/{subject}", _sensor)
        clock, order = DeviceClock.of(kept["clock"]), SequenceWindow.of(kept["order"])
        before_s = clock.newest_s
        place = "new"
        if counter is not None:
            newer = None if stamp_s is None or before_s is None else stamp_s > before_s
            order, place = order.place(counter, newer=newer)
        if place == "duplicate":
            context.count("duplicates")
            return None
        clock, event_s = clock.read(stamp_s, context.now_s)
        newest_s = kept["event"]
        if counter is None and newest_s is not None and stamp_s is not None and event_s <= newest_s:
            place = "late" if event_s < newest_s else "duplicate"
        kept = kept | {"clock": clock.kept(), "order": order.kept()}
        if place == "new":
            self._speaks(subject, kept["silent"])
            kept |= {"event": event_s, "heard": context.listening_s, "at": context.now_s, "silent": None}
            self._heard[subject] = context.listening_s
        else:  # no sign of life: it says what was, and may have lain at the broker for long
            context.count("late" if place == "late" else "duplicates")
        context.put(f"sensor/{subject}", kept)
        if clock.newly_sure:
            off_s = -clock.offset_s
            where = "ahead" if off_s > 0 else "behind"
            text = f"the clock of {subject} is {abs(off_s):.0f} s {where}; its times are corrected"
            context.send_event("clock_skew", text, subject=subject, skew_s=round(off_s, 1))
        return None if place == "duplicate" else Observation(event_s, place == "new")

    def admit(self, subject: str) -> None:
        """Whether there is room for a sensor; those that the box file names always have it.

        Raises:
            MalformedError: it is one too many.
        """
        if subject not in self._heard and subject not in self._expected and len(self._heard) >= MOST_SUBJECTS:
            self._context.count("too_many_sensors")
            raise MalformedError(f"is of one sensor more than the {MOST_SUBJECTS} that are followed")

    def register(self, subject: str) -> None:
        """Follow a sensor from now on, if it is not followed yet.

        Raises:
            MalformedError: it is one too many.
        """
        self.admit(subject)
        context = self._context
        if subject not in self._heard:
            self._heard[subject] = context.listening_s
            context.put(f"sensor/{subject}", _NEW | {"heard": context.listening_s, "at": context.now_s})

    def _speaks(self, subject: str, silent: str | None) -> None:
        if silent is not None:
            self._context.update(silent, f"{self._name(subject)} is heard again", ended_s=self._context.now_s)
            self._silent.pop(subject, None)

    def silence_s(self, subject: str) -> float:
        """How long the box has listened to a sensor in vain, seconds."""
        return self._context.listening_s - self._heard.get(subject, self._context.listening_s)

    def restarts(self, subject: str, stamp_s: float | None) -> None:
        """It says that it counts anew; said again with the same stamp it is nothing new."""
        if subject not in self._heard:
            return
        kept = self._context.restore(f"sensor/{subject}", _sensor)
        if stamp_s is not None and kept["restart"] is not None and stamp_s <= kept["restart"]:
            return
        order = SequenceWindow.of(kept["order"]).restarted()
        self._context.put(f"sensor/{subject}", kept | {"order": order.kept(), "restart": stamp_s})

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

        def due(subject: str) -> None:
            if not excused(subject):
                self._fell_silent(subject)

        context.run_for_each("telling who is silent", overdue, due)

    def _fell_silent(self, subject: str) -> None:
        context, limit_s = self._context, self._silent_after_s or 0.0
        kept = context.restore(f"sensor/{subject}", _sensor)
        if context.get(f"sensor/{subject}") is None:  # its first message failed
            self._heard.pop(subject)
            return
        name = self._name(subject)
        text = f"{name} has sent nothing for {limit_s / 60.0:.0f} min"
        details = {"last_event_at": None if kept["event"] is None else stamp(kept["event"]), "limit_s": limit_s}
        content = f"{subject} {kept['heard']:.3f}"
        silent = kept["silent"]
        if silent is None:
            silent = context.alarm(self._silent_kind, name, kept["at"], text, details, content=content)
            context.put(f"sensor/{subject}", kept | {"silent": silent})
        self._silent[subject] = silent

    def _forget(self) -> None:
        """Make room: a flood of names that nobody has must not keep new sensors out for ever."""
        listening_s = self._context.listening_s
        gone = {
            subject
            for subject, heard_s in self._heard.items()
            if listening_s - heard_s > FORGET_S and subject not in self._expected
        }
        if not gone:
            return
        for key, _ in list(self._context.items()):
            kind, _, name = key.partition("/")
            if (name.rpartition("/")[0] if kind == "level" else name) in gone:  # level/SUBJECT/RULE
                self._context.put(key, None)
        for subject in gone:
            self._heard.pop(subject)
            self._silent.pop(subject, None)
        self._context.count("sensors_forgotten", len(gone))

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
        after, change = before.step(limit, value, event_s)
        if change == "raised" and after.since_s is not None:
            all_details = {**details, "value": value, "worst": after.worst, "limit": limit.in_words()}
            content = f"{key} {stamp(after.since_s)}"
            raised = context.alarm(kind, subject, after.since_s, text, all_details, content=content)
            after = replace(after, alarm=raised)
        elif change == "cleared" and before.alarm is not None:
            context.update(before.alarm, ended_s=event_s, details={"worst": before.worst})
        context.put(f"level/{key}", after.to_stored())


def _sensor(kept: Any) -> dict[str, Any]:
    """One sensor as the context keeps it; a new one for None.

    Raises:
        ValueError, TypeError: it is of no such form.
    """
    if kept is None:
        return _NEW
    entry = {key: dict(kept).get(key, new) for key, new in _NEW.items()}
    DeviceClock.of(entry["clock"])
    SequenceWindow.of(entry["order"])
    for name in ("heard", "at", "event", "restart"):
        if entry[name] is not None:
            entry[name] = float(entry[name])
    if entry["heard"] is None or entry["at"] is None or not isinstance(entry["silent"], str | None):
        raise TypeError("is no sensor")
    return entry
