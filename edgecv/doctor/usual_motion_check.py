"""Which parts of a camera's picture have usual motion, from the map that the daemon has stored."""

from __future__ import annotations

from pathlib import Path

from edgecv.daemon.motion_map_store import stored_motion_map
from edgecv.doctor.check_result import CheckResult, ok, warning
from edgecv.errors import InputError
from edgecv.motion_map.overview import Overview

_MUCH = 0.3
"""Share of the picture from which a camera looks at a street more than at a facade."""
_A_PART = 0.2
"""Share of a ninth of the picture from which it is named."""
_NINTHS = (
    "upper left", "upper middle", "upper right",
    "left", "middle", "right",
    "lower left", "lower middle", "lower right",
)  # fmt: skip


def usual_motion_findings(where: str, stored: Path) -> list[CheckResult]:
    """What the map says; nothing where the camera has none yet."""
    try:
        motion_map = stored_motion_map(stored)
    except OSError as error:
        return [ok(where, f"its map of usual motion {stored} cannot be read ({error.strerror})")]
    except InputError as error:
        return [warning(where, f"{stored}: {error}", "restart the daemon: it sets the file aside and learns anew")]
    if motion_map is None:
        return []
    overview = Overview.of(motion_map)
    if not overview.cells:
        return [ok(where, f"nothing goes the same way all day in its picture ({overview.watched_h:.0f} h watched)")]
    text = (
        f"things go the same way all day in {max(overview.share, 0.01):.0%} of its picture ({_parts(overview)}), up to "
        f"{overview.rate_per_hour:.0f} times an hour: falls that go with them are kept as candidates"
    )
    if overview.share < _MUCH:
        return [ok(where, text)]
    return [warning(where, text, "point it at the facade rather than at the street, or mask the street")]


def _parts(overview: Overview) -> str:
    shares = overview.shares_of_ninths()
    named = [name for name, share in zip(_NINTHS, shares, strict=True) if share >= _A_PART]
    return ", ".join(named or [_NINTHS[shares.index(max(shares))]])
