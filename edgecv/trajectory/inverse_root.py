"""Inverse roots of covariances: what makes errors that hang together independent."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgecv.native import AVAILABLE, lib, pointer

Float64 = NDArray[np.float64]


def inverse_roots(covariances: Float64, *, compiled: bool = AVAILABLE) -> tuple[Float64, Float64]:
    """Return the inverses of lower Cholesky factors ``(k, n, n)``, and logarithms ``(k,)`` of their determinants.

    Args:
        covariances: ``(k, n, n)``, of which the lower triangles count.
        compiled: in C, or in NumPy.

    Raises:
        numpy.linalg.LinAlgError: one is not positive definite.
    """
    k, n, _ = covariances.shape
    if not compiled:
        matrices = np.linalg.inv(np.linalg.cholesky(covariances))
        return matrices, np.log(np.diagonal(matrices, axis1=1, axis2=2)).sum(axis=1)
    matrices, half_log_dets = np.array(covariances, np.float64, order="C"), np.empty(k)
    if not lib.edgecv_inverse_roots(k, n, pointer(matrices), pointer(half_log_dets), pointer(np.empty(n))):
        raise np.linalg.LinAlgError("a covariance is not positive definite")
    return matrices, half_log_dets
