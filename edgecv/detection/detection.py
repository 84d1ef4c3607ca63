"""One moving thing in one frame."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Detection:
    """A blob that differs from the background and has just moved.

    Attributes:
        x_px: column of the intensity-weighted centre, pixels of the full-resolution frame.
        y_px: row of the centre.
        w_px: width of the blob's box.
        h_px: height of the blob's box.
        area_px: number of full-resolution pixels in the blob.
        contrast: mean signed difference to the background, grey levels; negative for a thing darker than the wall.
        snr: strongest response in units of the local noise (mean absolute deviation).
    """

    x_px: float
    y_px: float
    w_px: float
    h_px: float
    area_px: float
    contrast: float
    snr: float
