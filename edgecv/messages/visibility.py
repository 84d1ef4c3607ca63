"""How well a camera sees: what begins and ends to be wrong, blind minutes, the daily test."""

from __future__ import annotations

from edgecv.messages.message import declare
from edgecv.messages.params import COUNT, listed, number

OTHER_SCENE = declare(
    "visibility.other_scene",
    "the picture shows another scene than before; look where the camera points and what is before it",
)
COVERED = declare(
    "visibility.covered",
    "most of the picture has lost its detail; the lens is covered, in dense fog, or its lamp failed",
)
DEFOCUSED = declare("visibility.defocused", "the picture is blurred; check the focus and clean the glass")
DEFOCUSED_BY = declare(
    "visibility.defocused_by",
    "the picture is blurred; check the focus and clean the glass (sharpness %(share)s of the usual)",
    share=number(".0%"),
)
FROZEN = declare("visibility.frozen", "no new picture has come; the camera repeats the last one, restart it")
DARK = declare("visibility.dark", "the picture is dark and shows nothing; check the infrared lamp")
DARK_BY = declare(
    "visibility.dark_by",
    "the picture is dark and shows nothing; check the infrared lamp (brightness %(brightness)s of 255)",
    brightness=number(".0f"),
)
TURNED = declare(
    "visibility.turned",
    "the camera has turned since its reference picture; point it back or calibrate it again",
)
TURNED_BY = declare(
    "visibility.turned_by",
    "the camera has turned since its reference picture; point it back or calibrate it again (by %(shift)s px)",
    shift=number(".0f"),
)
TURNED_BY_FLOORS = declare(
    "visibility.turned_by_floors",
    "the camera has turned since its reference picture; point it back or calibrate it again "
    "(by %(shift)s px, %(floors)s of a floor)",
    shift=number(".0f"),
    floors=number(".2f"),
)
USUAL_SCENE = declare("visibility.usual_scene", "the picture shows the usual scene again")
UNCOVERED = declare("visibility.uncovered", "the picture shows its detail again")
SHARP = declare("visibility.sharp", "the picture is sharp again")
MOVING = declare("visibility.moving", "new pictures come again")
LIT = declare("visibility.lit", "the picture shows something again")
TURNED_BACK = declare("visibility.turned_back", "the camera points where it did at its reference picture")

# in a state, as long as it lasts
IS_OTHER_SCENE = declare("visibility.is_other_scene", "scene change")
IS_COVERED = declare("visibility.is_covered", "covered")
IS_DEFOCUSED = declare("visibility.is_defocused", "defocused")
IS_FROZEN = declare("visibility.is_frozen", "frozen")
IS_DARK = declare("visibility.is_dark", "night without infrared")
IS_TURNED = declare("visibility.is_turned", "turned")

NOT_BLIND = declare(
    "visibility.not_blind",
    "blind for %(blind)s of %(noted)s minutes",
    blind=number("g"),
    noted=number("g"),
)
BLIND = declare(
    "visibility.blind",
    "blind for %(blind)s of %(noted)s minutes: %(causes)s",
    blind=number("g"),
    noted=number("g"),
    causes=listed(", "),
)
TESTED = declare(
    "visibility.tested",
    "of %(drawn)s falls drawn into copies of the live picture %(share)s were seen",
    drawn=COUNT,
    share=number(".0%"),
)
NOT_TESTED = declare(
    "visibility.not_tested",
    "of %(drawn)s falls drawn into copies of the live picture none could be drawn",
    drawn=COUNT,
)

# why nothing could be seen for some minutes of an hour, by the name of the cause in events and metrics
CAUSES = {
    "night": declare("cause.night", "night %(minutes)s", minutes=number("g")),
    "rain": declare("cause.rain", "rain %(minutes)s", minutes=number("g")),
    "web": declare("cause.web", "web %(minutes)s", minutes=number("g")),
    "defocus": declare("cause.defocus", "defocus %(minutes)s", minutes=number("g")),
    "shake": declare("cause.shake", "shake %(minutes)s", minutes=number("g")),
    "light": declare("cause.light", "light %(minutes)s", minutes=number("g")),
    "learning": declare("cause.learning", "learning %(minutes)s", minutes=number("g")),
    "covered": declare("cause.covered", "covered %(minutes)s", minutes=number("g")),
    "frozen": declare("cause.frozen", "frozen %(minutes)s", minutes=number("g")),
    "moved": declare("cause.moved", "moved %(minutes)s", minutes=number("g")),
    "overload": declare("cause.overload", "overload %(minutes)s", minutes=number("g")),
    "no_picture": declare("cause.no_picture", "no picture %(minutes)s", minutes=number("g")),
}
