"""Where a fall came from: the posterior of its launch as a probability for each floor and window, and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edgecv.geometry.camera import PinholeCamera
from edgecv.geometry.facade import FacadePlan
from edgecv.messages import joined
from edgecv.messages import origin as messages
from edgecv.trajectory.fall import Fall
from edgecv.trajectory.launch import Launches, launches_of
from edgecv.trajectory.path_extension import LIGHT_MPS, extended_to_first_sighting
from edgecv.trajectory.settings import TrajectorySettings
from edgecv.trajectory.sinking_fit import beginning_of

Float64 = NDArray[np.float64]
_EXCLUDED = 0.001  # floors whose probabilities sum to less than this are excluded
_NAMING_PROBABILITY = 0.5
"""A window or floor is named where it holds more than all others together."""
_WORST_CHI2 = 2.0
"""Reduced chi-squared above which the launch does not explain the path and no floor is named."""
_LISTED_FROM, _MOST_LISTED = 0.005, 12
"""Candidates that the record lists: with these the rest is below a few percent."""


@dataclass(frozen=True, slots=True)
class WindowProbability:
    """One window (or bare floor, where the facade has no windows listed) and its probability."""

    floor: int
    window: str | None
    window_index: int | None
    p: float
    facade: str = ""
    floor_name: str = ""


@dataclass(frozen=True, slots=True)
class OriginEstimate:
    """Where the object left the building.

    Attributes:
        pixel: the earliest sighting the fit explains, pixels of that frame.
        floor: 1-based floor, or None.
        floor_name: the usual name of it.
        window: name of the window, or None.
        window_index: 0-based from the left, or None.
        facade: name of the facade that coordinates and floor refer to; empty where it has none.
        x_m: along the facade, posterior median.
        y_m: above the ground, posterior median.
        sd_m: robust standard deviations of x and y.
        candidates: most probable first.
        p_roof: probability that it came from the roof.
        lowest_floor: the floor below which it came from with a probability of 5 %, or None.
        excluded_floors: floors that hold less than 0.1 % together.
        release_pixel: the traced-back origin in the picture, or None.
        reason: why something is None, in plain words.
    """

    pixel: tuple[float, float]
    floor: int | None = None
    floor_name: str | None = None
    window: str | None = None
    window_index: int | None = None
    facade: str = ""
    x_m: float | None = None
    y_m: float | None = None
    sd_m: tuple[float, float] | None = None
    candidates: tuple[WindowProbability, ...] = ()
    p_roof: float = 0.0
    lowest_floor: int | None = None
    excluded_floors: tuple[int, ...] = ()
    release_pixel: tuple[float, float] | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Located:
    """An origin with what it was read from.

    Attributes:
        origin: the answer.
        plan: the facade it most probably came from, or None where there is none.
        camera: the calibrated camera in that facade's coordinates, or None.
        launches: the posterior of the launch there, or None.
    """

    origin: OriginEstimate
    plan: FacadePlan | None
    camera: PinholeCamera | None
    launches: Launches | None


def locate(
    fall: Fall, pixel: tuple[float, float], plan: FacadePlan | None, settings: TrajectorySettings | None = None
) -> Located:
    """Find where a fall began, on its facade or on one beside it.

    Args:
        fall: fitted with a calibrated camera for a floor to be named.
        pixel: first sighting, pixels of that frame.
        plan: floors and windows of the facade and of those beside it, or None.
        settings: priors of the launch.
    """
    camera = fall.fit.view.camera
    if camera is None:
        reason = messages.NO_CALIBRATION()
        return Located(OriginEstimate(pixel, reason=reason), plan, None, None)
    if plan is None:
        reason = messages.NO_FACADE()
        return Located(OriginEstimate(pixel, reason=reason), None, camera, None)
    posteriors = [
        (face, face_camera, _launches(fall, face, settings, face_camera)) for face, face_camera in plan.faces(camera)
    ]
    explained = [(face, face_camera, launches) for face, face_camera, launches in posteriors if launches is not None]
    if not explained:
        reason = messages.MISSES_FACADE()
        return Located(OriginEstimate(pixel, reason=reason), plan, camera, None)
    evidence = np.array([launches.log_evidence for _, _, launches in explained])
    shares = np.exp(evidence - evidence.max())
    shares /= shares.sum()
    chances = [
        replace(c, p=float(share) * c.p, facade=face.name)
        for (face, _, launches), share in zip(explained, shares, strict=True)
        for c in _probabilities(launches, face)
    ]
    face, face_camera, launches = explained[int(np.argmax(shares))]
    p_roof = sum(
        float(share * np.mean(posterior.position_m[:, 1] >= plan_.floor_edges_m[-1]))
        for (plan_, _, posterior), share in zip(explained, shares, strict=True)
    )
    origin = _estimate(pixel, face, face_camera, launches, chances, p_roof)
    return Located(origin, face, face_camera, launches)


def origin_of(
    launches: Launches, pixel: tuple[float, float], plan: FacadePlan, camera: PinholeCamera
) -> OriginEstimate:
    """Read the origin from the posterior of a launch from one facade.

    Args:
        launches: the posterior.
        pixel: first sighting, pixels of that frame.
        plan: the facade.
        camera: that saw the pixel, in the facade's coordinates.
    """
    chances = [replace(chance, facade=plan.name) for chance in _probabilities(launches, plan)]
    p_roof = float(np.mean(launches.position_m[:, 1] >= plan.floor_edges_m[-1]))
    return _estimate(pixel, plan, camera, launches, chances, p_roof)


def _launches(
    fall: Fall, plan: FacadePlan, settings: TrajectorySettings | None, camera: PinholeCamera
) -> Launches | None:
    """The launch, of the whole path where flutter explains it and a fall only a stretch."""
    if fall.fit.model == "sinking":
        return launches_of(beginning_of(fall, settings or TrajectorySettings()), plan, settings, camera)
    extended = extended_to_first_sighting(fall, settings or TrajectorySettings())
    if extended is not None:
        launches = launches_of(extended, plan, settings, camera)
        if (
            launches is not None
            and launches.chi2_reduced <= _WORST_CHI2
            and float(np.median(launches.terminal_mps)) < LIGHT_MPS
        ):
            return launches
    return launches_of(fall, plan, settings, camera)


def _estimate(
    pixel: tuple[float, float],
    plan: FacadePlan,
    camera: PinholeCamera,
    launches: Launches,
    probabilities: Sequence[WindowProbability],
    p_roof: float,
) -> OriginEstimate:
    probabilities = sorted(
        probabilities, key=lambda c: (-c.p, c.floor, -1 if c.window_index is None else c.window_index)
    )
    by_floor: dict[int, float] = {}
    for probability in probabilities:
        by_floor[probability.floor] = by_floor.get(probability.floor, 0.0) + probability.p
    x, x_sd = _median_and_sd(launches.position_m[:, 0])
    y, y_sd = _median_and_sd(launches.position_m[:, 1])
    release = camera.project(np.array([x, y, float(np.median(launches.position_m[:, 2]))]))
    release_pixel = (float(release[0]), float(release[1])) if np.isfinite(release).all() else None
    if launches.chi2_reduced > _WORST_CHI2:
        badly = messages.BAD_FIT(chi2=launches.chi2_reduced, most=_WORST_CHI2)
        return OriginEstimate(pixel, release_pixel=release_pixel, reason=badly)
    lowest = plan.floor_at(float(np.quantile(launches.position_m[:, 1], 0.05)))
    above = _share_above(camera, launches)
    window, reason = _name(probabilities, by_floor, p_roof, lowest, above, plan)
    listed = tuple(c for c in probabilities if c.p >= _LISTED_FROM)[:_MOST_LISTED]
    return OriginEstimate(
        pixel=pixel,
        floor=None if window is None else window.floor,
        floor_name=None if window is None else plan.floor_names[window.floor - 1],
        window=None if window is None else window.window,
        window_index=None if window is None else window.window_index,
        facade=plan.name,
        x_m=x,
        y_m=y,
        sd_m=(x_sd, y_sd),
        candidates=listed,
        p_roof=p_roof,
        lowest_floor=lowest,
        excluded_floors=_excluded(by_floor, plan.floor_count),
        release_pixel=release_pixel,
        reason=reason,
    )


def _median_and_sd(values: Float64) -> tuple[float, float]:
    low, median, high = np.quantile(values, [0.159, 0.5, 0.841])
    return float(median), float(high - low) / 2.0


def _share_above(camera: PinholeCamera, launches: Launches) -> float:
    """Probability that the launch was above what the camera sees."""
    pixels = camera.project(launches.position_m[::8])
    return float(np.mean(~(pixels[:, 1] > 0.0)))


def _probabilities(launches: Launches, plan: FacadePlan) -> list[WindowProbability]:
    x, y = launches.position_m[:, :2].T
    floors = np.searchsorted(plan.floor_edges_m, y, side="right")
    windows = plan.windows_at(x)
    on_a_floor = (floors >= 1) & (floors <= plan.floor_count)
    places, counts = np.unique(np.stack([floors, windows])[:, on_a_floor], axis=1, return_counts=True)
    return [
        WindowProbability(
            floor,
            plan.windows[window].name if window >= 0 else None,
            window if window >= 0 else None,
            n / len(x),
            floor_name=plan.floor_names[floor - 1],
        )
        for floor, window, n in zip(*places.tolist(), counts.tolist(), strict=True)
    ]


def _name(
    chances: Sequence[WindowProbability],
    by_floor: dict[int, float],
    p_roof: float,
    lowest: int | None,
    p_above: float,
    plan: FacadePlan,
) -> tuple[WindowProbability | None, str | None]:
    """The window if it holds half of the probability, else the floor if that does, else why none is named."""
    likely = next((c for c in chances if c.window is not None), None)
    if likely is not None and likely.p >= _NAMING_PROBABILITY:
        return likely, None
    best = max(by_floor, key=lambda floor: (by_floor[floor], -floor), default=None)
    if best is not None and by_floor[best] >= _NAMING_PROBABILITY:
        return WindowProbability(best, None, None, by_floor[best]), messages.NO_WINDOW()
    if p_roof >= _NAMING_PROBABILITY:
        return None, messages.ROOF()
    if best is None or lowest is None:
        return None, messages.MISSES_FLOORS()
    lowest_name, top = plan.floor_names[lowest - 1], plan.floor_names[-1]
    above = messages.ABOVE_PICTURE(floor=lowest_name) if p_above >= _NAMING_PROBABILITY else None
    spread = sorted(floor for floor, p in by_floor.items() if p >= 0.05) or [best]
    first, last = plan.floor_names[spread[0] - 1], plan.floor_names[spread[-1] - 1]
    if lowest == plan.floor_count:
        return None, joined([above or messages.TOP_OR_ROOF(floor=top), messages.NO_FLOOR()])
    likely_ones = messages.NO_FLOOR_LIKELIEST(floor=first)
    if first != last:
        likely_ones = messages.NO_FLOOR_LIKELY(first=first, last=last)
    return None, joined([above or messages.OR_HIGHER(floor=lowest_name), likely_ones])


def _excluded(by_floor: dict[int, float], floor_count: int) -> tuple[int, ...]:
    ranked = sorted(range(1, floor_count + 1), key=lambda floor: by_floor.get(floor, 0.0))
    total, excluded = 0.0, []
    for floor in ranked:
        total += by_floor.get(floor, 0.0)
        if total >= _EXCLUDED:
            break
        excluded.append(floor)
    return tuple(sorted(excluded))
