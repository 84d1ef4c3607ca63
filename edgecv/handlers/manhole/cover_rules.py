"""The limits that a cover's state is held against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from edgecv.handlers.manhole.settings import ManholeSettings
from edgecv.handlers.thresholds import Limit

_MOST_VOLTS = 10.0
"""Of a sensor's battery: two lithium cells in series have 7.2 V."""
_UNMEASURED_S = 3 * 3600.0
"""So long a wave, rain or a crew in the shaft may hide the water; sensors speak every 20 minutes to an hour."""


@dataclass(frozen=True, slots=True)
class CoverRules:
    """The box file's settings, as transitions need them.

    Attributes:
        settings: the section.
        displaced: when a cover that is open or tilted is an alarm, and when a broken loop or sensor is.
        away: when a cover that is elsewhere is an alarm.
        leak: when water is, where a sensor tells only whether there is any.
        too_near: when it is an alarm that something is nearer than the sensor can measure.
        unmeasured: and that it measures no level.
    """

    settings: ManholeSettings
    displaced: Limit
    away: Limit
    leak: Limit
    too_near: Limit
    unmeasured: Limit

    @classmethod
    def of(cls, settings: ManholeSettings) -> Self:
        """Those of a section."""
        return cls(
            settings,
            displaced=Limit(equals=True, for_s=settings.debounce_s, back_for_s=settings.debounce_s),
            away=Limit(equals=True, for_s=settings.debounce_s),
            leak=Limit(above=0.5),
            too_near=Limit(above=0.5, for_s=settings.debounce_s),
            unmeasured=Limit(equals=True, for_s=_UNMEASURED_S),
        )

    @property
    def levels(self) -> Mapping[str, Limit]:
        """The limits of measured values, by reading."""
        settings = self.settings
        limits = {
            "water_cm": settings.water,
            "gas_percent": settings.gas,
            "battery_percent": settings.battery,
            "battery_v": settings.battery_v or _of_volts(settings.battery),
        }
        return {name: limit for name, limit in limits.items() if limit is not None}


def _of_volts(limit: Limit | None) -> Limit | None:
    """A limit of a battery where it may be one of volts: one of 15 % is broken by every battery of 3.6 V."""
    if limit is None or max(limit.below or 0.0, limit.above or 0.0) > _MOST_VOLTS:
        return None
    return limit
