"""What the fits ask of C is what their NumPy reference says; short cuts of linear algebra give the same result."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from known_paths import SIZE, facade_camera, fall_track
from scipy.stats import multivariate_normal

from edgecv.native import AVAILABLE
from edgecv.trajectory import TrajectorySettings, View, explain
from edgecv.trajectory.correlated_disturbance import Strengths, disturbance
from edgecv.trajectory.fit import problem_of
from edgecv.trajectory.launch_problem import LaunchProblem
from edgecv.trajectory.least_squares import Problem, minimise, softened
from edgecv.trajectory.model import prior_for
from edgecv.trajectory.null_hypotheses import straight_log_evidence, wandering_log_evidence

SETTINGS = TrajectorySettings()
needs_library = pytest.mark.skipif(not AVAILABLE, reason="the C library was not built here: there was no C compiler")


def _draw_alike(ours: Problem, reference: Problem, x: np.ndarray) -> None:
    for soft in (False, True):
        np.testing.assert_allclose(ours.residuals(x, soft=soft), reference.residuals(x, soft=soft), 1e-9, 1e-9)
        for mine, other in zip(ours.slopes(x, soft=soft), reference.slopes(x, soft=soft), strict=True):
            # differences of numbers near 1e3 over steps of 1e-4
            np.testing.assert_allclose(mine, other, rtol=1e-6, atol=1e-6 * max(1.0, float(np.abs(other).max())))


@needs_library
@given(
    terminal=st.floats(2.0, 60.0), calibrated=st.booleans(), off=st.lists(st.floats(-1, 1), min_size=11, max_size=11)
)
def test_a_fits_residuals_and_slopes_are_those_of_the_reference(
    terminal: float, calibrated: bool, off: list[float]
) -> None:
    view = View.calibrated(facade_camera()) if calibrated else View.uncalibrated(SIZE, SETTINGS)
    path = fall_track(terminal).points
    uv = view.undistort(np.array([(p.detection.x_px, p.detection.y_px) for p in path]))
    times = np.array([p.t_s - path[0].t_s for p in path])
    sd = np.random.default_rng(1).uniform(0.3, 2.0, uv.shape)
    prior = prior_for(view, uv[0], float(max(SIZE)), SETTINGS, (40.0, 0.4))
    x = (prior.mean + np.array(off) * np.minimum(prior.sd, 3.0))[prior.free]
    given_ = (view, prior, uv, times, sd)
    _draw_alike(problem_of(*given_, compiled=True), problem_of(*given_, compiled=False), x)


@needs_library
@given(
    unseen_s=st.floats(0.0, 2.0),
    off=st.lists(st.floats(-1, 1), min_size=9, max_size=9),
    strengths=st.builds(Strengths, st.floats(0.2, 1.7), st.floats(0.01, 1.4), st.floats(0.01, 2.5)),
)
def test_a_launchs_residuals_and_slopes_are_those_of_the_reference(
    unseen_s: float, off: list[float], strengths: Strengths
) -> None:
    fall = explain(fall_track(14.0), View.calibrated(facade_camera()), SETTINGS)
    assert fall is not None
    problem = LaunchProblem(fall, facade_camera(), SETTINGS)
    start = problem.first_sighting()
    root = problem.root(start, unseen_s, strengths)
    assert root is not None
    x = start + np.array(off) * np.array([0.5, 0.5, 0.3, 1.0, 1.0, 1.0, 0.3, 1.0, 1.0])
    both = [problem.least_squares(unseen_s, root, compiled=compiled) for compiled in (True, False)]
    _draw_alike(both[0], both[1], x)


def test_the_loss_is_quadratic_near_zero_and_linear_far_away() -> None:
    near, far = np.array([0.01]), np.array([3000.0])
    assert 0.5 * softened(near)[0] ** 2 == pytest.approx(0.5 * near**2, rel=1e-4)
    # soft-L1 with a scale of three deviations: 9 (sqrt(1 + (r/3)^2) - 1), so 3 |r| far away
    assert 0.5 * softened(far)[0] ** 2 == pytest.approx(9.0 * 1000.0, rel=2e-3)


def test_an_outlier_does_not_move_a_mean_far() -> None:
    seen = np.array([0.9, 1.0, 1.1, 1.0, 500.0])
    problem = Problem(lambda rows: (seen - rows) / 0.1, np.array([1e-6]))
    found = minimise(problem, np.array([0.0]), tolerance=1e-10, max_evaluations=200)
    assert found.x[0] == pytest.approx(1.0, abs=0.15)


@given(terminal=st.floats(3.0, 40.0))
def test_a_straight_line_through_everything_is_as_likely_as_its_covariance_says(terminal: float) -> None:
    fall = explain(fall_track(terminal), View.calibrated(facade_camera()), SETTINGS)
    assert fall is not None
    path, picture = fall.path, 1000.0
    t = path.t_s - path.t_s.mean()
    basis = np.stack([np.ones_like(t), t], axis=1)
    expected = 0.0
    for axis in range(2):
        covariance = np.diag(path.sd_px[:, axis] ** 2) + picture**2 * basis @ basis.T
        values = path.uv_px[:, axis] - path.uv_px[:, axis].mean()
        expected += float(multivariate_normal(np.zeros(len(t)), covariance).logpdf(values))
    for compiled in {AVAILABLE, False}:
        assert straight_log_evidence(path, picture, compiled=compiled) == pytest.approx(expected, rel=1e-5)


def test_what_disturbs_a_path_is_what_its_parts_come_to_pixel_by_pixel() -> None:
    """Against the sums written out: over axes, over pairs of sightings, over both coordinates."""
    rng, n = np.random.default_rng(3), 7
    times = np.sort(rng.uniform(0.1, 2.0, n))
    px_per_m, sd, tumble = rng.normal(size=(n, 2, 3)), rng.uniform(0.3, 1.0, (n, 2)), rng.uniform(0.1, 1.0, (n, 2))
    found = disturbance(times, np.linspace(2.0, 9.0, n), 12.0, px_per_m, sd, tumble)
    strengths = Strengths(0.5, 0.7, 1.3)
    covariance = found.covariance(strengths)
    moved = 0.7**2 * found.gust + 1.3**2 * found.flutter
    for i in range(n):
        for j in range(n):
            for p in range(2):
                for q in range(2):
                    expected = sum(px_per_m[i, p, a] * px_per_m[j, q, a] * moved[a, i, j] for a in range(3))
                    if p == q:
                        lasting = tumble[i, p] * tumble[j, p] * np.exp(-abs(times[i] - times[j]) / 0.15)
                        expected += 0.5**2 * (lasting + (sd[i, p] ** 2 if i == j else 0.0))
                    assert covariance[2 * i + p, 2 * j + q] == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert np.linalg.eigvalsh(covariance).min() > 0.0
    # gusts push along the wall and to and fro, little up and down; drag answers twice along the path
    assert found.gust[0] == pytest.approx(found.gust[2])
    assert float(found.gust[1, -1, -1]) < 0.09 * 4.0 * float(found.gust[0, -1, -1])


@pytest.mark.parametrize("compiled", [pytest.param(True, marks=needs_library), False])
@given(
    steps=st.lists(st.floats(0.01, 0.3), min_size=5, max_size=40),
    scatter=st.floats(0.0, 60.0),
)
def test_the_evidence_of_a_wandering_path_is_that_of_its_covariance(
    compiled: bool, steps: list[float], scatter: float
) -> None:
    """The filter's product of one step after the other is one Gaussian of all sightings, of the best strength."""
    times, picture_px = np.cumsum([0.0, *steps]), 1000.0
    rng = np.random.default_rng(len(steps))
    uv = 300.0 + scatter * rng.standard_normal((len(times), 2)) + times[:, None] * (40.0, 90.0)
    sd = rng.uniform(0.3, 3.0, uv.shape)
    path = SimpleNamespace(t_s=times, uv_px=uv, sd_px=sd)
    first, second = np.minimum.outer(times, times), np.maximum.outer(times, times)

    def exact(strength: float) -> float:
        q = (strength * picture_px) ** 2
        walk = picture_px**2 * (1.0 + np.outer(times, times)) + q * first**2 * (3.0 * second - first) / 6.0
        return sum(
            float(multivariate_normal.logpdf(uv[:, axis] - uv[0, axis], cov=walk + np.diag(sd[:, axis] ** 2)))
            for axis in range(2)
        )

    best = max(exact(one) for one in (0.002, 0.006, 0.02, 0.06, 0.2, 0.6, 2.0, 6.0))
    ours = wandering_log_evidence(path, picture_px, compiled=compiled)  # type: ignore[arg-type]
    assert ours == pytest.approx(best, rel=1e-6, abs=1e-4)
