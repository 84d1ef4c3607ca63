"""Words for what records hold. ``N_`` marks what is translated where it is shown."""

from __future__ import annotations

from edgecv.console.accounts.roles import Role
from edgecv.console.cases.machine import State


def N_(text: str) -> str:  # noqa: N802 - the name every gettext tool knows
    """Mark a text for translation."""
    return text


STATES = {
    State.NEW: N_("New"),
    State.CONFIRMED: N_("Confirmed"),
    State.FALSE_ALARM: N_("False alarm"),
    State.ASSIGNED: N_("Assigned"),
    State.INVESTIGATED: N_("Investigated"),
    State.CLOSED: N_("Closed"),
}
CLASSES = {
    "heavy": N_("Heavy"),
    "medium": N_("Medium"),
    "light": N_("Light"),
    "undetermined": N_("Weight unknown"),
}
DEVICE_STATES = {
    "online": N_("Watching"),
    "degraded": N_("Watching, with problems"),
    "offline": N_("No picture"),
    "finished": N_("The recording is over"),
}
"""Of cameras and boxes; one that is not here is shown as it is."""
KINDS = {"thrown_object": N_("Thrown object")}
"""Of incidents; one that is not here is shown by its name."""
ROLES = {
    Role.VIEWER: N_("Viewer"),
    Role.OFFICIAL: N_("Official"),
    Role.WORKER: N_("Worker"),
    Role.ADMIN: N_("Administrator"),
}


def kind_words(kind: str) -> str:
    """A kind of incident, in English."""
    return KINDS.get(kind, kind.replace("_", " ").capitalize())


def percent(p: float | None) -> str:
    """A probability, never rounded to a certainty."""
    if p is None:
        return ""
    return "> 99 %" if p > 0.995 else "< 1 %" if p < 0.005 else f"{100 * p:.0f} %"
