"""How a camera sees a facade: where windows and floors lie in its picture."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edgecv.geometry import FacadePlan, PinholeCamera

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class FacadeProjection:
    """How a camera saw its facade, as a calibration says.

    Attributes:
        camera: solved from the calibration, for pictures of this size.
        plan: floors and windows of the facade it is calibrated on, with those beside it.
    """

    camera: PinholeCamera
    plan: FacadePlan

    def face(self, name: str | None) -> tuple[FacadePlan, PinholeCamera]:
        """A facade by name, with the camera in its coordinates; the camera's own where it is not known."""
        faces = self.plan.faces(self.camera)
        return next((face for face in faces if name is not None and face[0].name == name), faces[0])

    def scaled(self, share: float) -> FacadeProjection:
        """The same for pictures ``share`` as wide."""
        camera = self.camera
        cx, cy = camera.center_px
        centre = ((cx + 0.5) * share - 0.5, (cy + 0.5) * share - 0.5)
        scaled_camera = replace(camera, focal_px=camera.focal_px * share, center_px=centre)
        return FacadeProjection(scaled_camera, self.plan)

    @property
    def nearest_px_per_m(self) -> float | None:
        """Pixels a metre where the facade is nearest among what is seen; None where none of it can be seen."""
        most = 0.0
        for plan, camera in self.plan.faces(self.camera):
            left, right = (plan.windows[0].left_m, plan.windows[-1].right_m) if plan.windows else (-1.0, 1.0)
            size = 2.0 * np.array([camera.center_px])  # near enough: the principal point is about the middle
            for height in plan.floor_edges_m[1:]:
                for x in (left, (left + right) / 2.0, right):
                    ends = camera.project(np.array([[x - 0.5, height, 0.0], [x + 0.5, height, 0.0]]))
                    if np.isfinite(ends).all() and (ends >= 0).all() and (ends <= size).all():
                        most = max(most, float(np.hypot(*(ends[1] - ends[0]))))
        return most or None

    def outline(self, facade: str | None, floor: int, window: str | None) -> Float64 | None:
        """Corners ``(4, 2)``, pixels, of a window, or of a floor from the first window to the last.

        None where it cannot be seen or is not there.
        """
        plan, camera = self.face(facade)
        if not 1 <= floor <= plan.floor_count or not plan.windows:
            return None
        spans = plan.windows if window is None else [span for span in plan.windows if span.name == window]
        if not spans:
            return None
        foot, top = plan.floor_span_m(floor)
        return quad(camera, spans[0].left_m, spans[-1].right_m, foot, top)


def quad(camera: PinholeCamera, left: float, right: float, foot: float, top: float, out: float = 0.0) -> Float64 | None:
    """Corners ``(4, 2)``, pixels, of a rectangle ``out`` metres before the facade; None where it cannot be seen."""
    pixels = quads(camera, np.array([[left, right, foot, top, out]]))[0]
    return pixels if bool(np.isfinite(pixels).all()) else None


def quads(camera: PinholeCamera, rectangles_m: Float64) -> Float64:
    """Corners ``(n, 4, 2)``, pixels, of rectangles ``(n, 5)``, see :func:`quad`; NaN for those that cannot be seen."""
    left, right, foot, top, out = np.reshape(rectangles_m, (-1, 5)).T
    corners = np.stack([(left, foot, out), (right, foot, out), (right, top, out), (left, top, out)])
    return camera.project(corners.transpose(2, 0, 1))
