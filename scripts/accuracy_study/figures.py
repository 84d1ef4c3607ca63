"""From fits and their truth to the figures."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgecv.evaluation.accuracy import Accuracy, AccuracyTotal, measure_accuracy
from edgecv.evaluation.truth import TruthEvent
from edgecv.evaluation.weighing import photometries
from edgecv.evaluation.weight_bands import WeightBand
from edgecv.geometry import FacadePlan, PinholeCamera
from edgecv.simulation import FallingObject
from edgecv.tracking import Track
from edgecv.trajectory import Fall, Located, MassEstimate, TrajectorySettings, View, estimate_mass, explain, locate

_SETTINGS = TrajectorySettings()
_FAST_MPS = 30.0
_SHARES = (
    "floor_exact",
    "window_exact",
    "window_in_top3",
    "naive_floor",
    "naive_window",
    "parabola_floor",
    "parabola_window",
    "velocity_covered",
    "kg_within_factor_2",
    "kg_covered",
    "class_exact",
    "class_opposite",
)


@dataclass(frozen=True, slots=True)
class Measured:
    """One fall, fitted and compared with the truth."""

    fall: Fall
    located: Located
    mass: MassEstimate
    accuracy: Accuracy
    event: TruthEvent
    thing: FallingObject
    scene: str

    @property
    def height_error_m(self) -> float | None:
        """How much too high the release was placed."""
        y_m = self.located.origin.y_m
        return None if y_m is None else y_m - self.thing.position_m[1]


def fitted(
    track: Track,
    event: TruthEvent,
    thing: FallingObject,
    camera: PinholeCamera,
    plan: FacadePlan,
    scene: str = "",
    baselines: bool = False,
    video: Path | None = None,
) -> Measured | None:
    """Fit a track anew and compare; None where it is no fall any more. With a video it is weighed by its pictures."""
    fall = explain(track, View.calibrated(camera), _SETTINGS)
    if fall is None:
        return None
    first = fall.path.points[0]
    pixel = (first.detection.x_px + first.shift_px[0], first.detection.y_px + first.shift_px[1])
    located = locate(fall, pixel, plan)
    light = None if video is None else photometries(video, [fall])[0]
    accuracy = measure_accuracy(fall, pixel, event, plan, located, baselines, light)
    return Measured(fall, located, estimate_mass(fall, located.launches), accuracy, event, thing, scene)


def lines(title: str, measured: Sequence[Measured | None]) -> Iterator[str]:
    """The figures of a set, a line each."""
    found = [it for it in measured if it is not None]
    total = AccuracyTotal.of([it.accuracy for it in found])
    yield f"{title}: {len(found)} falls"
    for name in _SHARES:
        share = getattr(total, name)
        if share.value is not None:
            of = f"{share.hits} of {share.trials}; {share.low:.2f}-{share.high:.2f}"
            yield f"  {name:20s} {100 * share.value:5.1f} %  ({of})"
    for band in total.weight:
        yield from _weights(band)
    yield f"  floors withheld      {total.floors_withheld}"
    yield from _terminal_velocities(found)
    yield from _said(found, total)
    heights = np.array([it.height_error_m for it in found if it.height_error_m is not None])
    if len(heights):
        middle, off = np.median(heights), np.median(np.abs(heights))
        yield f"  height off by        {middle:+.2f} m (median), {heights.mean():+.2f} (mean), {off:.2f} (absolute)"
    chi2 = [it.located.launches.chi2_reduced for it in found if it.located.launches is not None]
    if chi2:
        yield f"  reduced chi2         {np.median(chi2):.2f} (median), above 2: {sum(c > 2 for c in chi2)}"


def _weights(band: WeightBand) -> Iterator[str]:
    """By what factors sizes and weights are off, and how many of the 90 % intervals hold the truth."""
    for name, factor in (("diameter", band.diameter_factor), ("kilograms", band.kg_factor)):
        if factor is not None:
            yield f"  {name} off by {factor[0]:.2f}, 90 %: {factor[1]:.2f} ({band.name}, {band.events})"
    covered = ", ".join(f"{name} {100 * s.value:.0f} %" for name, s in band.covered.items() if s.value is not None)
    named = "" if band.named.value is None else f"; kind among the first two {100 * band.named.value:.0f} %"
    yield f"    in their 90 %: {covered}{named}"


def _terminal_velocities(found: Sequence[Measured]) -> Iterator[str]:
    logs = np.array([math.log(it.mass.terminal_velocity.median / it.thing.terminal_mps) for it in found])
    fast = np.array([it.thing.terminal_mps > _FAST_MPS for it in found], bool)
    for name, chosen in (("below 30 m/s", ~fast), ("above 30 m/s", fast)):
        if chosen.any():
            off, middle = np.median(np.abs(logs[chosen])), np.median(logs[chosen])
            yield f"  terminal {name} {100 * off:.1f} % off (median), bias {100 * middle:+.1f} % ({chosen.sum()})"


def _said(found: Sequence[Measured], total: AccuracyTotal) -> Iterator[str]:
    """How probable the likeliest floor was said to be, and how often it was right."""
    told = [(it.accuracy.floor_p, it.accuracy.floor_p_right) for it in found if it.accuracy.floor_p is not None]
    if told:
        said, right = np.mean(np.array(told, np.float64), axis=0)
        bins = ", ".join(f"{s:.2f}: {share.hits} of {share.trials}" for s, share in total.certainty if share.trials)
        yield f"  floor said {said:.3f}, right {right:.3f}; {bins}"
