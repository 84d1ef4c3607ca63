"""What the plots of height over time and of light over background write, as gettext knows it."""

from __future__ import annotations

from collections.abc import Callable

from edgecv.console.web.translatable import N_, Text

PLOT_TEXTS = (
    N_("height above the ground (m)"),
    N_("height above the last sighting (m, rough)"),
    N_("nothing to plot"),
    N_("time (s)"),
    N_("seen"),
    N_("fitted fall"),
    N_("gravity alone"),
    N_("90 % band"),
    N_("%s over time"),
    N_("%d sightings from %s s on, with the fitted fall"),
    N_(" and, dashed, a fall under gravity alone"),
    N_("background, 0 black to 1 white"),
    N_("light added (cm² of white)"),
    N_("measured"),
    N_("left out"),
    N_("fitted line"),
    N_("light added over the background"),
    N_("%d places along the path; the fitted line falls by %s cm² from black to white, which is the thing's area"),
)
"""What :mod:`edgecv.evidence.height_time_plot` and :mod:`edgecv.evidence.flux_plot` write, and the height axes."""
_BY_ENGLISH = {str(text): text for text in PLOT_TEXTS}


def plot_text(text: str, translate: Callable[[Text], str]) -> str:
    """A text of the plot in another language; one that is not known stays as it is."""
    return translate(_BY_ENGLISH[text]) if text in _BY_ENGLISH else text
