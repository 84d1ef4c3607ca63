"""The path of a record, and what is drawn of it over pictures and clip."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edgecv.console.evidence.bundle import Bundle
from edgecv.privacy import Sighting, sightings

_HIGHEST_FLOOR = 1000
"""No building comes near it."""
_MOST_PLACES = 1000
"""Candidates that are looked at; a facade of 100 floors with ten windows each has so many."""
Corners = list[list[float]]
"""Pixels, one ``[x, y]`` a corner."""


@dataclass(frozen=True, slots=True)
class Place:
    """A candidate for the origin.

    Attributes:
        floor: number from the ground.
        floor_name: what people call it, or None.
        window: None where only the floor is meant.
        p: probability.
        outline: its frame in the picture; None where it is not known.
    """

    floor: int
    floor_name: str | None
    window: str | None
    p: float
    outline: Corners | None


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is drawn over a picture of the camera.

    Attributes:
        size: width and height of the picture, pixels.
        track: the sightings.
        pixel: the origin, or None.
        likely: the place named, with its frame.
        runner_up: the next likely.
        clip_start_s: media time of the clip's first picture.
    """

    size: tuple[int, int]
    track: list[Sighting]
    pixel: tuple[float, float] | None
    likely: Place | None
    runner_up: Place | None
    clip_start_s: float | None


def places(record: Mapping[str, Any], bundle: Bundle | None = None) -> list[Place]:
    """The candidates, the likeliest first; with frames where the bundle has a calibration."""
    origin = record.get("origin") or {}
    view = None if bundle is None else bundle.view
    places = []
    candidates = origin.get("candidates")
    for candidate in candidates[:_MOST_PLACES] if isinstance(candidates, list) else ():
        try:
            floor, p = int(candidate["floor"]), float(candidate["p"])
        except (TypeError, ValueError, KeyError, OverflowError):
            continue
        if abs(floor) > _HIGHEST_FLOOR or not math.isfinite(p):
            continue
        window, name = candidate.get("window"), candidate.get("floor_name")
        facade = candidate.get("facade") or origin.get("facade")
        outline = None if view is None else view.outline(facade, floor, None if window is None else str(window))
        corners = None if outline is None else [[round(float(x), 1), round(float(y), 1)] for x, y in outline]
        places.append(
            Place(floor, None if name is None else str(name), None if window is None else str(window), p, corners)
        )
    return sorted(places, key=lambda place: -place.p)


def drawing_of(record: Mapping[str, Any], bundle: Bundle | None) -> Drawing | None:
    """What to draw; None where there is no picture to draw it on."""
    if bundle is None or bundle.size is None:
        return None
    origin = record.get("origin") or {}
    listed = places(record, bundle)
    floor, window = origin.get("floor"), origin.get("window")
    floor = floor if isinstance(floor, int) and abs(floor) <= _HIGHEST_FLOOR else None
    likely = next((p for p in listed if p.floor == floor and p.window == window), None)
    if likely is None and floor is not None and window is None:  # the floor alone is named
        same = [p for p in listed if p.floor == floor]
        outline = None if bundle.view is None else bundle.view.outline(origin.get("facade"), int(floor), None)
        corners = None if outline is None else [[float(x), float(y)] for x, y in outline]
        name = origin.get("floor_name")
        likely = Place(int(floor), name, None, min(1.0, sum(p.p for p in same)), corners) if same else None
    alternatives = [p for p in listed if p != likely and not (window is None and p.floor == floor)]
    return Drawing(
        bundle.size,
        sightings(record),
        _pixel(origin),
        likely,
        alternatives[0] if alternatives else None,
        bundle.clip_start_s,
    )


def _pixel(origin: Mapping[str, Any]) -> tuple[float, float] | None:
    try:
        x, y = (float(value) for value in origin.get("pixel") or ())
    except (TypeError, ValueError, OverflowError):
        return None
    return (x, y) if math.isfinite(x) and math.isfinite(y) else None
