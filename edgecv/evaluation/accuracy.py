"""Origin and weight against the truth, and against what simpler programs would have said of the same fall."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from edgecv.evaluation.intervals import Share, Spread
from edgecv.evaluation.truth import TruthEvent
from edgecv.evaluation.weighing import Weighed, compare
from edgecv.evaluation.weight_bands import WeightBand, weight_bands
from edgecv.geometry.facade import FacadePlan
from edgecv.photometry import Photometry, light_draws
from edgecv.trajectory import (
    Fall,
    Located,
    OriginEstimate,
    TrajectorySettings,
    locate,
)
from edgecv.trajectory.mass import path_draws, weigh

_LIGHT_MPS, _HEAVY_MPS = 8.0, 20.0
"""The contract's classes by terminal velocity, written down here again: truth does not follow the program."""
_KG_FACTOR = 2.0
"""A mass within a factor of two is counted as near: a path cannot tell more without knowing the object."""
_NO_DRAG = replace(TrajectorySettings(), launch_terminal=(1000.0, 1e-3, 1e-3))
CERTAINTIES = ((0.0, 0.5), (0.5, 0.7), (0.7, 0.9), (0.9, 0.99), (0.99, 1.0001))
"""Classes of a floor's probability in which it is compared with how often the floor is right; finer near certainty."""


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How near origin and weight came; None where the truth does not say or the answer was withheld.

    Attributes:
        floor_error: floors too high.
        floor_withheld: no floor was named though there is one.
        window_right: the named window is the right one; None where none is known, False where none was named.
        window_in_top3: the right window is among the three most probable.
        floor_p: probability of the most probable floor.
        floor_p_right: whether that floor is the right one.
        log_velocity_error: ``|ln(estimated / true)|`` of the terminal velocity.
        velocity_covered: the 90 % interval of the terminal velocity holds the truth.
        kg_within_factor_2: the median mass is within a factor of two.
        kg_covered: the 90 % interval of the mass holds the truth.
        class_right: the mass class is right; ``undetermined`` is not.
        class_opposite: light was taken for heavy, or heavy for light.
        naive_right: floor and window of the first sighting's pixel on the facade, as a homography has them, are right.
        parabola_right: floor and window of the same fit without drag are right.
        weighed: size and weight by the light of its pictures.
    """

    floor_error: int | None = None
    floor_withheld: bool = False
    window_right: bool | None = None
    window_in_top3: bool | None = None
    floor_p: float | None = None
    floor_p_right: bool | None = None
    log_velocity_error: float | None = None
    velocity_covered: bool | None = None
    kg_within_factor_2: bool | None = None
    kg_covered: bool | None = None
    class_right: bool | None = None
    class_opposite: bool | None = None
    naive_right: tuple[bool, bool] | None = None
    parabola_right: tuple[bool, bool] | None = None
    weighed: Weighed | None = None


def measure_accuracy(
    fall: Fall,
    first_px: tuple[float, float],
    event: TruthEvent,
    plan: FacadePlan | None,
    located: Located | None = None,
    baselines: bool = True,
    photometry: Photometry | None = None,
) -> Accuracy:
    """Compare one finding with its event.

    Args:
        fall: the finding's, fitted with a calibrated camera.
        first_px: its first sighting, pixels of that frame.
        event: what really fell.
        plan: the facade, or None.
        located: its origin, where that is known already.
        photometry: what its pictures say of its size, where they were looked at.
        baselines: whether to ask what a parabola would have said, which takes as long as the origin itself.
    """
    located = located or locate(fall, first_px, plan)
    origin, launches = located.origin, located.launches
    ground_m = 0.0 if plan is None else float(plan.floor_edges_m[0])
    result = Accuracy(weighed=compare(fall, launches, photometry, event, ground_m))
    if event.floor is not None and plan is not None:
        by_floor: dict[int, float] = {}
        for chance in origin.candidates:
            by_floor[chance.floor] = by_floor.get(chance.floor, 0.0) + chance.p
        likely = max(by_floor, key=lambda floor: by_floor[floor], default=None)
        result = replace(
            result,
            floor_error=None if origin.floor is None else origin.floor - event.floor,
            floor_withheld=origin.floor is None,
            window_right=_both_right(origin, event)[1] if event.window else None,
            window_in_top3=any((c.floor, c.window) == (event.floor, event.window) for c in origin.candidates[:3])
            if event.window
            else None,
            floor_p=None if likely is None else by_floor[likely],
            floor_p_right=None if likely is None else likely == event.floor,
            naive_right=_naive(fall, event, plan),
            parabola_right=_both_right(locate(fall, first_px, plan, _NO_DRAG).origin, event) if baselines else None,
        )
    true_mps, true_kg = event.terminal_velocity_mps, event.mass_kg
    path = path_draws(fall, launches, ground_m)
    mass = weigh(path, None if photometry is None else light_draws(photometry, len(path.log_terminal)))
    if true_mps is not None:
        velocity, true_class = mass.terminal_velocity, mass_class(true_mps)
        result = replace(
            result,
            log_velocity_error=abs(math.log(velocity.median / true_mps)),
            velocity_covered=velocity.low <= true_mps <= velocity.high,
            class_right=mass.mass_class == true_class,
            class_opposite={mass.mass_class, true_class} == {"light", "heavy"},
        )
    if true_kg is not None:
        result = replace(
            result,
            kg_within_factor_2=abs(math.log(mass.kg.median / true_kg)) <= math.log(_KG_FACTOR),
            kg_covered=mass.kg.low <= true_kg <= mass.kg.high,
        )
    return result


def mass_class(terminal_velocity_mps: float) -> str:
    """The class of a known terminal velocity: light below 8 m/s, heavy above 20 m/s."""
    if terminal_velocity_mps < _LIGHT_MPS:
        return "light"
    return "heavy" if terminal_velocity_mps > _HEAVY_MPS else "medium"


def _both_right(origin: OriginEstimate, event: TruthEvent) -> tuple[bool, bool]:
    floor = origin.floor == event.floor
    return floor, floor and origin.window == event.window


def _naive(fall: Fall, event: TruthEvent, plan: FacadePlan) -> tuple[bool, bool]:
    """What products do: the pixel of the first sighting is looked up on the facade."""
    camera = fall.fit.view.camera
    assert camera is not None
    x_m, y_m = (float(v) for v in camera.on_facade(fall.path.uv_px[:1])[0])
    if not math.isfinite(x_m + y_m):
        return False, False
    window = plan.window_at(x_m)
    floor = plan.floor_at(y_m) == event.floor
    return floor, floor and window is not None and window[1] == event.window


@dataclass(frozen=True, slots=True)
class AccuracyTotal:
    """Origin and weight, over the events found in calibrated clips; the fields as in :class:`Accuracy`.

    Attributes:
        certainty: for each of :data:`CERTAINTIES`, how often the most probable floor was right where it was said to be
            that probable, and the mean probability said.
    """

    floor_exact: Share
    floor_within_one: Share
    floors_withheld: int
    window_exact: Share
    window_in_top3: Share
    naive_floor: Share
    naive_window: Share
    parabola_floor: Share
    parabola_window: Share
    certainty: tuple[tuple[float, Share], ...]
    log_velocity_error: Spread
    velocity_covered: Share
    kg_within_factor_2: Share
    kg_covered: Share
    class_exact: Share
    class_opposite: Share
    weight: tuple[WeightBand, ...]

    @classmethod
    def of(cls, results: Sequence[Accuracy]) -> AccuracyTotal:
        """Add up."""
        errors = [a.floor_error for a in results if a.floor_error is not None]
        withheld = sum(a.floor_withheld for a in results)
        questions = len(errors) + withheld
        return cls(
            floor_exact=Share.of(sum(e == 0 for e in errors), questions),
            floor_within_one=Share.of(sum(abs(e) <= 1 for e in errors), questions),
            floors_withheld=withheld,
            window_exact=_share(a.window_right for a in results),
            window_in_top3=_share(a.window_in_top3 for a in results),
            naive_floor=_share(a.naive_right and a.naive_right[0] for a in results),
            naive_window=_share(a.naive_right and a.naive_right[1] for a in results),
            parabola_floor=_share(a.parabola_right and a.parabola_right[0] for a in results),
            parabola_window=_share(a.parabola_right and a.parabola_right[1] for a in results),
            certainty=tuple(_certainty(results, low, high) for low, high in CERTAINTIES),
            log_velocity_error=Spread.of([a.log_velocity_error for a in results if a.log_velocity_error is not None]),
            velocity_covered=_share(a.velocity_covered for a in results),
            kg_within_factor_2=_share(a.kg_within_factor_2 for a in results),
            kg_covered=_share(a.kg_covered for a in results),
            class_exact=_share(a.class_right for a in results),
            class_opposite=_share(a.class_opposite for a in results),
            weight=weight_bands([a.weighed for a in results if a.weighed is not None]),
        )


def _share(answers: Iterable[bool | None]) -> Share:
    verdicts = [bool(value) for value in answers if value is not None]
    return Share.of(sum(verdicts), len(verdicts))


def _certainty(results: Sequence[Accuracy], low: float, high: float) -> tuple[float, Share]:
    group = [a for a in results if a.floor_p is not None and low <= a.floor_p < high]
    claimed = sum(a.floor_p or 0.0 for a in group) / len(group) if group else 0.0
    return claimed, _share(a.floor_p_right for a in group)
