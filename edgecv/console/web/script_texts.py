"""Texts that scripts show; handed to them in the page's language."""

from __future__ import annotations

from edgecv.console.web.translatable import N_

CALIBRATION = {
    "point": N_("Point %(n)s"),
    "floor": N_("floor %(floor)s"),
    "window": N_("window %(window)s"),
    "left": N_("left edge"),
    "right": N_("right edge"),
    "metres": N_("%(x)s m along, %(y)s m up"),
    "remove": N_("Remove point %(n)s"),
    "taking": N_("Taking a picture…"),
    "finding": N_("Looking for windows; this takes some seconds…"),
    "found": N_("%(n)s windows found. Do the lines lie on the floors? If they are a floor off, move the grid."),
    "parts": N_("The building has %(n)s parts that stand back or forward; each has a grid of its own."),
    "unlisted": N_("The box file's windows are others, or none: %(names)s were found and are used here."),
    "more": N_("Mark four points or more; better eight, wide apart. Points so far: %(n)s."),
    "saved": N_("Saved as %(file)s. The daemon reads it now; the camera starts anew in a few seconds."),
    "saved_only": N_("Saved as %(file)s. Reload the daemon, for it does not run together with this page."),
    "failed": N_("The console does not answer. Is the network there? Nothing was changed."),
}
MASKS = {
    "mask": N_("Mask %(n)s"),
    "corner": N_("Mask %(mask)s, corner %(n)s"),
    "remove": N_("Remove mask %(n)s"),
    "reason": N_("Why it is not looked at"),
    "taking": CALIBRATION["taking"],
    "few": N_("A mask has three corners or more, and a reason."),
    "saved": N_("Saved. The daemon reads it now; the camera starts anew in a few seconds."),
    "saved_only": N_("Saved. Reload the daemon, for it does not run together with this page."),
    "failed": CALIBRATION["failed"],
}
