"""What the plot of height over time writes, as gettext knows it."""

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
)
"""What :mod:`edgecv.evidence.height_time_plot` writes, and the axes given to it."""
_BY_ENGLISH = {str(text): text for text in PLOT_TEXTS}


def plot_text(text: str, translate: Callable[[Text], str]) -> str:
    """A text of the plot in another language; one that is not known stays as it is."""
    return translate(_BY_ENGLISH[text]) if text in _BY_ENGLISH else text
