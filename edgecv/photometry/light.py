"""A measurement as draws, for who weighs with it."""

from __future__ import annotations

import numpy as np

from edgecv.photometry.measure import Photometry
from edgecv.trajectory.mass import LightDraws

_SEED = 5


def light_draws(photometry: Photometry, count: int) -> LightDraws:
    """Return equally probable areas and brightnesses; the same draws every time."""
    log_area, luma = photometry.posterior.draw(count, np.random.default_rng(_SEED))
    return LightDraws(log_area, luma)
