"""Why something that fell is a candidate and not an incident."""

from __future__ import annotations

from edgecv.messages.message import declare
from edgecv.messages.params import COUNT, MESSAGE, TEXT, number

GRAVITY_HARDLY_BETTER = declare(
    "verdict.gravity_hardly_better",
    "gravity explains the path only %(ratio)s log units better than %(other)s; %(needed)s are needed",
    ratio=number(".1f"),
    other=MESSAGE,
    needed=number(".3g"),
)
STEADY_MOTION = declare("verdict.steady_motion", "steady motion")
STEADY_IN_SPACE = declare("verdict.steady_in_space", "steady motion in space")
WANDERING_MOTION = declare("verdict.wandering_motion", "wandering motion")
CHANCE = declare("verdict.chance", "chance")
CHANCE_PATH = declare(
    "verdict.chance_path", "chance detections could make such a path (log ratio %(ratio)s)", ratio=number(".0f")
)
NO_FALL_FITS = declare(
    "verdict.no_fall_fits", "no fall fits the path (reduced chi-squared %(chi2)s)", chi2=number(".1f")
)
SEEN_BRIEFLY = declare("verdict.seen_briefly", "seen for %(time)s s only", time=number(".2f"))
SEEN_SELDOM = declare("verdict.seen_seldom", "seen %(count)s times only", count=COUNT)
LIKE_A_LIFT = declare(
    "verdict.like_a_lift",
    "it set off as gently as a lift, which explains the path as well (log ratio %(ratio)s)",
    ratio=number(".1f"),
)
SLOWED_DOWN = declare("verdict.slowed_down", "it slowed down by %(speed)s m/s", speed=number(".1f"))
TRAVELLED_BEFORE = declare(
    "verdict.travelled_before", "it travelled %(distance)s m in the second before", distance=number(".1f")
)
FLEW_BEFORE = declare("verdict.flew_before", "it was in steady flight before the fall")
FLEW_AFTER = declare("verdict.flew_after", "it was in steady flight after the fall")
TWO_OBJECTS = declare(
    "verdict.two_objects",
    "among so much else that moves, two things, one after the other, explain the path as well (log ratio %(ratio)s)",
    ratio=number(".1f"),
)
REPEATS = declare(
    "verdict.repeats",
    "%(count)s others fell the very same way in the last minutes, as %(what)s does",
    count=COUNT,
    what=MESSAGE,
)
DRIPPING_WATER = declare("verdict.dripping_water", "dripping water")
MACHINE = declare("verdict.machine", "a machine")
MAY_BE_A_DROP = declare("verdict.may_be_a_drop", "so faint, and as fast, that it may be a drop of water")
DESCENDED = declare("verdict.descended", "it descended %(distance)s m only", distance=number(".1f"))
TOO_WIDE = declare("verdict.too_wide", "if it fell it would be %(size)s m across", size=number(".1f"))
ENTERED_FROM_SIDE = declare(
    "verdict.entered_from_side", "it came in from the side of the picture at speed: nobody saw it leave the building"
)
ABOVE_ROOF = declare(
    "verdict.above_roof", "it was first seen %(distance)s m above the roof of the building", distance=number(".0f")
)
FASTER_THAN_FROM_ROOF = declare(
    "verdict.faster_than_from_roof",
    "it went down at %(speed)s m/s when it was first seen, faster than what is thrown down from the roof",
    speed=number(".0f"),
)
BESIDE_BUILDING = declare(
    "verdict.beside_building",
    "it was first seen %(distance)s m beside the outermost window, farther than a throw",
    distance=number(".0f"),
)
TOO_FAR = declare("verdict.too_far", "if it fell it would be %(distance)s m away", distance=number(".1f"))
LOOKS_LIKE = declare(
    "verdict.looks_like",
    "looks like %(label)s (a throw with probability %(p)s only)",
    label=TEXT,
    p=number(".3f"),
)
USUAL_MOTION = declare(
    "verdict.usual_motion",
    "things go the same way here %(rate)s times an hour, in place, direction, speed and brightness",
    rate=number(".0f"),
)
UNLIKE_A_THROW = declare(
    "verdict.unlike_a_throw",
    "moves as other things do, not as a throw (a throw with probability %(p)s only)",
    p=number(".3f"),
)
PARTNER_DID_NOT_SEE = declare(
    "verdict.partner_did_not_see",
    "camera %(device)s looks at the place where it would have fallen, would have seen it there, and did not",
    device=TEXT,
)
