"""The search for a minimum in C is MINPACK's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from known_paths import SIZE, facade_camera, fall_track

from edgecv.native import AVAILABLE
from edgecv.trajectory import TrajectorySettings, View
from edgecv.trajectory.fit import problem_of
from edgecv.trajectory.least_squares import Problem, minimise
from edgecv.trajectory.model import prior_for

SETTINGS = TrajectorySettings()
pytestmark = pytest.mark.skipif(not AVAILABLE, reason="the C library was not built here: there was no C compiler")


class _Plain(Problem):
    """The same residuals and slopes as of a compiled problem, without its search."""

    def __init__(self, problem: Problem) -> None:
        self.residuals, self.slopes = problem.residuals, problem.slopes  # type: ignore[method-assign]


def _problem(view: View, terminal: float, noise: float) -> tuple[Problem, np.ndarray, np.ndarray]:
    """Of a fall's fit, with where it may begin and the scale of its unknowns."""
    points = fall_track(terminal, noise=noise).points[:40]
    uv = view.undistort(np.array([(p.detection.x_px, p.detection.y_px) for p in points]))
    times = np.array([p.t_s - points[0].t_s for p in points])
    prior = prior_for(view, uv[0], float(max(SIZE)), SETTINGS, (40.0, 0.4))
    problem = problem_of(view, prior, uv, times, np.ones_like(uv))
    return problem, prior.mean[prior.free], 1.0 / np.minimum(prior.sd[prior.free], 30.0)


@given(
    terminal=st.floats(3.0, 60.0),
    noise=st.floats(0.1, 3.0),
    calibrated=st.booleans(),
    scaled=st.booleans(),
    evaluations=st.sampled_from([3, 10, 200]),
)
def test_the_minimum_is_that_of_minpack_wherever_it_stops(
    terminal: float, noise: float, calibrated: bool, scaled: bool, evaluations: int
) -> None:
    view = View.calibrated(facade_camera()) if calibrated else View.uncalibrated(SIZE, SETTINGS)
    problem, start, usual = _problem(view, terminal, noise)
    limits = (1e-6, evaluations, usual if scaled else None)
    ours, reference = minimise(problem, start, *limits), minimise(_Plain(problem), start, *limits)
    assert ours.loss == pytest.approx(reference.loss, rel=1e-3, abs=1e-3)


def test_the_loss_is_half_of_the_softened_squares_at_the_minimum() -> None:
    problem, start, usual = _problem(View.calibrated(facade_camera()), 20.0, 0.5)
    minimum = minimise(problem, start, 1e-8, 200, usual)
    assert minimum.loss == pytest.approx(0.5 * np.square(problem.residuals(minimum.x, soft=True)).sum())
    slopes = problem.slopes(minimum.x, soft=True)
    gradient = slopes[1] @ slopes[0]
    assert np.abs(gradient / np.linalg.norm(slopes[1], axis=1)).max() < 0.05
