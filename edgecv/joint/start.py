"""Where the search for a joint fall begins: each camera's own fit, and clocks by which both saw the same heights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edgecv.joint.camera_path import CameraPath
from edgecv.trajectory.launch_unknowns import DRAG, VX, VZ, WIND_Z, drag_of
from edgecv.trajectory.model import LOG_VT

Float64 = NDArray[np.float64]
_BEYOND_S = 1.5
"""How far a fit is carried beyond its sightings to meet a partner's that saw another part of the fall."""
_STEPS = 60
_TERMINAL_MPS = (2.0, 90.0)
"""Paper, and a stone without any drag that a camera could see."""


class RoughSearch(Protocol):
    """What finds the nearest minimum: see :class:`~edgecv.joint.joint_problem.JointLaunchProblem`."""

    def rough_minimum(self, start: Float64, since_s: float) -> tuple[Float64, float]:
        """The most probable fall near a start, and its loss."""


def first_launch(paths: Sequence[CameraPath], search: RoughSearch) -> tuple[float, Float64, float]:
    """Return the shared time of the first sighting, the fall there with its clocks ``(9 + c,)``, and its loss.

    Args:
        paths: of one fall.
        search: of the nearest minimum.
    """
    best: tuple[float, float, Float64] | None = None
    for clocks in _clocks(paths):
        since_s = min(path.start_s + clock for path, clock in zip(paths, (0.0, *clocks), strict=True))
        for path, clock in zip(paths, (0.0, *clocks), strict=True):
            start = np.concatenate([_state(path, since_s - clock), clocks])
            launch, loss = search.rough_minimum(start, since_s)
            if np.isfinite(launch).all() and (best is None or loss < best[0]):
                best = loss, since_s, launch
    assert best is not None
    return best[1], best[2], best[0]


def _clocks(paths: Sequence[CameraPath]) -> Iterator[Float64]:
    """Likely clocks ``(c,)``: those that are told, and those by which all saw the same heights."""
    yield np.zeros(len(paths) - 1)
    if len(paths) > 1:
        yield np.array([_by_height(paths[0], path) for path in paths[1:]])


def _by_height(first: CameraPath, second: CameraPath) -> float:
    """What to add to the second one's times, so that the heights of both fits are the same at the same times."""
    grid_a = np.linspace(first.start_s - 0.3, first.end_s + _BEYOND_S, _STEPS)
    grid_b = np.linspace(second.start_s, second.end_s, _STEPS)
    heights_a, heights_b = first.positions_m(grid_a)[:, 1], second.positions_m(grid_b)[:, 1]
    falling = np.flatnonzero(np.diff(heights_a) < 0.0)
    if not len(falling):
        return 0.0
    down = slice(int(falling[0]), int(falling[-1]) + 2)
    times = np.interp(-heights_b, np.maximum.accumulate(-heights_a[down]), grid_a[down], np.nan, np.nan)
    met = np.isfinite(times)
    if not met.any():
        return 0.0
    return float(np.median((times - grid_b)[met]))


def _state(path: CameraPath, shared_s: float) -> Float64:
    """A camera's own fit as the nine numbers of a launch at a shared time by its clock."""
    place, velocity = path.state_at(shared_s)
    terminal = float(np.clip(np.exp(path.fall.fit.parameters[LOG_VT]), *_TERMINAL_MPS))
    state = np.zeros(WIND_Z + 1)
    state[:3], state[VX : VZ + 1], state[DRAG] = place, velocity, drag_of(terminal)
    return state
