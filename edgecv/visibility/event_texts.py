"""What is said of a change, in one line for people who have never seen the program."""

from __future__ import annotations

from edgecv.visibility.scene_events import Change, ChangeKind

_BEGINS: dict[ChangeKind, str] = {
    "scene_change": "the picture shows another scene than before; look where the camera points and what is before it",
    "covered": "most of the picture has lost its detail; the lens is covered, in dense fog, or its lamp failed",
    "defocused": "the picture is blurred; check the focus and clean the glass",
    "frozen": "no new picture has come; the camera repeats the last one, restart it",
    "night_without_infrared": "the picture is dark and shows nothing; check the infrared lamp",
    "turned": "the camera has turned since its reference picture; point it back or calibrate it again",
}
_ENDS: dict[ChangeKind, str] = {
    "scene_change": "the picture shows the usual scene again",
    "covered": "the picture shows its detail again",
    "defocused": "the picture is sharp again",
    "frozen": "new pictures come again",
    "night_without_infrared": "the picture shows something again",
    "turned": "the camera points where it did at its reference picture",
}


def text_of(change: Change) -> str:
    """One line: what is wrong and what to do, with the number that matters."""
    if change.state == "ends":
        return _ENDS[change.kind]
    return _BEGINS[change.kind] + _number(change)


def _number(change: Change) -> str:
    found = change.measures
    if change.kind == "turned" and "shift_px" in found:
        floors = f", {found['shift_floors']:.2f} of a floor" if "shift_floors" in found else ""
        return f" (by {found['shift_px']:.0f} px{floors})"
    if change.kind == "defocused" and "sharpness" in found:
        return f" (sharpness {found['sharpness']:.0%} of the usual)"
    if change.kind == "night_without_infrared" and "brightness" in found:
        return f" (brightness {found['brightness']:.0f} of 255)"
    return ""
