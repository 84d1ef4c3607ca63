"""The usual motion of a box's own camera, for its page: read from the file that the daemon saves."""

from __future__ import annotations

import logging
import math

from edgecv.config import Box
from edgecv.config.state import state_directory
from edgecv.daemon.motion_map_store import motion_map_file, stored_motion_map
from edgecv.errors import InputError
from edgecv.motion_map.overview import Overview

_log = logging.getLogger("edgecv.console")
_PALEST, _STRONGEST = 0.15, 0.6


def usual_motion(box: Box, camera: str) -> Overview | None:
    """Which parts of its picture have usual motion; None where no map is stored, or none that can be read."""
    try:
        motion_map = stored_motion_map(motion_map_file(state_directory(box), camera))
    except (OSError, InputError) as error:
        _log.warning("the map of usual motion of %s cannot be shown: %s", camera, error)
        return None
    return None if motion_map is None else Overview.of(motion_map)


def opacity(rate_per_hour: float) -> float:
    """How strongly a cell is coloured: by the logarithm of its rate, from two to a thousand an hour."""
    strength = math.log(max(rate_per_hour, 2.0) / 2.0) / math.log(500.0)
    return round(_PALEST + (_STRONGEST - _PALEST) * min(1.0, strength), 2)
