"""What is said of a change, in one line for people who have never seen the program."""

from __future__ import annotations

from edgecv.messages import Message
from edgecv.messages import visibility as messages
from edgecv.visibility.scene_events import Change, ChangeKind

_BEGINS = {
    "scene_change": messages.OTHER_SCENE,
    "covered": messages.COVERED,
    "defocused": messages.DEFOCUSED,
    "frozen": messages.FROZEN,
    "night_without_infrared": messages.DARK,
    "turned": messages.TURNED,
}
_ENDS = {
    "scene_change": messages.USUAL_SCENE,
    "covered": messages.UNCOVERED,
    "defocused": messages.SHARP,
    "frozen": messages.MOVING,
    "night_without_infrared": messages.LIT,
    "turned": messages.TURNED_BACK,
}
_LASTS = {
    "scene_change": messages.IS_OTHER_SCENE,
    "covered": messages.IS_COVERED,
    "defocused": messages.IS_DEFOCUSED,
    "frozen": messages.IS_FROZEN,
    "night_without_infrared": messages.IS_DARK,
    "turned": messages.IS_TURNED,
}


def text_of(change: Change) -> Message:
    """One line: what is wrong and what to do, with the number that matters."""
    if change.state == "ends":
        return _ENDS[change.kind]()
    measures = change.measures
    if change.kind == "turned" and "shift_px" in measures:
        if "shift_floors" in measures:
            return messages.TURNED_BY_FLOORS(shift=measures["shift_px"], floors=measures["shift_floors"])
        return messages.TURNED_BY(shift=measures["shift_px"])
    if change.kind == "defocused" and "sharpness" in measures:
        return messages.DEFOCUSED_BY(share=measures["sharpness"])
    if change.kind == "night_without_infrared" and "brightness" in measures:
        return messages.DARK_BY(brightness=measures["brightness"])
    return _BEGINS[change.kind]()


def state_of(kind: ChangeKind) -> Message:
    """In a word or two: what is wrong as long as it lasts."""
    return _LASTS[kind]()
