"""What is stored of one cover, beside its sensor's clock and counters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from edgecv.handlers.manhole.position import Position
from edgecv.handlers.thresholds import LimitState

UNTOUCHED = LimitState()
"""Of a limit without any reading."""


@dataclass(frozen=True, slots=True)
class PlannedAlarm:
    """A cover was opened in planned work.

    Attributes:
        alarm: the candidate that was recorded.
        by: who works there.
    """

    alarm: str
    by: str


@dataclass(frozen=True, slots=True)
class ShockSeries:
    """Shocks close in time, which are one alarm.

    Attributes:
        first_s: event time of the first, seconds since 1970.
        last_s: of the last.
        alarm: the alarm's id.
    """

    first_s: float
    last_s: float
    alarm: str


@dataclass(frozen=True, slots=True)
class CoverState:
    """One cover.

    Attributes:
        displaced: open or tilted.
        away: far from its position.
        loop: its loop is broken.
        sensor: its sensor fails.
        water: the limit of the water level.
        leak: water at all.
        too_near: something is nearer to the sensor than it can measure.
        unmeasured: its sensor measures no level.
        gas: the limit of combustible gas.
        battery: the limit of the battery.
        home: where it was first seen, where the box file does not say it.
        stolen: the alarm of its theft.
        planned: while it is open in planned work.
        shock: its last series of shocks.
    """

    displaced: LimitState = UNTOUCHED
    away: LimitState = UNTOUCHED
    loop: LimitState = UNTOUCHED
    sensor: LimitState = UNTOUCHED
    water: LimitState = UNTOUCHED
    leak: LimitState = UNTOUCHED
    too_near: LimitState = UNTOUCHED
    unmeasured: LimitState = UNTOUCHED
    gas: LimitState = UNTOUCHED
    battery: LimitState = UNTOUCHED
    home: Position | None = None
    stolen: str | None = None
    planned: PlannedAlarm | None = None
    shock: ShockSeries | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is off its frame, whether or not for long enough for an alarm."""
        return self.displaced.since_s is not None

    @classmethod
    def from_stored(cls, stored: Any) -> CoverState:
        """As ``to_stored`` gave it; a new one for None.

        Raises:
            ValueError, TypeError, KeyError: it is of no such form.
        """
        if stored is None:
            return cls()
        if not isinstance(stored, Mapping) or not isinstance(stored.get("stolen"), str | None):
            raise TypeError("is no cover")
        home, planned, shock = stored.get("home"), stored.get("planned"), stored.get("shock")
        return cls(
            **{name: LimitState.from_stored(stored.get(name)) for name in LIMITS},
            home=None if home is None else Position(float(home["latitude"]), float(home["longitude"])),
            stolen=stored.get("stolen"),
            planned=None if planned is None else PlannedAlarm(str(planned["alarm"]), str(planned["by"])),
            shock=None
            if shock is None
            else ShockSeries(float(shock["first_s"]), float(shock["last_s"]), str(shock["alarm"])),
        )

    def to_stored(self) -> dict[str, Any] | None:
        """As JSON, without what is as new; None where everything is."""
        stored: dict[str, Any] = {
            name: state.to_stored() for name in LIMITS if (state := getattr(self, name)) != UNTOUCHED
        }
        if self.stolen is not None:
            stored["stolen"] = self.stolen
        for name in ("home", "planned", "shock"):
            value = getattr(self, name)
            if value is not None:
                stored[name] = {one.name: getattr(value, one.name) for one in fields(value)}
        return stored or None


LIMITS = ("displaced", "away", "loop", "sensor", "water", "leak", "too_near", "unmeasured", "gas", "battery")
"""The fields that are states of limits."""
