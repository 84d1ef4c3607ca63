"""Sightings of several cameras as arrays, in order of time, with what each camera projects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edgecv.joint.camera_path import CameraPath
from edgecv.joint.settings import JointSettings
from edgecv.trajectory.launch_problem import sighting_errors
from edgecv.trajectory.settings import TrajectorySettings

Float64 = NDArray[np.float64]
_NEAREST_M = 0.2  # nothing is nearer to a camera than this
_OUTLIER_MEDIANS = 7.5
"""Medians of a camera's residuals beyond which a sighting belongs to something else: five deviations."""
_LEAST_OUTLIER = 1.2
"""Of the errors that hold for the worst, beyond which alone it may: a pixel."""
_FREED = 3.0
"""Deviation that is left to it, in units of how far it is off: a third of a deviation decides nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class SharedSightings:
    """Sightings of ``c + 1`` cameras.

    Attributes:
        camera: ``(n,)`` which one's it is.
        by_clock_s: ``(n,)`` shared time by that camera's clock.
        uv_px: ``(n, 2)`` pixels, lens distortion removed.
        sd_px: ``(n, 2)`` independent error of each coordinate.
        tumble_px: ``(n, 2)`` lasting error of each coordinate.
        focal_px: ``(n,)``.
        center_px: ``(n, 2)``.
        rotation: ``(n, 3, 3)`` world to camera.
        position_m: ``(n, 3)`` of the camera.
        partners: number of further cameras ``c``.
    """

    camera: NDArray[np.intp]
    by_clock_s: Float64
    uv_px: Float64
    sd_px: Float64
    tumble_px: Float64
    focal_px: Float64
    center_px: Float64
    rotation: Float64
    position_m: Float64
    partners: int

    @classmethod
    def of(
        cls, paths: Sequence[CameraPath], settings: TrajectorySettings, joint_settings: JointSettings
    ) -> SharedSightings:
        """Put the paths' sightings together, those of long paths thinned out."""
        parts = [
            cls._of_camera(number, path, settings, joint_settings.max_points, len(paths) - 1)
            for number, path in enumerate(paths)
        ]
        arrays = {name: np.concatenate([getattr(part, name) for part in parts]) for name in cls._arrays()}
        return cls(**arrays, partners=len(paths) - 1)

    @classmethod
    def _arrays(cls) -> list[str]:
        return [name for name in cls.__dataclass_fields__ if name != "partners"]

    @classmethod
    def _of_camera(
        cls, number: int, path: CameraPath, settings: TrajectorySettings, most: int, partners: int
    ) -> SharedSightings:
        seen, camera = path.fall.path, path.camera
        rows = np.unique(np.linspace(0, len(seen.t_s) - 1, most).round().astype(np.intp))
        sd, tumble = sighting_errors(seen, settings)
        n = len(rows)
        return cls(
            camera=np.full(n, number, np.intp),
            by_clock_s=seen.t_s[rows] + path.ahead_s,
            uv_px=path.fall.fit.view.undistort(seen.uv_px)[rows],
            sd_px=sd[rows],
            tumble_px=tumble[rows],
            focal_px=np.full(n, camera.focal_px),
            center_px=np.tile(np.asarray(camera.center_px), (n, 1)),
            rotation=np.tile(camera.rotation, (n, 1, 1)),
            position_m=np.tile(camera.position_m, (n, 1)),
            partners=partners,
        )

    def ordered(self, clocks_s: Float64) -> SharedSightings:
        """The same in order of time by these clocks ``(c,)``."""
        return self.subset(np.argsort(self.times_s(clocks_s), kind="stable"))

    def subset(self, rows: NDArray[np.intp]) -> SharedSightings:
        """Some of them."""
        return replace(self, **{name: getattr(self, name)[rows] for name in self._arrays()})

    def some_of(self, number: int, most: int) -> NDArray[np.intp]:
        """Rows of at most so many sightings of a camera, evenly spread."""
        rows = np.flatnonzero(self.camera == number)
        return rows[np.unique(np.linspace(0, len(rows) - 1, most).round().astype(np.intp))]

    def scaled(self, number: int, factor: float) -> SharedSightings:
        """The same with the errors of one camera times a factor."""
        factors = np.where(self.camera == number, factor, 1.0)[:, None]
        return replace(self, sd_px=self.sd_px * factors, tumble_px=self.tumble_px * factors)

    def without_outliers(self, residuals_px: Float64) -> SharedSightings:
        """The same with larger errors of those ``(n, 2)`` that nothing explains: they must not be taken for wind.

        Each camera is judged by its own scatter: a first sighting at the hand, 3 px off, is flutter to a sharp lens.
        """
        off = np.abs(residuals_px)
        usual = np.array([np.median(off[self.camera == number]) for number in range(self.partners + 1)])
        limit = np.maximum(_LEAST_OUTLIER * self.sd_px, _OUTLIER_MEDIANS * usual[self.camera][:, None])
        return replace(self, sd_px=np.where(off > limit, _FREED * off, self.sd_px))

    def times_s(self, clocks_s: Float64) -> Float64:
        """Shared times ``(n,)`` with partners' clocks ``(c,)`` put right."""
        return np.asarray(self.by_clock_s + np.concatenate([[0.0], clocks_s])[self.camera], np.float64)

    def clock_columns(self) -> Float64:
        """Derivatives ``(n, c)`` of those times by the clocks."""
        return np.asarray(self.camera[:, None] == np.arange(1, self.partners + 1), np.float64)

    def camera_columns(self) -> Float64:
        """``(2n, 2 (c + 1))`` 1 where a row, u and v in turn, is a coordinate of a camera."""
        own = np.asarray(self.camera[:, None] == np.arange(self.partners + 1), np.float64)
        return np.asarray(np.kron(own, np.eye(2)), np.float64)

    def same_camera(self) -> Float64:
        """``(n, n)`` 1 where two sightings are of one camera."""
        return np.asarray(self.camera[:, None] == self.camera, np.float64)

    def project(self, positions_m: Float64) -> tuple[Float64, Float64]:
        """Pixels ``(n, 2)`` of a place ``(n, 3)`` for each sighting, and pixels ``(n, 2, 3)`` that a metre moves it."""
        local = np.einsum("nij,nj->ni", self.rotation, positions_m - self.position_m)
        depth = np.maximum(local[:, 2:], _NEAREST_M)
        flat = local[:, :2] / depth
        per_m = (self.focal_px[:, None] / depth)[:, :, None] * (
            self.rotation[:, :2] - flat[:, :, None] * self.rotation[:, 2:]
        )
        return self.center_px + self.focal_px[:, None] * flat, per_m
