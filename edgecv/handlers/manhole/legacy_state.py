"""Covers as they were stored until 0.2: under one key for each part, some of them lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from edgecv.handlers.handler_context import HandlerContext
from edgecv.handlers.manhole.cover_state import CoverState, PlannedAlarm, ShockSeries
from edgecv.handlers.manhole.position import Position
from edgecv.handlers.thresholds import LimitState


def _planned(stored: Any) -> PlannedAlarm | None:
    if stored is None:
        return None
    alarm, by = stored
    return PlannedAlarm(str(alarm), str(by))


def _shock(stored: Any) -> ShockSeries | None:
    if stored is None:
        return None
    first_s, last_s, alarm = stored
    return ShockSeries(float(first_s), float(last_s), str(alarm))


def _home(stored: Any) -> Position | None:
    if stored is None:
        return None
    latitude, longitude = stored
    return Position(float(latitude), float(longitude))


def _stolen(stored: Any) -> str | None:
    return None if stored is None else str(stored)


_PARTS: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "stolen/{}": ("stolen", _stolen),
    "planned/{}": ("planned", _planned),
    "home/{}": ("home", _home),
    "shock/{}": ("shock", _shock),
    "level/{}/moved": ("displaced", LimitState.from_stored),
    "level/{}/place": ("away", LimitState.from_stored),
    "level/{}/loop": ("loop", LimitState.from_stored),
    "level/{}/sensor": ("sensor", LimitState.from_stored),
    "level/{}/water": ("water", LimitState.from_stored),
    "level/{}/gas": ("gas", LimitState.from_stored),
    "level/{}/battery": ("battery", LimitState.from_stored),
}
"""By key of the cover: the field of its state, and what reads it."""
_KINDS = ("stolen", "planned", "home", "shock", "level", "open")


def adopt_legacy_covers(context: HandlerContext) -> None:
    """Store every cover of an older version in the form of this one, and remove its old keys."""
    keys = [key for key, _ in context.items() if key.partition("/")[0] in _KINDS]
    covers: dict[str, None] = {}
    for key in keys:
        kind, _, name = key.partition("/")
        covers[name.rpartition("/")[0] if kind == "level" else name] = None
    for cover in covers:
        parts = {field: context.restore(pattern.format(cover), read) for pattern, (field, read) in _PARTS.items()}
        context.put(f"cover/{cover}", CoverState(**parts).to_stored())
    for key in keys:
        context.put(key, None)
