"""The alarms of manhole covers, by kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel

from edgecv.handlers.handler import Details


class MovedDetails(Details):
    """It does not lie in its frame; in a planned window only logged."""

    cover: str
    tilt_deg: float | None
    planned_by: str | None
    left_open: bool


class DamagedDetails(Details):
    """It was struck, its loop is broken, or its sensor fails or measures no level."""

    cover: str
    cause: Literal["shock", "loop", "sensor", "unmeasured"]
    shock_g: float | None
    planned_by: str | None


class StolenDetails(Details):
    """It was open and fell silent, or is elsewhere."""

    cover: str
    why: str
    moved_m: float | None


class LevelDetails(Details):
    """Water, gas or battery broke its limit."""

    cover: str
    value: float
    worst: float | None
    limit: str


class SilentDetails(Details):
    """It says nothing."""

    last_event_at: str | None
    limit_s: float


EVENTS: Mapping[str, type[BaseModel]] = {
    "manhole_moved": MovedDetails,
    "manhole_damaged": DamagedDetails,
    "manhole_stolen": StolenDetails,
    "manhole_water": LevelDetails,
    "manhole_gas": LevelDetails,
    "manhole_battery": LevelDetails,
    "manhole_silent": SilentDetails,
}
