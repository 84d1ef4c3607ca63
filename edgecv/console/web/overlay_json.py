"""Marks and solutions as the calibration page takes them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgecv.console.cameras.calibration_service import Marks, Solution
from edgecv.console.web.language import Language
from edgecv.console.web.translatable import N_

_MEANINGS = (
    (1.0, N_("very good: the lines lie where the points say, to a pixel")),
    (2.0, N_("good: about as exactly as anybody marks points")),
    (3.0, N_("usable, but one or more points are marked inexactly; the largest errors are in the list")),
)
_FAR_PX = 20_000.0


def marks_json(marks: Marks) -> dict[str, Any]:
    """Points and what else was known."""
    return {
        "points": [point.model_dump(mode="json", exclude_none=True) for point in marks.points],
        "distortion": list(marks.distortion),
        "focal_px": marks.focal_px,
        "verticals": [[list(a), list(b)] for a, b in marks.verticals],
    }


def solution_json(solution: Solution, language: Language) -> dict[str, Any]:
    """Lines to draw, where the points should be, and how good it is in words."""
    solved = solution.solved
    pose = solved.camera
    points = solution.calibration.points
    say = language.text
    meaning = next((text for limit, text in _MEANINGS if solved.rms_px < limit), _MEANINGS[-1][1])
    doubt = solution.doubt
    words = [
        say(N_("Reprojection error %(px)s px: %(meaning)s.")) % {"px": f"{solved.rms_px:.2f}", "meaning": say(meaning)},
        say(N_("Heights are known to %(m)s m or better (in 9 of 10 cases).")) % {"m": f"{doubt.off_m:.2f}"},
        say(N_("The camera is %(away)s m from the facade and looks up %(up)s°."))
        % {"away": f"{pose.position_m[2]:.1f}", "up": f"{pose.elevation_deg:.0f}"},
    ]
    if doubt.half_a_floor:
        words.append(say(N_("That is half a floor or more: add points near the top and the bottom of the facade.")))
    if not solved.focal_determined:
        words.append(say(N_("The points cannot tell the focal length; it is assumed. Points far to the side help.")))
    if len(points) == 4:
        words.append(say(N_("Four points always fit; a fifth and more would show whether one is wrong.")))
    return {
        "rms_px": round(solved.rms_px, 3),
        "words": words,
        "errors_px": [round(error, 2) for error in solution.errors_px],
        "floors": [
            {"name": line.name, "path": _pixels(line.pixels), "label": line.label and _rounded(line.label)}
            for face in solution.overlay
            for line in face.floors
            if _is_near(line.pixels)
        ],
        "frames": [_pixels(w.corners) for face in solution.overlay for w in face.windows if _is_near(w.corners)],
    }


def _pixels(pixels: NDArray[np.float64]) -> list[list[float]]:
    return [_rounded((float(x), float(y))) for x, y in pixels]


def _rounded(pixel: tuple[float, float]) -> list[float]:
    return [round(pixel[0], 1), round(pixel[1], 1)]


def _is_near(pixels: NDArray[np.float64]) -> bool:
    return bool(np.abs(pixels).max() < _FAR_PX)
