"""The facade as if seen from straight in front: a picture of its plane, from the vanishing points of its edges.

Two directions at right angles give the focal length of a camera with square pixels (Caprile & Torre 1990), well where
the facade is seen at a slant, not at all where it is seen square: a usual lens is assumed as far as they leave it open.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecv.calibration.vanishing import VanishingPoints
from edgecv.geometry import PinholeCamera

Float64 = NDArray[np.float64]
Float32 = NDArray[np.float32]
_SQUARE_SD = 0.015  # how far from 0 the cosine of the two directions may be: vanishing points and optical axis err
_USUAL_LENS = (0.8, 0.4)  # focal length in widths of the picture, and the spread of its logarithm
_HEIGHT = 1600  # of the rectified picture
_WIDEST = 3200
_EVERY = 8
_COARSEST = 14.0  # times the finest pixel's height on the facade: beyond it a floor is a few pixels


@dataclass(frozen=True, slots=True, eq=False)
class Rectified:
    """A facade seen from straight in front.

    Attributes:
        camera: one unit in front of the plane; its units are whatever the true distance is.
        grey: ``(h, w) float32``, row 0 on top.
        seen: ``(h, w) float32``, 1 where the picture shows that place.
        left: X of column 0.
        top: Y of row 0.
        step: units for each pixel.
    """

    camera: PinholeCamera
    grey: Float32
    seen: Float32
    left: float
    top: float
    step: float

    def pixels(self, columns: Float64, rows: Float64) -> Float64:
        """Where ``(n,)`` columns and rows of this picture are in the camera's: ``(n, 2)``."""
        plane = [self.left + self.step * columns, self.top - self.step * rows, np.zeros(len(columns))]
        return self.camera.project(np.stack(plane, axis=1))


def rectify(
    grey: NDArray[np.uint8],
    points: VanishingPoints,
    focal_px: float | None = None,
    ignored: NDArray[np.bool_] | None = None,
) -> Rectified:
    """Turn a picture into one of its facade.

    Args:
        grey: ``(h, w)`` the picture.
        points: of the facade's edges.
        focal_px: where it is known.
        ignored: ``(h, w)`` parts of the picture that do not count.
    """
    camera = _camera(points, (grey.shape[1], grey.shape[0]), focal_px)
    height, width = grey.shape
    across, down = np.meshgrid(np.linspace(0, width - 1, 80), np.linspace(0, height - 1, 80))
    plane = camera.on_facade(np.stack([across, down], axis=-1))
    coarse = np.abs(np.gradient(plane[..., 1], axis=0))
    visible = np.isfinite(coarse) & (coarse < _COARSEST * np.nanpercentile(coarse, 2.0))
    left, right = np.percentile(plane[visible][:, 0], [1.0, 99.0])
    bottom, top = plane[visible][:, 1].min(), plane[visible][:, 1].max()
    step = float(top - bottom) / _HEIGHT
    # the lens bends smoothly: every eighth pixel's place, and straight lines between them
    wide = min(int((right - left) / step), _WIDEST) // _EVERY * _EVERY
    columns, rows = np.meshgrid(np.arange(0, wide + 1, _EVERY), np.arange(0, _HEIGHT + 1, _EVERY))
    places = np.stack([left + step * columns, top - step * rows, np.zeros(rows.shape)], axis=-1)
    sparse = np.nan_to_num(camera.project(places), nan=-1e6).astype(np.float32)
    finer = np.meshgrid(np.arange(wide, dtype=np.float32) / _EVERY, np.arange(_HEIGHT, dtype=np.float32) / _EVERY)
    at = cv2.remap(sparse, finer[0], finer[1], cv2.INTER_LINEAR)
    inside = (at[..., 0] > 2) & (at[..., 0] < width - 3) & (at[..., 1] > 2) & (at[..., 1] < height - 3)
    picture = cv2.remap(grey, at[..., 0], at[..., 1], cv2.INTER_LINEAR).astype(np.float32)
    if ignored is not None:
        masked = cv2.remap(ignored.astype(np.uint8), at[..., 0], at[..., 1], cv2.INTER_NEAREST)
        inside &= masked == 0
    return Rectified(camera, picture, inside.astype(np.float32), float(left), float(top), step)


def _camera(points: VanishingPoints, size: tuple[int, int], focal_px: float | None) -> PinholeCamera:
    """A camera one unit in front of the facade."""
    width, height = size
    if focal_px is None:
        tried = width * np.geomspace(0.3, 5.0, 400)
        square = np.array([_direction(points.up, f) @ _direction(points.along, f) for f in tried])
        unusual = (np.log(tried / width) - np.log(_USUAL_LENS[0])) / _USUAL_LENS[1]
        focal_px = float(tried[int(np.argmin(np.square(square / _SQUARE_SD) + np.square(unusual)))])
    up, along = _direction(points.up, focal_px), _direction(points.along, focal_px)
    up, along = up * -np.sign(up[1]), along * np.sign(along[0])
    along -= (along @ up) * up
    along /= np.linalg.norm(along)
    rotation = np.stack([along, up, np.cross(along, up)], axis=1)
    half = float(np.hypot(width, height)) / 2.0
    lens = np.array([*_radial(points.bend, half / focal_px), 0.0, 0.0, 0.0])
    center = ((width - 1) / 2.0, (height - 1) / 2.0)
    return PinholeCamera(focal_px, center, rotation, np.array([0.0, 0.0, 1.0]), lens)


def _direction(point: Float64, focal_px: float) -> Float64:
    """Unit vector in the camera frame towards a homogeneous vanishing point."""
    ray = np.array([point[0], point[1], point[2] * focal_px])
    return np.asarray(ray / np.linalg.norm(ray), np.float64)


def _radial(bend: float, corner: float) -> Float64:
    """OpenCV's k1 and k2 that bend as the division model does up to the corner, ``corner`` focal lengths out."""
    bent = np.linspace(0.02, 1.0, 60)
    straight = bent / (1.0 + bend * np.square(bent)) * corner
    powers = np.stack([straight**3, straight**5], axis=1)
    return np.asarray(np.linalg.lstsq(powers, bent * corner - straight, rcond=None)[0], np.float64)
