"""Leaves and flakes sink as paper does. They are smaller, come from anywhere, and seldom alone."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecv.classification.sinking_descent import Descent
from edgecv.classification.sinking_settings import SinkingRules
from edgecv.trajectory.size import Size

Float64 = NDArray[np.float64]
Normal = tuple[float, float]
"""Median, and spread of the logarithm."""
_THING_M: Normal = (0.18, 0.5)
"""Tissue, wrappers and receipts of a decimetre, sheets of paper of 0.25 m, bags of 0.4 m."""
_THING_MPS: Normal = (1.6, 0.45)
"""Terminal velocities of these: 0.7 to 3.5 m/s."""
_LEAF_M: Normal = (0.055, 0.4)
"""Leaves of 3 to 11 cm, as they show while they turn."""
_LEAF_MPS: Normal = (1.3, 0.35)
"""Terminal velocities of leaves: 0.7 to 2.5 m/s."""
_NEARER = np.geomspace(1.0, 10.0, 40)
"""How many times nearer than the facade a leaf may be: as many times larger and faster it seems there."""
_LOG_NEARER = -2.0 * np.log(_NEARER)
"""The view is narrow near the camera: there is the less room in it, the nearer."""


_ALONG, _ACROSS = 0.8, 0.3
"""Spreads of the logarithms of size and speed about those of a stray: another of its kind may be nearer or farther, and
then is larger or smaller and faster or slower by the same factor; across that kinds differ by a third."""


_OFF = np.linspace(-2.0, 2.0, 9)
_LOG_SHARES = -0.5 * np.square(_OFF) - np.logaddexp.reduce(-0.5 * np.square(_OFF))
"""Standard deviations by which a size may be off, and how likely each is."""


@dataclass(frozen=True, slots=True)
class Stray:
    """What sank in the last minutes and did not begin at the building.

    Attributes:
        end_s: media time of its last sighting.
        size_m: apparent diameter, as if it was at the facade.
        sink_mps: speed of descent, as if it was at the facade.
    """

    end_s: float
    size_m: float
    sink_mps: float


class Strays:
    """Remembers what else sank in the last minutes: leaves, flakes, ash, seeds."""

    def __init__(self, rules: SinkingRules) -> None:
        self._rules = rules
        self._strays: deque[tuple[Stray, tuple[float, float], tuple[float, float]]] = deque()
        self._begun: set[tuple[float, float]] = set()
        self._ended: set[tuple[float, float]] = set()

    def note(self, descent: Descent) -> None:
        """Count a descent, once however often it was tracked."""
        first, last = ((p.t_s, p.detection.x_px) for p in (descent.track.points[0], descent.track.points[-1]))
        if first in self._begun or last in self._ended:
            return
        if len(self._strays) == self._rules.most_strays:
            _, began, ended = self._strays.popleft()
            self._begun.remove(began)
            self._ended.remove(ended)
        self._strays.append((Stray(descent.end_s, descent.size_m, max(-float(descent.mean_mps[1]), 0.1)), first, last))
        self._begun.add(first)
        self._ended.add(last)

    def until(self, t_s: float) -> tuple[Stray, ...]:
        """Those of the minutes before that media time."""
        return tuple(stray for stray, _, _ in self._strays if t_s - self._rules.strays_s < stray.end_s <= t_s)


def thing_log_ratio(size_m: float, sink_mps: float, strays: Sequence[Stray] = ()) -> float:
    """Log ratio of how many things there are at the facade to how many leaves and flakes, of that size and speed.

    Leaves are expected a little everywhere; each stray makes more of its own kind likely.

    Args:
        size_m: apparent diameter at the facade.
        sink_mps: speed of descent there.
        strays: what else sank there in the last minutes.
    """
    thing = _log_normal(np.array([size_m]), _THING_M) + _log_normal(np.array([sink_mps]), _THING_MPS)
    leaf = _log_normal(size_m / _NEARER, _LEAF_M) + _log_normal(sink_mps / _NEARER, _LEAF_MPS) + _LOG_NEARER
    expected = float(np.logaddexp.reduce(leaf) - np.logaddexp.reduce(_LOG_NEARER))
    if strays:
        seen = np.log([[stray.size_m, stray.sink_mps] for stray in strays])
        off = np.log([size_m, sink_mps]) - seen
        along, across = off.sum(axis=1) / np.sqrt(2.0), (off[:, 0] - off[:, 1]) / np.sqrt(2.0)
        alike = -0.5 * (np.square(along / _ALONG) + np.square(across / _ACROSS)) - np.log(_ALONG * _ACROSS)
        expected = float(np.logaddexp(expected, np.logaddexp.reduce(alike)))
    return float(thing[0]) - expected


def uncertain_thing_log_ratio(size: Size, sink_mps: float, strays: Sequence[Stray] = ()) -> float:
    """The same where a size is known with an error: the ratio's mean over the sizes that it may be.

    Of few pixels a box is the detector's own blur, and what it shows may be twice or half as large.
    """
    sizes = size.diameter_m * np.exp(size.log_sd * _OFF)
    logs = [thing_log_ratio(float(each), sink_mps, strays) for each in sizes]
    return float(np.logaddexp.reduce(np.array(logs) + _LOG_SHARES))


def _log_normal(values: Float64, normal: Normal) -> Float64:
    median, spread = normal
    return np.asarray(-0.5 * np.square(np.log(values / median) / spread) - np.log(spread), np.float64)
