"""Points marked on a page, solved: lines to draw over the picture, how good it is, or why it cannot be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from edgecv.calibration.camera import HeightDoubt, height_doubt, solved_of
from edgecv.calibration.control_points import MarkedPoint, PointsFile, in_metres
from edgecv.calibration.overlay import FaceOverlay, overlay_of
from edgecv.config import Calibration
from edgecv.config.calibration import Point
from edgecv.config.load import validated
from edgecv.config.yaml_document import Document
from edgecv.errors import ConfigError
from edgecv.geometry import FacadePlan, SolvedCamera
from edgecv.geometry.facade import WindowSpan
from edgecv.messages import calibration as messages
from edgecv.messages import joined

_SAME_M = 0.006  # files hold millimetres


@dataclass(frozen=True, slots=True)
class Marks:
    """What somebody marked.

    Attributes:
        points: in metres, or by floor and window.
        distortion: of the lens, where something told it.
        focal_px: None to solve for it.
        verticals: edges that are vertical.
    """

    points: tuple[MarkedPoint, ...]
    distortion: tuple[float, float, float, float, float] = (0.0, 0.0, 0.0, 0.0, 0.0)
    focal_px: float | None = None
    verticals: tuple[tuple[tuple[float, float], tuple[float, float]], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """A calibration that stands: what will be written, and what it looks like."""

    calibration: Calibration
    solved: SolvedCamera
    overlay: tuple[FaceOverlay, ...]
    doubt: HeightDoubt
    errors_px: tuple[float, ...] = field(default=())


def calibration_of(marks: Marks, size: tuple[int, int], plan: FacadePlan) -> Calibration:
    """What was marked, as a calibration.

    Raises:
        ConfigError: says what is wrong with which point.
    """
    document = Document(
        Path("calibration"),
        data={
            "image_size": list(size),
            "points": in_metres(marks.points, plan, lambda n, why: messages.OF_POINT(point=n + 1, why=why)),
            "distortion": list(marks.distortion),
            "focal_px": marks.focal_px,
            "verticals": [list(pair) for pair in marks.verticals],
        },
    )
    calibration = validated(document, Calibration)
    if calibration is None or document.problems:
        raise ConfigError(joined(_of_point(problem.at, problem.text) for problem in document.problems))
    return calibration


def solve(marks: Marks, size: tuple[int, int], plan: FacadePlan) -> Solution:
    """Solve what was marked.

    Raises:
        ConfigError: why no camera explains it.
    """
    calibration = calibration_of(marks, size, plan)
    solved = solved_of(calibration, plan)
    errors = tuple(float(e) for e in np.nan_to_num(solved.errors_px, nan=1e4))
    return Solution(calibration, solved, overlay_of(solved.camera, plan), height_doubt(solved, plan), errors)


def marked(calibration: Calibration, plan: FacadePlan) -> Marks:
    """A calibration's points, told by floor and window where they are such."""
    return Marks(
        tuple(_marked_point(point, plan) for point in calibration.points),
        calibration.distortion,
        calibration.focal_px,
        calibration.verticals,
    )


def read_marks(points: Sequence[object], rest: dict[str, object]) -> Marks:
    """What a page sends.

    Raises:
        ConfigError: it is not points.
    """
    document = Document(Path("calibration"), data={"points": list(points), **rest})
    marks = validated(document, PointsFile)
    if marks is None:
        raise ConfigError(joined(_of_point(problem.at, problem.text) for problem in document.problems))
    return Marks(marks.points, marks.distortion, marks.focal_px, marks.verticals)


def _marked_point(point: Point, plan: FacadePlan) -> MarkedPoint:
    plain = MarkedPoint(pixel=point.pixel, facade=point.facade, depth=point.depth, of=point.of)
    x, y = point.facade
    floor = plan.floor_at(y)
    edge = _edge(plan.windows, x)
    if point.of is not None or floor is None or edge is None:
        return plain
    above = round(y - plan.floor_span_m(floor)[0], 3)
    window, side = edge
    return MarkedPoint.model_validate(
        {
            "pixel": point.pixel,
            "floor": plan.floor_names[floor - 1],
            "window": window.name,
            "side": side,
            "above": above,
            "depth": point.depth,
        }
    )


def _edge(windows: Sequence[WindowSpan], x_m: float) -> tuple[WindowSpan, str] | None:
    for window in windows:
        for side, edge in (("left", window.left_m), ("right", window.right_m)):
            if abs(edge - x_m) < _SAME_M:
                return window, side
    return None


def _of_point(at: Sequence[str | int], problem: str) -> str:
    """A problem and where it stands, as people count."""
    if len(at) > 1 and at[0] == "points" and isinstance(at[1], int):
        return messages.OF_POINT(point=at[1] + 1, why=f"{at[2]} {problem}" if len(at) > 2 else problem)
    return f"{at[0]} {problem}" if at else problem
