"""How long, how many and how large the values of a record may be: types for its models.

A record is read by consoles, reports and other people's programs: none of them should meet a number that it cannot
format or a text that it cannot show. Every limit is far beyond what a box writes.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

LARGEST = 1e15
"""Of a number: a fit that explains nothing has a χ² of millions, a window behind the camera is at no pixel near, and no
sensor's quantity comes near; squares of it are still finite."""
ROUNDING = 1e-6
"""A sum of probabilities exceeds 1 by so much at most."""
LOWEST_FLOOR, HIGHEST_FLOOR = -100, 1000
TRACK_POINTS = 20_000
"""Thirteen minutes at 25 pictures a second."""
LONGEST_S = 3600.0
"""Of a track: nothing falls for an hour; whoever draws it takes a step for each moment."""
CANDIDATES = 10_000
"""Windows of one facade; a tower of 100 floors has 5,000."""
LIGHT_POINTS = 60
"""Sums of light that a record holds: as many as a plot shows apart."""
ENTRIES = 100
"""Of every other list: reasons, things, models."""

Name = Annotated[str, Field(max_length=256)]
"""What somebody called a thing, a file or a place."""
Sentence = Annotated[str, Field(max_length=4000)]
"""What is told to people; also an address."""
Real = Annotated[float, Field(ge=-LARGEST, le=LARGEST, allow_inf_nan=False)]
MediaTime = Annotated[float, Field(ge=-1e9, le=1e9, allow_inf_nan=False)]
"""Seconds from the first picture; a stream that runs for 30 years reaches the end of it."""
Pixel = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]
"""Of a sighting, which is in the picture."""
Count = Annotated[int, Field(ge=0, le=10**9)]
Probability = Annotated[float, Field(ge=0.0, le=1.0 + ROUNDING, allow_inf_nan=False)]
Floor = Annotated[int, Field(ge=LOWEST_FLOOR, le=HIGHEST_FLOOR)]
Probabilities = Annotated[dict[Name, Probability], Field(max_length=ENTRIES)]
