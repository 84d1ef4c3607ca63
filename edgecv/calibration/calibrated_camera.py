"""A camera of a box with everything that an analysis of its pictures needs to know of it."""

from __future__ import annotations

from dataclasses import dataclass

from edgecv.geometry.camera import PinholeCamera
from edgecv.geometry.facade import FacadePlan


@dataclass(frozen=True, slots=True)
class CalibratedCamera:
    """One camera: its identity, its geometry where it is calibrated, and its masks.

    The default is a camera that nothing is known of: falls are detected, but no floor or window can be named.

    Attributes:
        site: name of the site.
        device: id of the camera.
        pinhole: its camera model in the facade's coordinates, or None without a calibration.
        plan: floors and windows of its facade, or None.
        masks: polygons in pixels whose inside is left out of the analysis.
        config_sha256: hash of the box file, or None.
        image_size: ``(width, height)`` in pixels that the calibration was made for, or None.
        facade: what the box file calls the facade in whose coordinates it is, or None.
    """

    site: str = "unconfigured"
    device: str = "replay"
    pinhole: PinholeCamera | None = None
    plan: FacadePlan | None = None
    masks: tuple[tuple[tuple[float, float], ...], ...] = ()
    config_sha256: str | None = None
    image_size: tuple[int, int] | None = None
    facade: str | None = None
