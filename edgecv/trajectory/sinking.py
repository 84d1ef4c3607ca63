"""Is it a light thing that sinks? Its evidence on the facade's plane, against what else goes slowly down there.

Paper, bags, tissue and film have their terminal velocity, 0.5-3.5 m/s, two tenths of a second after they are let go, so
no acceleration can be seen. What can be seen: they go down all the time, with the wind along the facade, and flutter
about that. What is open in an explanation (speed, strength of flutter, noise) is averaged over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecv.trajectory.facade_path import FacadePath
from edgecv.trajectory.sinking_settings import SinkingSettings
from edgecv.trajectory.velocity_process import Densities, Motion, Process, Swing

Float64 = NDArray[np.float64]
Motions = tuple[Motion, Motion]
"""Along the facade, and up."""
Means = tuple[tuple[float, ...], float]
"""Mean velocities that are as likely, and the spread about each."""


@dataclass(frozen=True, slots=True, eq=False)
class Sinking:
    """How well motions explain a slow descent.

    Attributes:
        log_evidence: of a sinking thing, log density of the pixels.
        steady: log ratio against a machine or a light that moves steadily.
        flight: log ratio against what flies past, somewhere, with as many gusts and wing beats as a sheet flutters.
        roaming: log ratio against what flies to and fro.
        smooth_m: ``(n, 2)`` the path without the errors of the sightings.
        chi2_reduced: mean squared residual of that, in units of the expected error.
    """

    log_evidence: float
    steady: float
    flight: float
    roaming: float
    smooth_m: Float64
    chi2_reduced: float


def explain_sinking(path: FacadePath, settings: SinkingSettings) -> Sinking:
    """Return how a path on the facade's plane is explained."""
    s, densities = settings, Densities(path)
    airs = [*((s.gust, flutter) for flutter in s.flutter), *((s.calm_gust, flutter) for flutter in s.calm_flutter)]
    swinging = [(spread, period, s.swing_periods) for spread, periods in s.swings for period in periods]
    still = s.still_gust, (0.0, s.gust[1])  # what swings does not flutter besides
    flights = [*((air, None) for air in airs), *((still, swing) for swing in swinging)]
    sheets = [_in_air(path, s, air, _sinking_means(s), swing=swing) for air, swing in flights]
    birds = [_in_air(path, s, air, (((0.0,), s.flight_mps),) * 2, swing=swing) for air, swing in flights]
    insects = [_in_air(path, s, air, (((0.0,), 0.0),) * 2, speed) for air in airs for speed in s.roaming]
    machines = [_steadily(path, s, are_shared) for are_shared in (False, True)]
    by_sheet = _log_densities(densities, s, sheets)
    evidence = _log_mean(by_sheet)
    sheet, noise, sink = np.unravel_index(int(np.argmax(by_sheet)), by_sheet.shape)
    air, swing = flights[sheet]
    aside, upright = _in_air(path, s, air, _sinking_means(s, s.sink_mps[sink]), swing=swing)
    smooth = [densities.smooth(axis, motion, s.noise_factors[noise]) for axis, motion in enumerate((aside, upright))]
    smooth_m = np.stack(smooth, axis=1)
    return Sinking(
        evidence - float(path.log_px2_per_m2.sum()),
        evidence - _log_mean(_log_densities(densities, s, machines)),
        evidence - _log_mean(_log_densities(densities, s, birds)),
        evidence - _log_mean(_log_densities(densities, s, insects)),
        smooth_m,
        float(np.square((path.xy_m - smooth_m) / path.sd_m).mean()),
    )


def _sinking_means(s: SinkingSettings, sink_mps: float | None = None) -> tuple[Means, Means]:
    downwards = s.sink_mps if sink_mps is None else (sink_mps,)
    return ((0.0,), s.drift_mps), (tuple(-speed for speed in downwards), s.sink_spread_mps)


def _in_air(
    path: FacadePath,
    s: SinkingSettings,
    air: tuple[Process, Process],
    means: tuple[Means, Means],
    roaming: Process | None = None,
    swing: Swing | None = None,
) -> Motions:
    """Gusts and flutter as the picture shows them: what goes to or from the wall seems to go aside and up as well.

    Args:
        path: for the slope of the view.
        s: priors.
        air: gusts, and the flutter of a sheet or wing beats.
        means: along the facade and up.
        roaming: what flies to and fro does besides.
        swing: of a sheet in still air.
    """
    slope_x, slope_y = path.slope
    (hand_mps, hand_s), own = s.hand, () if roaming is None else (roaming,)
    each = tuple(zip(air, (s.gust_shares, s.flutter_shares), strict=True))
    aside = tuple((spread * float(np.hypot(1.0, slope_x * out)), memory) for (spread, memory), (_, out) in each)
    upright = tuple((spread * float(np.hypot(up, slope_y * out)), memory) for (spread, memory), (up, out) in each)
    shares = tuple(
        float(np.hypot(up, slope * s.flutter_shares[1]))
        for up, slope in ((1.0, slope_x), (s.flutter_shares[0], slope_y))
    )
    swings = tuple(() if swing is None else ((swing[0] * share, *swing[1:]),) for share in shares)
    return (
        Motion(*means[0], (*own, *aside), swings=swings[0], first=(hand_mps * float(np.hypot(1.0, slope_x)), hand_s)),
        Motion(*means[1], (*own, *upright), swings=swings[1], first=(hand_mps * float(np.hypot(1.0, slope_y)), hand_s)),
    )


def _steadily(path: FacadePath, s: SinkingSettings, are_shared: bool) -> Motions:
    """A machine or a light, without and with errors that neighbouring sightings share."""
    share, period, periods = s.edge_errors
    aside, upright = (
        Motion(
            mean_sd_mps=s.steady_mps,
            change_sd_mps2=s.steady_drift_mps2,
            swings=((share * float(np.median(path.sd_m[:, axis])), period, periods),) if are_shared else (),
        )
        for axis in (0, 1)
    )
    return aside, upright


def _log_densities(densities: Densities, s: SinkingSettings, motions: Sequence[Motions]) -> Float64:
    """``(motions, noises, means)`` log densities of both coordinates, per square metre each."""
    table = [
        [
            sum(densities.log_density(axis, motion, noise) for axis, motion in enumerate(both))
            for noise in s.noise_factors
        ]
        for both in motions
    ]
    return np.asarray(table, np.float64)


def _log_mean(logs: Float64) -> float:
    return float(np.logaddexp.reduce(logs.ravel())) - float(np.log(logs.size))
