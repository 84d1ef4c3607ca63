"""Alarms held against the truth: each right one once, none else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from edgecv.incidents.alarm import Alarm
from edgecv.simulation.devices.device_trace import Expected


@dataclass(frozen=True, slots=True)
class Score:
    """What came of a day.

    Attributes:
        found: right alarms that were raised exactly once.
        missed: right ones that were not.
        repeated: alarms for what had one already.
        false: alarms for nothing.
        wrong_end: right ones that ended though they last, or last though they ended.
    """

    found: tuple[Expected, ...]
    missed: tuple[Expected, ...]
    repeated: tuple[Alarm, ...]
    false: tuple[Alarm, ...]
    wrong_end: tuple[Alarm, ...]

    @property
    def perfect(self) -> bool:
        """Every alarm once, none false."""
        return not (self.missed or self.repeated or self.false or self.wrong_end)

    def line(self) -> str:
        """In words."""
        return (
            f"{len(self.found)} of {len(self.found) + len(self.missed)} alarms raised once, {len(self.repeated)} more "
            f"than once, {len(self.false)} false, {len(self.wrong_end)} with a wrong end"
        )


def score(alarms: Iterable[Alarm], truth: Sequence[Expected]) -> Score:
    """Hold a day's alarms, candidates included, against its truth."""
    open_ones: list[Expected | None] = list(truth)
    detected: list[Expected] = []
    repeated: list[Alarm] = []
    false: list[Alarm] = []
    wrong_end: list[Alarm] = []
    for alarm in sorted(alarms, key=lambda alarm: alarm.started_at):
        fits = [index for index, expected in enumerate(truth) if _fits(alarm, expected)]
        free = [index for index in fits if open_ones[index] is not None]
        if free:
            nearest = min(free, key=lambda index: abs(_start_s(alarm) - truth[index].started_s))
            open_ones[nearest] = None
            detected.append(truth[nearest])
            if truth[nearest].ended is not None and truth[nearest].ended != (alarm.ended_at is not None):
                wrong_end.append(alarm)
        else:
            (repeated if fits else false).append(alarm)
    missed = tuple(expected for expected in open_ones if expected is not None)
    return Score(tuple(detected), missed, tuple(repeated), tuple(false), tuple(wrong_end))


def _start_s(alarm: Alarm) -> float:
    return datetime.fromisoformat(alarm.started_at).timestamp()


def _fits(alarm: Alarm, expected: Expected) -> bool:
    same = alarm.kind == expected.kind and alarm.subject == expected.subject
    planned = (alarm.tier == "candidate") == expected.planned
    return same and planned and abs(_start_s(alarm) - expected.started_s) <= expected.slack_s
