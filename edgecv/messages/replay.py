"""What a replay of a bundle's clip says."""

from __future__ import annotations

from edgecv.messages.message import declare
from edgecv.messages.params import COUNT, MESSAGE, TEXT, number

OTHER_VERSION = declare(
    "replay.other_version", "recorded by edgecv %(version)s, replayed by %(other)s", version=TEXT, other=TEXT
)
NO_SET_UP = declare(
    "replay.no_set_up",
    "there is no %(file)s with the camera's calibration: floor and mass were not compared",
    file=TEXT,
)
OTHER_SIZE = declare(
    "replay.other_size", "its pictures of %(size)s do not fit the calibration, which was not used", size=TEXT
)
NOTHING = declare("replay.nothing", "the replayed clip shows no incident at the record's time")
OTHER_TIER = declare(
    "replay.other_tier",
    "the replayed clip alone makes it a %(tier)s, the record a %(other)s",
    tier=TEXT,
    other=TEXT,
)
SEEN_LESS = declare(
    "replay.seen_less",
    "the replayed clip shows the object at %(seen)s of the record's %(count)s sightings",
    seen=COUNT,
    count=COUNT,
)
OTHER_TRACK = declare(
    "replay.other_track", "the replayed track lies %(distance)s px from the record's", distance=number(".1f")
)
FLOOR_NOT_RECORDED = declare(
    "replay.floor_not_recorded", "the replayed clip names floor %(floor)s, the record none", floor=COUNT
)
NO_FLOOR = declare(
    "replay.no_floor",
    "the replayed clip names no floor, the record floor %(floor)s (to which the replay gives %(p)s)",
    floor=COUNT,
    p=TEXT,
)
OTHER_FLOOR = declare(
    "replay.other_floor",
    "the replayed clip names floor %(other)s, the record floor %(floor)s (to which the replay gives %(p)s)",
    other=COUNT,
    floor=COUNT,
    p=TEXT,
)
OTHER_MASS = declare(
    "replay.other_mass", "the replayed clip gives the mass as %(mass)s, the record as %(other)s", mass=TEXT, other=TEXT
)
SECOND_LOOK = declare("replay.second_look", "a second look: %(why)s", why=MESSAGE)
BORNE_OUT = declare(
    "replay.borne_out",
    "%(why)s, but a second look bears the record out at %(seen)s of its %(count)s sightings",
    why=MESSAGE,
    seen=COUNT,
    count=COUNT,
)
MOVING_LESS = declare(
    "replay.moving_less",
    "the clip shows something moving at %(seen)s of the record's %(count)s sightings",
    seen=COUNT,
    count=COUNT,
)
NO_FALL = declare("replay.no_fall", "what the clip shows at the record's sightings is no fall")
IMPOSSIBLE = declare("replay.impossible", "cannot be replayed: %(why)s", why=MESSAGE)
NO_CLIP = declare(
    "replay.no_clip", "%(folder)s: the record's clip is none of %(files)s; no box writes that", folder=TEXT, files=TEXT
)
NO_CLIP_HERE = declare("replay.no_clip_here", "the record's clip is none of %(files)s; no box writes that", files=TEXT)
TOO_LONG = declare(
    "replay.too_long", "%(file)s: is longer than any clip that a box cuts (%(time)s s)", file=TEXT, time=number("g")
)

# in the console's confined process
FAILED = declare("replay.failed", "the replay failed; the log has more")
DAMAGED = declare("replay.damaged", "the replay failed: the files are damaged, or need more memory than it may have")
TIMED_OUT = declare("replay.timed_out", "the replay took too long and was ended")
NOT_STARTED = declare("replay.not_started", "the replay cannot be started; the log has more")
TOO_MANY = declare("replay.too_many", "the replay was left out, for too many wait already")
CONSOLE_STOPS = declare("replay.console_stops", "the replay was left out, for the console is being stopped")
