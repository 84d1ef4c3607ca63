"""How heavy an object is and what its blow does, in words."""

from __future__ import annotations

from edgecv.messages.message import declare
from edgecv.messages.params import MESSAGE, TEXT

UNDETERMINED = declare("mass.undetermined", "the path is too short or too slow for drag to show: no class holds 0.6")
ASSUMED = declare(
    "mass.assumed",
    "size, density and drag of everyday things that fall as fast and look as large; air of 1.2 kg/m3",
)
ASSUMED_DRAG = declare(
    "mass.assumed_drag",
    "size by the light it adds to the pictures; drag of everyday things that fall as fast, look as large and are as "
    "bright; air of 1.2 kg/m3",
)
# how bright its surface is in the pictures
BLACK = declare("mass.black", "black")
DARK = declare("mass.dark", "dark")
GREY = declare("mass.grey", "of middling brightness")
BRIGHT = declare("mass.bright", "bright")
WHITE = declare("mass.white", "white or very bright")
LOOKS_LIKE = declare(
    "mass.looks_like",
    "something %(shade)s, about %(size)s, about %(weight)s, such as: %(thing)s",
    shade=MESSAGE,
    size=TEXT,
    weight=TEXT,
    thing=MESSAGE,
)
LOOKS_LIKE_NOTHING = declare(
    "mass.looks_like_nothing",
    "something %(shade)s, about %(size)s, about %(weight)s",
    shade=MESSAGE,
    size=TEXT,
    weight=TEXT,
)
DROP_SIZED = declare("mass.drop_sized", "no larger than a drop of water or a pebble")

# a blow to a head without a helmet
KILLS = declare("hazard.kills", "can kill (79 J or more: a hazardous fragment by DESR 6055.09)")
INJURES_SEVERELY = declare(
    "hazard.injures_severely", "can injure severely (34 J or more: beyond category 3 of 14 CFR 107.130)"
)
INJURES = declare("hazard.injures", "can injure (15 J or more: beyond category 2 of 14 CFR 107.120)")
HARDLY_INJURES = declare(
    "hazard.hardly_injures",
    "hardly injures by its blow (below 15 J: category 2 of 14 CFR 107.120), but may cut or burn",
)
MAY_KILL = declare("hazard.may_kill", "that it can kill is not excluded")
