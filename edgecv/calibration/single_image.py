"""From a still's window grid to a calibration: the camera, its lens and the places of the window columns together."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from edgecv.calibration.grid import WindowGrid
from edgecv.config import Calibration
from edgecv.errors import ConfigError
from edgecv.geometry import FacadePlan, PinholeCamera, solve_camera
from edgecv.geometry.facade import WindowSpan
from edgecv.messages import calibration as messages

Float64 = NDArray[np.float64]
_FOCAL_SD = 0.25  # of the logarithm of a focal length that vanishing points told
_LENS_SD = 0.1
_COLUMN_SD = 0.3  # metres, of a column's place in the rectified picture
_NOISE_PX = 1.0
_FAR_OFF_PX = 4.0  # a window this far from where the grid has it is not one of its windows
_SILL_M, _BELOW = 0.9, 0.75  # a usual sill; how much of the wall between two windows is below the upper one
_BESIDE_M = 0.35  # how far a found column may be from the listed window that it is taken for
_MATCHED = 0.7  # of the found columns, that must be listed windows
_CLEARLY = 0.5  # columns, by which the best match must beat another
_STRETCH = 1.35  # how far a found grid may be stretched sideways to fit the listed windows


@dataclass(frozen=True, slots=True, eq=False)
class StillResult:
    """A calibration from a still.

    Attributes:
        calibration: to be written.
        windows: the found columns, metres; named as listed where they were.
        matched: whether the columns are those the box lists.
        floors: 1-based numbers of the lowest and highest floor whose windows were found.
        found: how many windows were.
    """

    calibration: Calibration
    windows: tuple[WindowSpan, ...]
    matched: bool
    floors: tuple[int, int]
    found: int


def calibrate_from_grid(
    grid: WindowGrid,
    image_size: tuple[int, int],
    plan: FacadePlan,
    lowest_floor: int,
    sill_m: float | None = None,
    focal_px: float | None = None,
) -> StillResult:
    """Fit a camera to a window grid.

    Args:
        grid: what was found.
        image_size: ``(width, height)``.
        plan: floors and, where they are known, windows.
        lowest_floor: 1-based number of the floor that the grid's lowest row is on.
        sill_m: how high the lowest sills are above their floor; None for 0.9, less where windows are too tall for it.
        focal_px: where it is known.

    Raises:
        ConfigError: more rows than the facade has floors above that one, or no camera that explains the grid.
    """
    rows, columns = grid.pixels.shape[:2]
    highest = lowest_floor + rows - 1
    if not 1 <= lowest_floor <= plan.floor_count or highest > plan.floor_count:
        raise ConfigError(messages.ROWS_BEYOND(rows=rows, lowest=lowest_floor, floor=highest, floors=plan.floor_count))
    feet = np.array([plan.floor_span_m(lowest_floor + r)[0] for r in range(rows)])
    floor_m = float(np.diff([*feet, plan.floor_span_m(highest)[1]]).mean())
    across = grid.across * floor_m
    spans = _listed(across, plan.windows)
    middle = across.mean(axis=1)
    pixels_of = grid.pixels
    if spans is not None:
        is_listed = np.array([span is not None for span in spans])
        middle = np.array([0.0 if span is None else (span.left_m + span.right_m) / 2.0 for span in spans])
        pixels_of = np.where(is_listed[None, :, None], grid.pixels, np.nan)
    if sill_m is None:
        sill_m = min(_SILL_M, _BELOW * (1.0 - float(np.median(grid.upwards[:, 1]))) * floor_m)
    upwards = sill_m + grid.upwards.mean(axis=1) * floor_m
    row, column = np.nonzero(np.isfinite(pixels_of[..., 0]))
    places = np.stack([middle[column], feet[row] + upwards[column]], axis=1)
    pixels = pixels_of[row, column]
    camera, offsets = _fit(pixels, places, column, columns, grid, image_size, focal_px, spans is not None)
    places[:, 0] += offsets[column]
    near = np.linalg.norm(camera.project(np.column_stack([places, np.zeros(len(places))])) - pixels, axis=1)
    inliers = near < _FAR_OFF_PX
    if inliers.sum() < max(6, 0.6 * len(inliers)):
        raise ConfigError(messages.NO_GRID())
    calibration = Calibration.model_validate(
        {
            "image_size": image_size,
            "points": [
                {"pixel": tuple(np.round(pixel, 2).tolist()), "facade": tuple(np.round(place, 3).tolist())}
                for pixel, place in zip(pixels[inliers], places[inliers], strict=True)
            ],
            # a fisheye is solved from the points whenever they are read
            "distortion": (0.0,) * 5 if camera.is_fisheye else tuple(round(float(k), 6) for k in camera.distortion),
            "focal_px": round(camera.focal_px, 1),
        }
    )
    if spans is None:
        wide = (across[:, 1] - across[:, 0]) / 2.0
        centre = middle + offsets
        names = [f"{n + 1:02d}" for n in range(columns)]
        windows = [WindowSpan(name, float(x - w), float(x + w)) for name, x, w in zip(names, centre, wide, strict=True)]
    else:
        windows = [span for span in spans if span is not None]
    return StillResult(calibration, tuple(windows), spans is not None, (lowest_floor, highest), int(inliers.sum()))


def _fit(
    pixels: Float64,
    places: Float64,
    column: NDArray[np.intp],
    columns: int,
    grid: WindowGrid,
    image_size: tuple[int, int],
    focal_px: float | None,
    listed: bool,
) -> tuple[PinholeCamera, Float64]:
    """Camera, lens and how far each column ``(columns,)`` is from where it was thought, by robust least squares."""
    start = _started(image_size, pixels, places, grid.distortion, focal_px or grid.focal_px)
    focal_sd = 1e-4 if focal_px is not None else 10.0 if listed else _FOCAL_SD
    column_sd = 0.05 if listed else _COLUMN_SD

    def camera_of(x: Float64) -> PinholeCamera:
        lens = start.distortion.copy()
        lens[:2] += x[7:9]
        return start.moved(x[:3], x[3:6], float(x[6]), lens)

    def residuals(x: Float64) -> Float64:
        world = np.column_stack([places[:, 0] + x[9:][column], places[:, 1], np.zeros(len(places))])
        apart = np.nan_to_num(camera_of(x).project(world) - pixels, nan=1e3) / _NOISE_PX
        robust = np.sqrt(2.0 * (np.sqrt(1.0 + np.square(apart)) - 1.0)) * np.sign(apart)
        return np.concatenate([robust.reshape(-1), x[6:7] / focal_sd, x[7:9] / _LENS_SD, x[9:] / column_sd])

    best = least_squares(residuals, np.zeros(9 + columns), x_scale="jac", max_nfev=60)
    return camera_of(best.x), np.asarray(best.x[9:], np.float64)


def _started(
    image_size: tuple[int, int], pixels: Float64, places: Float64, lens: tuple[float, ...], focal_px: float
) -> PinholeCamera:
    """A first camera; the grid need not be exact for it."""
    return solve_camera(image_size, pixels, places, lens, focal_px, most_px=60.0).camera


def _listed(across: Float64, windows: tuple[WindowSpan, ...]) -> list[WindowSpan | None] | None:
    """The listed window that each found column ``(n, 2)`` is, or None for one; None where they cannot be told.

    The columns may be shifted by anything and stretched a little: each pair of columns is tried as each pair of
    windows. Where another shift fits nearly as well, as for a part of an even row, nothing can be told.
    """
    if len(windows) < 2 or len(across) < 2:
        return None
    columns = across.mean(axis=1)
    centres = np.array([(w.left_m + w.right_m) / 2.0 for w in windows])
    scores: dict[tuple[int, ...], float] = {}
    for i, j in combinations(range(len(columns)), 2):
        for m, n in combinations(range(len(centres)), 2):
            stretch = (centres[n] - centres[m]) / (columns[j] - columns[i])
            if not 1.0 / _STRETCH < stretch < _STRETCH:
                continue
            apart = np.abs((centres[m] + stretch * (columns - columns[i]))[:, None] - centres[None, :])
            nearest = np.argmin(apart, axis=1)
            near = apart.min(axis=1)
            nearest[near > _BESIDE_M] = -1
            matches = nearest[nearest >= 0]
            if len(matches) < max(2.0, _MATCHED * len(columns)) or len(set(matches.tolist())) < len(matches):
                continue
            score = len(matches) - 2.0 * abs(float(np.log(stretch))) - float(near[nearest >= 0].mean()) / _BESIDE_M
            key = tuple(nearest.tolist())
            scores[key] = max(score, scores.get(key, -np.inf))
    if not scores:
        return None
    best = max(scores, key=lambda key: scores[key])
    rivals = [score for key, score in scores.items() if _moves(key, best)]
    if rivals and max(rivals) > scores[best] - _CLEARLY:
        return None
    return [windows[n] if n >= 0 else None for n in best]


def _moves(key: tuple[int, ...], best: tuple[int, ...]) -> bool:
    """Whether an assignment takes some column for another window than the best does."""
    return any(a >= 0 and b >= 0 and a != b for a, b in zip(key, best, strict=True))
