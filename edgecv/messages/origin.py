"""Why a record names no floor, or no window."""

from __future__ import annotations

from edgecv.messages.message import declare
from edgecv.messages.params import TEXT, number

NO_CALIBRATION = declare("origin.no_calibration", "no calibration: the floor cannot be known from pixels alone")
NO_FACADE = declare("origin.no_facade", "the camera has no facade: floors and windows are not known")
MISSES_FACADE = declare("origin.misses_facade", "the path, carried back, does not meet the facade")
MISSES_FLOORS = declare("origin.misses_floors", "the path, carried back, misses every floor")
BAD_FIT = declare(
    "origin.bad_fit",
    "the path is explained badly (reduced chi-squared %(chi2)s, at most %(most)s): no floor is named",
    chi2=number(".1f"),
    most=number("g"),
)
NO_WINDOW = declare("origin.no_window", "no window holds half of the probability")
ROOF = declare("origin.roof", "it came from the roof, or from above it")
ABOVE_PICTURE = declare("origin.above_picture", "it came from above the picture: floor %(floor)s or higher", floor=TEXT)
TOP_OR_ROOF = declare("origin.top_or_roof", "floor %(floor)s or the roof", floor=TEXT)
OR_HIGHER = declare("origin.or_higher", "floor %(floor)s or higher", floor=TEXT)
NO_FLOOR = declare("origin.no_floor", "no floor holds half of the probability")
NO_FLOOR_LIKELY = declare(
    "origin.no_floor_likely",
    "no floor holds half of the probability, floors %(first)s to %(last)s are likely",
    first=TEXT,
    last=TEXT,
)
NO_FLOOR_LIKELIEST = declare(
    "origin.no_floor_likeliest",
    "no floor holds half of the probability, floor %(floor)s is likeliest",
    floor=TEXT,
)
FROM_EDGE = declare("origin.from_edge", "the object was first seen at the picture's upper edge: it came from above")
NO_FRAME_RATE = declare(
    "origin.no_frame_rate",
    "the recording carries no time stamps and says no frame rate: 25 a second were assumed, "
    "from which neither floor nor weight follow; replay it with the rate of its camera: --fps",
)
