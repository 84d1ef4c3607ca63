"""A root of a covariance, also where rounding makes its inverse indefinite."""

from __future__ import annotations

import numpy as np
import pytest

from edgecv.trajectory.measured_evidence import covariance_root


@pytest.mark.parametrize("largest", [1e2, 1e8, 1e17, 1e20])
def test_the_root_of_a_precision_is_finite_and_right_in_what_is_known(largest: float) -> None:
    rng = np.random.default_rng(2)
    for _ in range(50):
        turned, _ = np.linalg.qr(rng.standard_normal((9, 9)))
        precision = (turned * np.geomspace(1.0, largest, 9)) @ turned.T
        precision = 0.5 * (precision + precision.T)
        root = covariance_root(precision)
        assert np.all(np.isfinite(root))
        best = turned[:, -1]
        assert best @ root @ root.T @ best == pytest.approx(1.0 / largest, rel=0.2, abs=3e-14)
