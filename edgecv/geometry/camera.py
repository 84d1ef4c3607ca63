"""A camera with OpenCV's lens distortion or fisheye model, standing before a facade.

World: X right along the facade, Y up, Z out of the facade towards the camera; metres; the facade is the plane Z = 0.
Camera frame as OpenCV's: x right, y down, z forward.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecv.geometry.fisheye import angle_of, radius_of, widest_angle
from edgecv.native import AVAILABLE, lib, pointer

Float64 = NDArray[np.float64]
_ROUNDS = 40
_FISHEYE_NUMBERS = 4
_SETTLED = 1e-15  # of the normalised plane: what rounding leaves


@dataclass(frozen=True, slots=True, eq=False)
class PinholeCamera:
    """A calibrated camera.

    Attributes:
        focal_px: focal length, pixels (square pixels).
        center_px: principal point ``(cx, cy)``.
        rotation: ``(3, 3) float64`` proper rotation, world to camera frame.
        position_m: ``(3,) float64`` of the camera in the world.
        distortion: ``(5,) float64`` OpenCV's k1, k2, p1, p2, k3; of a fisheye ``(4,)`` its k1 to k4.
        lens_turn: ``(3, 3) float64`` from the camera frame to the lens's, where :meth:`facing` has turned the one away
            from the other; None for none.
    """

    focal_px: float
    center_px: tuple[float, float]
    rotation: Float64
    position_m: Float64
    distortion: Float64
    lens_turn: Float64 | None = None

    @property
    def is_fisheye(self) -> bool:
        """Whether the lens follows OpenCV's fisheye model: radius by angle, which knows no limit at 90 degrees."""
        return len(self.distortion) == _FISHEYE_NUMBERS

    @property
    def matrix(self) -> Float64:
        """``(3, 3)`` camera matrix."""
        cx, cy = self.center_px
        return np.array([[self.focal_px, 0.0, cx], [0.0, self.focal_px, cy], [0.0, 0.0, 1.0]])

    @property
    def elevation_deg(self) -> float:
        """How far above the horizon the optical axis points."""
        return float(np.degrees(np.arcsin(np.clip(self.rotation[2, 1], -1.0, 1.0))))

    def project(self, points_m: Float64) -> Float64:
        """Pixels ``(..., 2)`` of world points ``(..., 3)``; NaN for points that the lens cannot see.

        Those are behind the camera, or so far to the side that the lens model folds them back into the picture.
        """
        points = np.asarray(points_m, np.float64)
        flat = (points.reshape(-1, 3) - self.position_m) @ self.rotation.T
        if self.is_fisheye:
            return self._through_fisheye(flat).reshape(*points.shape[:-1], 2)
        with np.errstate(divide="ignore", invalid="ignore"):
            ahead = (flat[:, 2] > 1e-6) & (np.hypot(flat[:, 0], flat[:, 1]) / flat[:, 2] < self._widest())
        pixels = np.full((len(flat), 2), np.nan)
        if ahead.any():
            normal = flat[ahead] / flat[ahead, 2:]
            projected, _ = cv2.projectPoints(normal[:, None], np.zeros(3), np.zeros(3), self.matrix, self.distortion)
            pixels[ahead] = projected.reshape(-1, 2)
        return pixels.reshape(*points.shape[:-1], 2)

    def ray(self, pixels: Float64) -> Float64:
        """Unit directions ``(..., 3)`` in the world of pixels ``(..., 2)``, lens distortion removed."""
        pixels = np.asarray(pixels, np.float64)
        flat = (pixels.reshape(-1, 2) - np.asarray(self.center_px)) / self.focal_px
        if self.is_fisheye:
            return np.asarray((self._fisheye_rays(flat) @ self.rotation).reshape(*pixels.shape[:-1], 3), np.float64)
        plane = self._undistorted(flat)
        direction = np.concatenate([plane, np.ones((len(plane), 1))], axis=1) @ self.rotation
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        return np.asarray(direction.reshape(*pixels.shape[:-1], 3), np.float64)

    def seen_from(self, origin_m: tuple[float, float, float], turn_deg: float) -> PinholeCamera:
        """The same camera in the coordinates of another plane.

        Args:
            origin_m: where that plane's X = 0, Y = 0 stands in the present coordinates.
            turn_deg: by how much it is turned about the vertical, anticlockwise as seen from above; at 90 it faces
                along the present X.
        """
        turn = np.radians(turn_deg)
        axes = np.array([[np.cos(turn), 0.0, -np.sin(turn)], [0.0, 1.0, 0.0], [np.sin(turn), 0.0, np.cos(turn)]])
        moved = axes @ (self.position_m - np.asarray(origin_m))
        return replace(self, rotation=self.rotation @ axes.T, position_m=moved)

    def facing(self, pixel: Float64) -> PinholeCamera:
        """The same camera with a frame whose z points at what a fisheye shows at a pixel ``(2,)``.

        A straight picture of a fisheye's would be stretched many times at its rim; one that faces what is measured is
        true to its scale there. Any other camera is returned as it is.
        """
        if not self.is_fisheye:
            return self
        lens_turn = np.eye(3) if self.lens_turn is None else self.lens_turn
        ahead = self.rotation @ self.ray(pixel)
        across = np.cross([0.0, 0.0, 1.0], ahead)
        sine = float(np.linalg.norm(across))
        angle = float(np.arctan2(sine, ahead[2]))
        back = np.asarray(cv2.Rodrigues(across / max(sine, 1e-12) * -angle)[0], np.float64)
        return replace(self, rotation=back @ self.rotation, lens_turn=lens_turn @ back.T)

    def framed_like(self, other: PinholeCamera) -> PinholeCamera:
        """The same camera in the frame in which the same lens was turned by :meth:`facing` elsewhere."""
        if other.lens_turn is None:
            return self
        rotation = self.rotation if self.lens_turn is None else self.lens_turn @ self.rotation
        return replace(self, rotation=other.lens_turn.T @ rotation, lens_turn=other.lens_turn)

    def moved(
        self, turn: Float64, shift_m: Float64, log_focal: float, distortion: Float64 | None = None
    ) -> PinholeCamera:
        """The camera turned, shifted and zoomed a little.

        Args:
            turn: ``(3,)`` rotation vector in the camera frame, rad.
            shift_m: ``(3,)`` in the world.
            log_focal: change of the focal length's logarithm.
            distortion: ``(5,)`` another lens; None for the same.
        """
        return replace(
            self,
            focal_px=self.focal_px * float(np.exp(log_focal)),
            rotation=np.asarray(cv2.Rodrigues(turn)[0], np.float64) @ self.rotation,
            position_m=self.position_m + shift_m,
            distortion=self.distortion if distortion is None else distortion,
        )

    def _through_fisheye(self, local: Float64) -> Float64:
        """Pixels ``(n, 2)`` of points ``(n, 3)`` in the camera frame; NaN beyond the angle at which the model folds."""
        if self.lens_turn is not None:
            local = local @ self.lens_turn.T
        across = np.hypot(local[:, 0], local[:, 1])
        angle = np.arctan2(across, local[:, 2])
        angle = np.where(angle < widest_angle(self.distortion), angle, np.nan)
        scale = self.focal_px * radius_of(angle, self.distortion) / np.maximum(across, 1e-12)
        return np.asarray(np.asarray(self.center_px) + local[:, :2] * scale[:, None], np.float64)

    def _fisheye_rays(self, plane: Float64) -> Float64:
        """Unit directions ``(n, 3)`` in the camera frame of points ``(n, 2)`` of the picture over the focal length."""
        radius = np.linalg.norm(plane, axis=1)
        angle = angle_of(radius, self.distortion)
        sideways = np.where(radius > 1e-9, np.sin(angle) / np.maximum(radius, 1e-9), 1.0)
        local = np.column_stack([plane * sideways[:, None], np.cos(angle)])
        return local if self.lens_turn is None else local @ self.lens_turn

    def _widest(self) -> float:
        """Radius on the normalised plane at which the radial lens model stops growing."""
        k1, k2, _, _, k3 = self.distortion
        radius = np.linspace(0.0, 4.0, 401)
        r2 = radius * radius
        slope = 1.0 + r2 * (3.0 * k1 + r2 * (5.0 * k2 + r2 * 7.0 * k3))
        folded = np.flatnonzero(slope <= 0.05)
        return float(radius[folded[0]]) if len(folded) else np.inf

    def _undistorted(self, distorted: Float64, *, compiled: bool = AVAILABLE) -> Float64:
        """Invert the lens model (Brown-Conrady, as OpenCV) on the normalised plane ``(n, 2)``, by fixed point."""
        if not np.any(self.distortion):
            return distorted
        if compiled:
            points, lens = (np.ascontiguousarray(array, np.float64) for array in (distorted, self.distortion))
            plane = np.empty_like(points)
            lib.edgecv_undistort(len(points), pointer(points), pointer(lens), _ROUNDS, _SETTLED, pointer(plane))
            return plane
        k1, k2, p1, p2, k3 = self.distortion
        plane = distorted.copy()
        for _ in range(_ROUNDS):
            x, y = plane[:, 0], plane[:, 1]
            r2 = x * x + y * y
            radial = 1.0 + r2 * (k1 + r2 * (k2 + r2 * k3))
            dx = 2.0 * p1 * x * y + p2 * (r2 + 2.0 * x * x)
            dy = p1 * (r2 + 2.0 * y * y) + 2.0 * p2 * x * y
            before, plane = plane, (distorted - np.stack([dx, dy], axis=1)) / radial[:, None]
            if np.abs(plane - before).max(initial=0.0) < _SETTLED:
                break
        return plane

    def on_facade(self, pixels: Float64) -> Float64:
        """Facade (X, Y) ``(..., 2)`` at which the rays of pixels ``(..., 2)`` meet Z = 0; NaN where they miss."""
        direction = self.ray(pixels)
        with np.errstate(divide="ignore", invalid="ignore"):
            along = -self.position_m[2] / direction[..., 2]
        point = self.position_m + along[..., None] * direction
        return np.where((along > 0)[..., None], point[..., :2], np.nan)


def looking_at(
    position_m: tuple[float, float, float],
    target_m: tuple[float, float, float],
    focal_px: float,
    image_size: tuple[int, int],
    distortion: tuple[float, float, float, float, float] = (0.0, 0.0, 0.0, 0.0, 0.0),
) -> PinholeCamera:
    """Return a camera at ``position_m`` with a level horizon that looks at ``target_m``; ``image_size`` is (w, h)."""
    position = np.asarray(position_m, np.float64)
    forward = np.asarray(target_m, np.float64) - position
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, [0.0, 1.0, 0.0])
    right /= np.linalg.norm(right)
    down = np.cross(forward, right)
    center = ((image_size[0] - 1) / 2.0, (image_size[1] - 1) / 2.0)
    return PinholeCamera(
        focal_px, center, np.stack([right, down, forward]), position, np.asarray(distortion, np.float64)
    )
