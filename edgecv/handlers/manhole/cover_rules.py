"""The limits that a cover's state is held against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from edgecv.handlers.manhole.settings import ManholeSettings
from edgecv.handlers.thresholds import Limit


@dataclass(frozen=True, slots=True)
class CoverRules:
    """The box file's settings, as transitions need them.

    Attributes:
        settings: the section.
        displaced: when a cover that is open or tilted is an alarm, and when a broken loop or sensor is.
        away: when a cover that is elsewhere is an alarm.
    """

    settings: ManholeSettings
    displaced: Limit
    away: Limit

    @classmethod
    def of(cls, settings: ManholeSettings) -> Self:
        """Those of a section."""
        return cls(
            settings,
            displaced=Limit(equals=True, for_s=settings.debounce_s, back_for_s=settings.debounce_s),
            away=Limit(equals=True, for_s=settings.debounce_s),
        )

    @property
    def levels(self) -> Mapping[str, Limit]:
        """The limits of measured values, by name."""
        limits = {"water": self.settings.water, "gas": self.settings.gas, "battery": self.settings.battery}
        return {name: limit for name, limit in limits.items() if limit is not None}
