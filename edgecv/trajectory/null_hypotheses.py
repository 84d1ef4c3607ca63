"""How well motions that are not falls explain the same path: each returns a log marginal likelihood.

Straight: constant velocity in the picture (a person, a car, rain at terminal velocity, a gliding bird).
Wandering: velocity does a random walk of any strength (a flapping bird, an insect, a leaf; white-noise acceleration).
Chance: unrelated detections (trees, noise).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgecv.native import AVAILABLE, lib, pointer
from edgecv.trajectory.path import Path

Float64 = NDArray[np.float64]
_SPEED_SD = 1.0  # picture sizes per second: how fast an object may cross the picture
_STRENGTHS = np.array([0.002, 0.006, 0.02, 0.06, 0.2, 0.6, 2.0, 6.0])  # picture sizes/s² per sqrt(Hz)
"""From a drone that hovers far away and changes its mind slowly, to an insect."""


def straight_log_evidence(path: Path, picture_px: float, *, compiled: bool = AVAILABLE) -> float:
    """Constant velocity, Gaussian priors on position (the picture) and velocity; exact, because it is linear."""
    total = 0.0
    t = path.t_s - path.t_s.mean()
    if compiled:
        arrays = (t, path.uv_px - path.uv_px.mean(axis=0), np.ascontiguousarray(path.sd_px, np.float64))
        pointers = (pointer(np.ascontiguousarray(array)) for array in arrays)
        return float(lib.edgecv_straight_log_likelihood(len(t), *pointers, picture_px, _SPEED_SD * picture_px))
    for axis in range(2):
        basis = np.stack([np.ones_like(t), t], axis=1)
        total += _linear_log_evidence(basis, path.uv_px[:, axis], path.sd_px[:, axis], picture_px)
    return total


def _linear_log_evidence(basis: Float64, values: Float64, sd: Float64, picture_px: float) -> float:
    """The covariance of a line through many sightings is diagonal but for two directions: Woodbury's identity."""
    values = values - values.mean()
    prior_sd = np.array([picture_px, _SPEED_SD * picture_px])
    weighted = basis / np.square(sd)[:, None]
    precision = basis.T @ weighted + np.diag(1.0 / np.square(prior_sd))
    line = np.linalg.solve(precision, weighted.T @ values)
    squares = np.square((values - basis @ line) / sd).sum() + np.square(line / prior_sd).sum()
    log_det = np.linalg.slogdet(precision)[1] + 2.0 * (np.log(sd).sum() + np.log(prior_sd).sum())
    return float(-0.5 * (squares + log_det + len(values) * np.log(2.0 * np.pi)))


def wandering_log_evidence(path: Path, picture_px: float, *, compiled: bool = AVAILABLE) -> float:
    """Constant velocity plus white-noise acceleration; the strength that explains the path best is allowed for free.

    The likelihood is the Kalman filter's.
    """
    likelihoods = _wandering_in_c if compiled else _wandering_in_numpy
    return float(likelihoods(path, picture_px, np.square(picture_px * _STRENGTHS)).max())


def _wandering_in_c(path: Path, picture_px: float, q: Float64) -> Float64:
    arrays = [np.ascontiguousarray(array, np.float64) for array in (path.t_s, path.uv_px, path.sd_px)]
    sightings = (len(path.t_s), *(pointer(array) for array in arrays))
    priors = (picture_px, _SPEED_SD * picture_px)
    return np.array([lib.edgecv_random_walk_log_likelihood(*sightings, strength, *priors) for strength in q])


def _wandering_in_numpy(path: Path, picture_px: float, q: Float64) -> Float64:
    """All strengths and both axes at once."""
    k, q = len(q), q[:, None]
    position = np.broadcast_to(path.uv_px[0], (k, 2)).copy()
    velocity = np.zeros((k, 2))
    pxx = np.full((k, 2), picture_px**2)
    pxv = np.zeros((k, 2))
    pvv = np.full((k, 2), (_SPEED_SD * picture_px) ** 2)
    log_likelihood = np.zeros(k)
    previous = float(path.t_s[0])
    for t, z, sd in zip(path.t_s, path.uv_px, path.sd_px, strict=True):
        dt = float(t) - previous
        previous = float(t)
        position = position + dt * velocity
        pxx = pxx + 2.0 * dt * pxv + dt * dt * pvv + q * dt**3 / 3.0
        pxv = pxv + dt * pvv + q * dt**2 / 2.0
        pvv = pvv + q * dt
        s = pxx + np.square(sd)
        innovation = z - position
        log_likelihood += (-0.5 * np.square(innovation) / s - 0.5 * np.log(2.0 * np.pi * s)).sum(axis=1)
        gain_x, gain_v = pxx / s, pxv / s
        position = position + gain_x * innovation
        velocity = velocity + gain_v * innovation
        pvv = pvv - gain_v * pxv
        pxv = pxv - gain_x * pxv
        pxx = pxx - gain_x * pxx
    return log_likelihood
