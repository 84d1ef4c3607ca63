"""Words for what records hold. ``N_`` marks what is translated where it is shown."""

from __future__ import annotations

import math
from collections.abc import Mapping

from edgecv.console.accounts.roles import Role
from edgecv.console.cases.state_machine import State
from edgecv.console.web.translatable import N_, Text

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
LOGIN_FAILURES = {
    "oidc unreachable": N_("The login service does not answer. Try again later, or log in with a password."),
    "oidc untrusted": N_("The login service's answer cannot be trusted. Begin again, or tell an administrator."),
    "oidc refused": N_("The login service did not let you in."),
    "oidc role": N_("You are known there, but have no role here. Ask an administrator."),
    "oidc disabled": N_("Your account is disabled here. Ask an administrator."),
    "oidc begun": N_("The login took too long, or was begun in another browser. Begin again."),
}
"""Of logins elsewhere."""
KINDS = {
    "thrown_object": N_("Thrown object"),
    "manhole_moved": N_("Manhole cover moved"),
    "manhole_damaged": N_("Manhole cover damaged"),
    "manhole_stolen": N_("Manhole cover stolen"),
    "manhole_water": N_("Water in a manhole"),
    "manhole_gas": N_("Gas in a manhole"),
    "manhole_battery": N_("Manhole sensor's battery low"),
    "manhole_silent": N_("Manhole sensor silent"),
    "hygiene_limit": N_("Hygiene limit broken"),
    "hygiene_sensor": N_("Hygiene sensor at fault"),
    "hygiene_silent": N_("Hygiene sensor silent"),
    "hygiene_animal": N_("Small animal in a shop"),
    "report_late": N_("Medical report late"),
    "dose_missed": N_("Dose missed"),
    "dose_doubled": N_("Dose taken twice"),
    "rule_broken": N_("Rule broken"),
    "rule_silent": N_("Sensor silent"),
}
"""Of incidents; one that is not here is shown by its name."""
VERBS = {
    (State.NEW, State.CONFIRMED): N_("Confirm"),
    (State.FALSE_ALARM, State.CONFIRMED): N_("Open again"),
    (State.CLOSED, State.CONFIRMED): N_("Open again"),
    (State.ASSIGNED, State.ASSIGNED): N_("Send somebody else"),
    (State.INVESTIGATED, State.ASSIGNED): N_("Send somebody again"),
}
"""What a change is called where it is more than reaching a state."""
REACHING = {
    State.CONFIRMED: N_("Confirm"),
    State.FALSE_ALARM: N_("False alarm"),
    State.ASSIGNED: N_("Send somebody"),
    State.INVESTIGATED: N_("Report what was found"),
    State.CLOSED: N_("Close the case"),
}
REFUSALS = {
    "missing": N_("There is no such page or incident."),
    "forbidden": N_("You may not do that here."),
    "no_such_change": N_("The case cannot go there from where it is."),
    "note": N_("Write a note: this change must be explained."),
    "assignee": N_("Choose who is sent."),
    "meanwhile": N_("Somebody else changed this case meanwhile. Look at what is new and decide again."),
}
ACCOUNT_REFUSALS = {
    "name": N_("A name has 2 to 64 letters (a to z, or Chinese characters, not both), digits, '.', '-', '_' or '@'."),
    "taken": N_("That name is taken, or looks like one that is; choose another."),
    "unknown": N_("There is no such user here."),
    "self": N_("You cannot do that to your own account; ask another administrator."),
    "shared": N_("They belong to other communities too; only who runs the console can do that."),
    "elsewhere": N_("They log in elsewhere and have no password here."),
    "wrong": N_("The old password is not right."),
    "length": N_("A password has 10 to 256 characters."),
    "twice": N_("The new passwords are not the same."),
    "wait": N_("Too many tries. Wait a quarter of an hour."),
}
ACTIONS = {"view": N_("Looked at"), "export": N_("Downloaded"), "print": N_("Printed")}
RELEASES = {"thrown": N_("Thrown"), "dropped": N_("Dropped"), "blown": N_("Blown off")}
_CODE_CHARS = 100
"""Of a code that is not known: the contract's have 40 at most."""
_LARGE = 1e12
ROLES = {
    Role.VIEWER: N_("Viewer"),
    Role.OFFICIAL: N_("Official"),
    Role.WORKER: N_("Worker"),
    Role.ADMIN: N_("Administrator"),
}


def coded(table: Mapping[str, Text], code: object) -> Text | str:
    """The text of a code; a code that is not in the table is data, and is shown as it is."""
    if isinstance(code, str) and code in table:
        return table[code]
    return str(code)[:_CODE_CHARS]


def kind_words(kind: str) -> Text | str:
    """A kind of incident, in English; one that is not in the table is shown by its name."""
    return KINDS[kind] if kind in KINDS else kind[:_CODE_CHARS].replace("_", " ").capitalize()


def percent(p: float | None) -> str:
    """A probability, never rounded to a certainty; empty for what is none."""
    if p is None or math.isnan(p):
        return ""
    return "> 99 %" if p > 0.995 else "< 1 %" if p < 0.005 else f"{100 * p:.0f} %"


def verb(before: str, after: State) -> Text:
    """What a change of a case is called, in English."""
    return VERBS.get((State(before), after), REACHING[after])


def floor_ranges(floors: list[int]) -> list[tuple[int, int]]:
    """Floors as runs of neighbours: ``[1, 2, 3, 16]`` is ``[(1, 3), (16, 16)]``."""
    runs: list[tuple[int, int]] = []
    for floor in sorted(set(floors)):
        if runs and runs[-1][1] == floor - 1:
            runs[-1] = (runs[-1][0], floor)
        else:
            runs.append((floor, floor))
    return runs


def measured(value: float) -> str:
    """A number with three digits, and no exponent unless it is beyond what anybody measures."""
    if not math.isfinite(value) or abs(value) >= _LARGE:
        return f"{value:.3g}"
    return f"{float(f'{value:.3g}'):.10f}".rstrip("0").rstrip(".") if value else "0"
