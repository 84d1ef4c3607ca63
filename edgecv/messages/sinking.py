"""Why something that sank is a candidate and not an incident."""

from __future__ import annotations

from edgecv.messages.message import declare
from edgecv.messages.params import COUNT, MESSAGE, number

SINKING_HARDLY_BETTER = declare(
    "sinking.hardly_better",
    "a light thing that sinks explains the path only %(ratio)s log units better than %(other)s; %(needed)s are needed",
    ratio=number(".1f"),
    other=MESSAGE,
    needed=number(".3g"),
)
STEADILY = declare("sinking.steadily", "a machine or a light that moves steadily")
TO_AND_FRO = declare("sinking.to_and_fro", "an animal that flies to and fro")
FLYING_PAST = declare("sinking.flying_past", "an animal that flies past")
BY_CHANCE = declare("sinking.by_chance", "unrelated detections")
SANK = declare("sinking.sank", "it was seen to sink %(storeys)s storeys only", storeys=number(".1f"))
ROSE = declare("sinking.rose", "it went up again by %(distance)s m", distance=number(".1f"))
CAME_INTO_PICTURE = declare("sinking.came_into_picture", "it came into the picture from its edge")
BEGAN_ELSEWHERE = declare("sinking.began_elsewhere", "it was first seen beside or above the building")
WAS_ON_ITS_WAY = declare("sinking.was_on_its_way", "it was on its way when the picture could be judged again")
OTHER_SIZE = declare("sinking.other_size", "at the building it would be %(size)s m across", size=number(".2f"))
TOO_SMALL = declare(
    "sinking.too_small", "it is %(size)s pixels across: too few to tell how large it is", size=number(".1f")
)
LIKE_A_LEAF = declare(
    "sinking.like_a_leaf",
    "by its size and speed it may be a leaf or a flake; %(count)s others sank here in the last minutes",
    count=COUNT,
)
