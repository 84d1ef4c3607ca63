"""How a cover's state changes with a report of its sensor, and with time: pure functions, without clock or database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from edgecv.handlers.manhole.cover_events import CountInput, CoverEvent, CoverIdentity, RaiseAlarm, UpdateAlarm
from edgecv.handlers.manhole.cover_rules import CoverRules
from edgecv.handlers.manhole.cover_state import CoverState, PlannedAlarm, ShockSeries
from edgecv.handlers.manhole.maintenance_window import Window, window_at
from edgecv.handlers.manhole.payload_codecs import Readings
from edgecv.handlers.manhole.position import Position
from edgecv.handlers.manhole.silence import Silence
from edgecv.handlers.thresholds import Limit, LimitState
from edgecv.handlers.timestamps import stamp
from edgecv.messages import covers

Transition = tuple[CoverState, tuple[CoverEvent, ...]]
Cause = Literal["shock", "loop", "sensor", "unmeasured"]
_DAMAGE = {
    "shock": covers.STRUCK,
    "loop": covers.LOOP_BROKEN,
    "sensor": covers.SENSOR_FAILS,
    "unmeasured": covers.UNMEASURED,
}
_LEVELS = (
    ("water_cm", "water", covers.WATER),
    ("gas_percent", "gas", covers.GAS),
    ("battery_percent", "battery", covers.BATTERY),
    ("battery_v", "battery", covers.BATTERY_VOLTS),
)
"""Reading, limit and sentence."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a cover's sensor says.

    Attributes:
        readings: by name.
        event_s: when, seconds since 1970.
        is_newest: whether no newer report is known.
    """

    readings: Readings
    event_s: float
    is_newest: bool = True


def take_report(
    state: CoverState, report: Report, cover: CoverIdentity, rules: CoverRules, windows: Sequence[Window]
) -> Transition:
    """The state after a report: shocks count whenever they were, everything else only where it is the newest.

    Args:
        state: before.
        report: what the sensor says.
        cover: which cover.
        rules: the limits.
        windows: of maintenance, those of this cover.
    """
    step = _Step(state, cover, rules, windows)
    readings, at_s = report.readings, report.event_s
    if readings.get("shock", 0.0) >= rules.settings.shock_g:
        step.take_shock(readings["shock"], at_s)
    if not report.is_newest:
        return step.result()
    if "open" in readings or "tilt_deg" in readings:
        tilt_deg = readings.get("tilt_deg")
        is_tilted = tilt_deg is not None and abs(tilt_deg) > rules.settings.tilt_deg
        step.take_displacement(readings.get("open", 0.0) > 0.0 or is_tilted, tilt_deg, at_s)
    if "loop_broken" in readings:
        step.take_fault("loop", readings["loop_broken"] > 0.0, at_s)
    if "fault" in readings:
        step.take_fault("sensor", readings["fault"] > 0.0, at_s)
    if "latitude" in readings and "longitude" in readings:
        step.take_position(Position(readings["latitude"], readings["longitude"]), at_s)
    if "unmeasured" in readings:
        step.take_fault("unmeasured", readings["unmeasured"] > 0.0, at_s)
    if "leak" in readings:
        step.take_water("leak", rules.leak, readings["leak"], covers.LEAK(name=cover.name), at_s)
    if "too_near" in readings:
        step.take_water("too_near", rules.too_near, readings["too_near"], covers.TOO_NEAR(name=cover.name), at_s)
    step.take_levels(readings, at_s)
    return step.result()


def let_time_pass(
    state: CoverState,
    now_s: float,
    silence: Silence,
    cover: CoverIdentity,
    rules: CoverRules,
    windows: Sequence[Window],
) -> Transition:
    """What time alone makes of a cover that is off its frame: an alarm, left open after work, or stolen.

    Args:
        state: before.
        now_s: box time, seconds since 1970.
        silence: of its sensor.
        cover: which cover.
        rules: the limits.
        windows: of maintenance, those of this cover.
    """
    step = _Step(state, cover, rules, windows)
    since_s = state.displaced.since_s
    if since_s is not None:
        settings = rules.settings
        if settings.reports_changes and state.displaced.alarm is None and silence.for_s >= settings.debounce_s:
            step.raise_displaced(since_s, None)
        step.check_left_open(since_s, now_s)
        if silence.for_s >= silence.stolen_after_s(settings) and not step.is_at_work(now_s):
            step.raise_stolen(since_s, covers.OPEN_THEN_SILENT(), f"silent {stamp(now_s - silence.for_s)}")
    return step.result()


class _Step:
    """One transition under way: each method replaces the state and appends events."""

    def __init__(self, state: CoverState, cover: CoverIdentity, rules: CoverRules, windows: Sequence[Window]) -> None:
        self._state = state
        self._cover = cover
        self._rules = rules
        self._windows = windows
        self._events: list[CoverEvent] = []
        self._gap_s = rules.settings.silent_after_s

    def result(self) -> Transition:
        """State and events."""
        return self._state, tuple(self._events)

    def is_at_work(self, at_s: float) -> bool:
        """Whether a crew has a window for this very cover: nothing less excuses a cover that is gone."""
        return window_at(self._windows, at_s, by_name=True) is not None

    def take_shock(self, shock_g: float, at_s: float) -> None:
        """Shocks close in time are one alarm, in whatever order they come to be known."""
        series, quiet_s = self._state.shock, self._rules.settings.quiet_s
        if series is not None and series.first_s - quiet_s <= at_s <= series.last_s + quiet_s:
            series = replace(series, first_s=min(series.first_s, at_s), last_s=max(series.last_s, at_s))
        elif series is not None and at_s < series.first_s:
            self._events.append(CountInput("late"))  # of an alarm before the last, which was raised in its time
        else:
            series = ShockSeries(at_s, at_s, self._raise_damaged("shock", at_s, round(shock_g, 2), ended_s=at_s))
        self._state = replace(self._state, shock=series)

    def take_displacement(self, is_off: bool, tilt_deg: float | None, at_s: float) -> None:
        """It is off its frame, or lies in it."""
        before = self._state.displaced
        after, change = before.step(self._rules.displaced, is_off, at_s, self._gap_s)
        self._state = replace(self._state, displaced=after)
        if change == "raised" and after.since_s is not None:
            self.raise_displaced(after.since_s, tilt_deg)
        elif before.since_s is not None and after.since_s is None:
            self._close(before, at_s)

    def raise_displaced(self, since_s: float, tilt_deg: float | None) -> None:
        """It was moved; in planned work that is recorded, and watched until the work is over."""
        name, window = self._cover.name, window_at(self._windows, since_s)
        text = covers.MOVED(name=name) if window is None else covers.MOVED_IN_WORK(name=name, by=window.by)
        details = {
            "cover": self._cover.id,
            "tilt_deg": None if tilt_deg is None else round(tilt_deg, 1),
            "planned_by": None if window is None else window.by,
            "left_open": False,
        }
        alarm = self._raise("manhole_moved", since_s, text, details, window=window)
        if window is not None:
            self._state = replace(self._state, planned=PlannedAlarm(alarm, window.by))
        self._state = replace(self._state, displaced=replace(self._state.displaced, alarm=alarm))

    def check_left_open(self, since_s: float, now_s: float) -> None:
        """A cover that was opened in planned work must be closed when the work is over."""
        planned = self._state.planned
        if planned is None or window_at(self._windows, now_s) is not None:
            return
        window = window_at(self._windows, since_s)
        left_s = now_s if window is None else window.to_s
        details = {"cover": self._cover.id, "tilt_deg": None, "planned_by": planned.by, "left_open": True}
        text = covers.LEFT_OPEN(name=self._cover.name, by=planned.by)
        content = f"left open {stamp(left_s)}"  # a cover may be opened at the very end of the work
        alarm = self._raise("manhole_moved", left_s, text, details, content=content)
        self._events.append(UpdateAlarm(planned.alarm, ended_s=left_s))
        displaced = replace(self._state.displaced, alarm=alarm, good_s=None)
        self._state = replace(self._state, planned=None, displaced=displaced)

    def raise_stolen(self, since_s: float, reason: str, content: str, moved_m: float | None = None) -> None:
        """It is gone; one theft is one alarm.

        Heard again in its place and then silent once more it is another, though it is open since the same moment.
        """
        if self._state.stolen is not None:
            return
        moved = None if moved_m is None else round(moved_m)
        details = {"cover": self._cover.id, "why": str(reason), "moved_m": moved}
        text = covers.STOLEN(name=self._cover.name, why=reason)
        alarm = self._raise("manhole_stolen", since_s, text, details, content=content)
        self._state = replace(self._state, stolen=alarm)

    def take_fault(self, cause: Literal["loop", "sensor", "unmeasured"], is_broken: bool, at_s: float) -> None:
        """Its loop or its sensor works, or does not."""
        before: LimitState = getattr(self._state, cause)
        limit = self._rules.unmeasured if cause == "unmeasured" else self._rules.displaced
        after, change = before.step(limit, is_broken, at_s, self._gap_s)
        if change == "raised" and after.since_s is not None:
            after = replace(after, alarm=self._raise_damaged(cause, after.since_s, None))
        elif change == "cleared" and before.alarm is not None:
            self._events.append(UpdateAlarm(before.alarm, ended_s=at_s))
        self._set_limit(cause, after)

    def take_position(self, position: Position, at_s: float) -> None:
        """Where it is; its first position is its home where the box file gives none."""
        home = self._cover.position or self._state.home
        if home is None:
            home = position
            self._state = replace(self._state, home=home)
        away_m = home.distance_m(position)
        before = self._state.away
        after, change = before.step(self._rules.away, away_m > self._rules.settings.stolen_m, at_s, self._gap_s)
        if change == "raised" and after.since_s is not None and not self.is_at_work(at_s):
            self.raise_stolen(after.since_s, covers.CARRIED_AWAY(), f"carried away {stamp(after.since_s)}", away_m)
            after = replace(after, alarm=self._state.stolen)
        elif change == "cleared" and before.alarm is not None:
            self._events.append(UpdateAlarm(before.alarm, covers.IN_PLACE(name=self._cover.name), ended_s=at_s))
            self._state = replace(self._state, stolen=None)
        self._state = replace(self._state, away=after)

    def take_levels(self, readings: Readings, at_s: float) -> None:
        """Water, gas and battery."""
        for reading, name, text in _LEVELS:
            limit = self._rules.levels.get(reading)
            if limit is not None and reading in readings:
                value = readings[reading]
                self._take_level(name, limit, value, at_s, text(name=self._cover.name, value=value))

    def take_water(
        self, name: Literal["leak", "too_near"], limit: Limit, reading: float, text: str, at_s: float
    ) -> None:
        """Water where a sensor tells only whether there is any, or that it is too near to be measured."""
        self._take_level(name, limit, 1.0 if reading > 0.0 else 0.0, at_s, text, "manhole_water")

    def _take_level(
        self, name: str, limit: Limit, value: float, at_s: float, text: str, kind: str | None = None
    ) -> None:
        before: LimitState = getattr(self._state, name)
        after, change = before.step(limit, value, at_s, self._gap_s)
        if change == "raised" and after.since_s is not None:
            details = {"cover": self._cover.id, "value": value, "worst": after.worst, "limit": limit.in_words()}
            content = f"{self._cover.id}/{name} {stamp(after.since_s)}"
            after = replace(
                after, alarm=self._raise(kind or f"manhole_{name}", after.since_s, text, details, content=content)
            )
        elif change == "cleared" and before.alarm is not None:
            self._events.append(UpdateAlarm(before.alarm, ended_s=at_s, details={"worst": before.worst}))
        self._set_limit(name, after)

    def _close(self, displaced: LimitState, at_s: float) -> None:
        """It lies in its frame again: every alarm of its absence ends."""
        for alarm in (displaced.alarm, self._state.stolen):
            if alarm is not None:
                self._events.append(UpdateAlarm(alarm, covers.IN_PLACE(name=self._cover.name), ended_s=at_s))
        planned = self._state.planned
        if planned is not None and planned.alarm != displaced.alarm:
            self._events.append(UpdateAlarm(planned.alarm, ended_s=at_s))
        self._state = replace(self._state, stolen=None, planned=None)

    def _raise_damaged(self, cause: Cause, at_s: float, shock_g: float | None, ended_s: float | None = None) -> str:
        window = window_at(self._windows, at_s)
        details = {
            "cover": self._cover.id,
            "cause": cause,
            "shock_g": shock_g,
            "planned_by": None if window is None else window.by,
        }
        content = f"{cause} {stamp(at_s)}"
        text = _DAMAGE[cause](name=self._cover.name)
        return self._raise("manhole_damaged", at_s, text, details, window=window, ended_s=ended_s, content=content)

    def _raise(
        self,
        kind: str,
        started_s: float,
        text: str,
        details: Mapping[str, object],
        *,
        window: Window | None = None,
        ended_s: float | None = None,
        content: str | None = None,
    ) -> str:
        alarm = self._cover.alarm_id(kind, started_s, content)
        self._events.append(RaiseAlarm(alarm, kind, started_s, text, details, window, ended_s, content))
        return alarm

    def _set_limit(self, name: str, limit: LimitState) -> None:
        self._state = replace(self._state, **{name: limit})  # type: ignore[arg-type]
