"""How the picture is divided, and from when on a motion counts as usual, each number with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

COLUMNS: Final = 32
ROWS: Final = 18
"""Cells of the picture: 60 px at 1080p, a floor of a tower or the width of a lane."""
DIRECTIONS: Final = 8
SPEEDS: Final = 9
"""Octaves of speed in the picture."""
SLOWEST: Final = 2.0**-7
"""Lower end of the first octave, picture heights a second: 8 px/s at 1080p."""

REFERENCE_HEIGHT: Final = 1080.0
"""Light is told as in a picture of this height, so that the numbers below hold for any."""


@dataclass(frozen=True, slots=True)
class MotionMapSettings:
    """Limits of what counts as usual motion."""

    memory_s: float = 2.0 * 86400.0
    """Passages fade over two days: a street keeps its nights, a building site is forgotten within a week."""

    passages: float = 30.0
    """Passages of one cell, faded, from which they are usual: a throw is seen once in months, and a child that throws
    over and over does not do so thirty times in one column at one speed."""

    minutes: float = 10.0
    """Distinct minutes among them: one busy minute, a flock of birds or a parade, teaches nothing."""

    rate_per_hour: float = 2.0
    """Passages an hour: what goes this way fifty times a day is that thing and no throw, of which there are 0.007 a
    camera-day."""

    path_share: float = 0.85
    """Share of a fall's length that must follow usual motion: nearly all. What falls past a facade and crosses a street
    in its last metres follows it in a part only."""

    wide_share: float = 0.25
    """Share of all cells in which one direction and speed of faint things may be usual. Above it the motion is no way
    that things go but weather, and says nothing of a place: rain must not make falls usual along a whole facade."""

    faint_light: float = 4000.0
    """Grey levels times pixels of a picture 1080 high below which that holds: 19 in 20 drops of rain in a yard are
    below it, 19 in 20 vehicles above."""

    spread_sd: float = 2.5
    """Standard deviations of place across the way, and of light, within which a fall is like the passages."""

    least_offset: float = 0.08
    """Least standard deviation of the place across the way, in cells: 5 px at 1080p, as a drip's column wanders."""

    least_light: float = 0.3
    """Least standard deviation of the logarithm of light (area times contrast): clouds change contrast as much."""

    same_object_s: float = 1.0
    """Tracks through one cell in one direction within this time are parts or shadows of one object."""

    max_tracks_hz: int = 8
    """Tracks a second that are counted, the first of each second: a street has fewer, and the hundred of a snowfall
    teach nothing of a place and would cost as much as detecting them."""

    least_way: float = 1.0
    """Net displacement in cells below which a track goes nowhere: leaves, flags, noise."""

    straightness: float = 0.5
    """Net displacement over path length below which a track wanders about and passes nothing."""
