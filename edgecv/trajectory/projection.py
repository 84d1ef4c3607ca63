"""The camera of a fit: its frame, the direction of gravity in it, and the uncertainty of both.

Camera frame as OpenCV's: x right, y down, z forward. A calibrated camera knows everything; an uncalibrated one assumes
a nominal focal length and leaves its elevation and roll to the fit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecv.geometry.camera import PinholeCamera
from edgecv.trajectory.settings import TrajectorySettings

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class View:
    """A camera as the fit needs it.

    Attributes:
        focal_px: focal length, pixels.
        center_px: principal point ``(cx, cy)``.
        elevation_rad: mean and spread of the angle above the horizon; spread 0 where it is known.
        roll_rad: mean and spread of the rotation about the optical axis.
        camera: the calibrated camera, or None.
    """

    focal_px: float
    center_px: tuple[float, float]
    elevation_rad: tuple[float, float]
    roll_rad: tuple[float, float]
    camera: PinholeCamera | None = None

    @classmethod
    def uncalibrated(cls, picture_size_px: tuple[int, int], settings: TrajectorySettings) -> View:
        """A nominal camera for a picture of this size."""
        w, h = picture_size_px
        mean, spread = np.radians(settings.elevation_deg)
        return cls(
            focal_px=settings.nominal_focal * max(w, h),
            center_px=((w - 1) / 2.0, (h - 1) / 2.0),
            elevation_rad=(float(mean), float(spread)),
            roll_rad=(0.0, float(np.radians(settings.roll_sd_deg))),
        )

    @classmethod
    def calibrated(cls, camera: PinholeCamera) -> View:
        """A camera whose pose is known; lens distortion is removed from the path before the fit."""
        down = camera.rotation @ np.array([0.0, -1.0, 0.0])
        elevation = float(np.arcsin(np.clip(-down[2], -1.0, 1.0)))
        roll = float(np.arctan2(down[0], down[1]))
        return cls(camera.focal_px, camera.center_px, (elevation, 0.0), (roll, 0.0), camera)

    def facing(self, pixels: Float64) -> View:
        """The same view with a frame that faces the middle of pixels ``(n, 2)``, where the lens is a fisheye."""
        if self.camera is None or not self.camera.is_fisheye:
            return self
        return View.calibrated(self.camera.facing(pixels.mean(axis=0)))

    def axes(self, elevation_rad: Float64, roll_rad: Float64) -> tuple[Float64, Float64, Float64]:
        """Unit vectors ``(b, 3)`` in the camera frame: right (level), down (gravity), ahead (level, outwards).

        Derived by turning the level frame about x by the elevation and then about z by the roll.
        """
        ce, se = np.cos(elevation_rad), np.sin(elevation_rad)
        cr, sr = np.cos(roll_rad), np.sin(roll_rad)
        zero = np.zeros_like(ce)
        right = np.stack([cr, -sr, zero], axis=-1)
        down = np.stack([sr * ce, cr * ce, -se], axis=-1)
        ahead = np.stack([sr * se, cr * se, ce], axis=-1)
        return right, down, ahead

    def project(self, positions_m: Float64) -> Float64:
        """Pixels ``(..., 2)`` of points ``(..., 3)`` in the camera frame, without lens distortion.

        Points at or behind the camera are put far outside the picture instead of raising, so that the fit turns back.
        """
        z = np.maximum(positions_m[..., 2], 0.05)
        u = self.center_px[0] + self.focal_px * positions_m[..., 0] / z
        v = self.center_px[1] + self.focal_px * positions_m[..., 1] / z
        return np.stack([u, v], axis=-1)

    def depth_prior_m(self, first_px: Float64, settings: TrajectorySettings) -> tuple[float, float]:
        """Median depth along the optical axis of the first sighting, and the spread of its logarithm.

        A calibrated camera knows the facade: an object is seen first just in front of it. Otherwise only gravity tells.
        """
        if self.camera is None:
            return settings.distance_m
        direction = self.camera.ray(first_px[None])[0]
        centre = np.asarray(self.camera.position_m)
        standoff, spread = settings.standoff_m
        if direction[2] > -0.05 or centre[2] < standoff + 1.0:  # the ray misses the facade
            return settings.distance_m
        along = (standoff - centre[2]) / direction[2]
        depth = float((self.camera.rotation @ (along * direction))[2])
        return max(depth, 0.5), float(spread / (centre[2] - standoff))

    def undistort(self, pixels: Float64) -> Float64:
        """Pixels ``(n, 2)`` with the lens distortion of a calibrated camera removed."""
        if self.camera is None:
            return pixels
        rays = self.camera.ray(pixels) @ self.camera.rotation.T
        return self.project(rays)

    def distort(self, pixels: Float64) -> Float64:
        """The reverse of :meth:`undistort`."""
        if self.camera is None:
            return pixels
        plane = np.concatenate([(pixels - np.array(self.center_px)) / self.focal_px, np.ones((len(pixels), 1))], axis=1)
        return self.camera.project(plane @ self.camera.rotation + np.asarray(self.camera.position_m))
