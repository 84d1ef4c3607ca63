"""What is stored of one sensor, and how a message changes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any

from edgecv.handlers.device_clock import DeviceClock
from edgecv.handlers.sequence_number import Placement, SequenceWindow

_INTERVALS = 5
_OWN_PACE_S = 60.0
"""Between two messages that are no repetition."""


@dataclass(frozen=True, slots=True)
class SensorState:
    """One sensor.

    Attributes:
        clock: its clock against ours.
        sequence: its counters.
        event_s: event time of its newest message, seconds since 1970, or None before the first.
        heard_s: listening time of its newest message, seconds.
        at_s: box time of its newest message, seconds since 1970.
        silent: the alarm of its silence, or None while it is heard.
        restart_s: its stamp of the last restart of its counter, or None.
        intervals_s: listening time between its last new messages, seconds.
        repeated: counter and listening time of a message without a stamp that came before, since the last new one.
    """

    clock: DeviceClock = field(default_factory=DeviceClock)
    sequence: SequenceWindow = field(default_factory=SequenceWindow)
    event_s: float | None = None
    heard_s: float = 0.0
    at_s: float = 0.0
    silent: str | None = None
    restart_s: float | None = None
    intervals_s: tuple[float, ...] = ()
    repeated: tuple[int, float] | None = None

    @property
    def interval_s(self) -> float:
        """How often it speaks, seconds: the median, which neither an outage nor a burst changes; 0 for unknown."""
        return median(self.intervals_s) if self.intervals_s else 0.0

    @classmethod
    def from_stored(cls, stored: Any) -> SensorState:
        """As ``to_stored`` gave it; a new one for None.

        Raises:
            ValueError, TypeError: it is of no such form.
        """
        if stored is None:
            return cls()
        if not isinstance(stored, Mapping) or not isinstance(stored.get("silent"), str | None):
            raise TypeError("is no sensor")
        return cls(
            DeviceClock.from_stored(stored.get("clock")),
            SequenceWindow.from_stored(stored.get("order")),
            _seconds(stored.get("event")),
            float(stored.get("heard", 0.0)),
            float(stored.get("at", 0.0)),
            stored.get("silent"),
            _seconds(stored.get("restart")),
            tuple(float(interval_s) for interval_s in stored.get("intervals", ())),
            _repeated(stored.get("repeated")),
        )

    def to_stored(self) -> dict[str, Any]:
        """As JSON, under the names of every version so far."""
        return {
            "clock": self.clock.to_stored(),
            "order": self.sequence.to_stored(),
            "event": self.event_s,
            "heard": self.heard_s,
            "at": self.at_s,
            "silent": self.silent,
            "restart": self.restart_s,
            "intervals": list(self.intervals_s),
            "repeated": self.repeated,
        }

    def observe(
        self, stamp_s: float | None, counter: int | None, now_s: float, listening_s: float
    ) -> tuple[SensorState, Placement, float]:
        """The state after a message, its place among the others, and its event time, seconds since 1970.

        A duplicate tells nothing new where its counter says so; only a new message is a sign of life, for a late one
        may have lain at the broker for long.

        Args:
            stamp_s: the sensor's own time, seconds since 1970, or None.
            counter: its own counter, or None.
            now_s: box time, seconds since 1970.
            listening_s: listening time, seconds.
        """
        sequence, placement = self.sequence, Placement.NEW
        if counter is not None:
            is_newer = None
            if stamp_s is not None and self.clock.newest_s is not None:
                is_newer = stamp_s > self.clock.newest_s
            sequence, placement = sequence.place(counter, newer=is_newer)
        if placement is Placement.DUPLICATE and counter is not None and stamp_s is None:
            if not self._counts_anew(counter, listening_s):
                return replace(self, repeated=(counter, listening_s)), placement, now_s
            sequence, placement = replace(self.sequence.restarted(), highest=counter, seen=1), Placement.NEW
        if placement is Placement.DUPLICATE:
            return self, placement, now_s
        # a stamp of the future is capped by its arrival, so that its event time alone does not say that it is the same
        is_same_stamp = stamp_s is not None and stamp_s == self.clock.newest_s
        clock, event_s = self.clock.read(stamp_s, now_s)
        if counter is None and is_same_stamp and self.event_s is not None:
            placement = Placement.DUPLICATE
        elif counter is None and stamp_s is not None and self.event_s is not None and event_s <= self.event_s:
            placement = Placement.LATE if event_s < self.event_s else Placement.DUPLICATE
        state = replace(self, clock=clock, sequence=sequence)
        if placement is Placement.NEW:
            intervals_s = self.intervals_s
            if self.event_s is not None:
                intervals_s = (*intervals_s, round(max(0.0, listening_s - self.heard_s), 1))[-_INTERVALS:]
            state = replace(state, event_s=event_s, heard_s=listening_s, at_s=now_s, silent=None)
            state = replace(state, intervals_s=intervals_s, repeated=None)
        return state, placement, event_s

    def _counts_anew(self, counter: int, listening_s: float) -> bool:
        """Whether a message that seems to come again goes on from another such at a pace of its own.

        What a broker sends again comes at once; a sensor whose battery was changed begins at 0 and goes on as ever.
        """
        if self.repeated is None:
            return False
        before, at_s = self.repeated
        return counter == before + 1 and listening_s - at_s >= _OWN_PACE_S

    def restarted(self, stamp_s: float | None) -> SensorState:
        """The state once it counts anew; a restart that came before, by its stamp, changes nothing."""
        if stamp_s is not None and self.restart_s is not None and stamp_s <= self.restart_s:
            return self
        return replace(self, sequence=self.sequence.restarted(), restart_s=stamp_s)


def _seconds(stored: Any) -> float | None:
    return None if stored is None else float(stored)


def _repeated(stored: Any) -> tuple[int, float] | None:
    if stored is None:
        return None
    counter, at_s = stored
    return int(counter), float(at_s)
