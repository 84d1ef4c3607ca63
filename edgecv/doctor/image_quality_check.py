"""What a camera's picture shows: is it sharp, light enough, and where it was when it was calibrated?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgecv.doctor.check_result import CheckResult, ok, warning
from edgecv.geometry import FacadePlan, PinholeCamera
from edgecv.visibility.reference_picture import Reference
from edgecv.visibility.settings import VisibilitySettings
from edgecv.visibility.sharpness import clarity, noise_between, sample_rows
from edgecv.visibility.thumbnail import edges, register, spectrum, thumbnail, thumbnail_size, window

UInt8 = NDArray[np.uint8]
SOFT = 0.5
"""Share of an edge's step within 2 px: in-focus footage of nine cameras has 0.61-0.99, a blur of 1.5 px brings all of
them below 0.5."""
_BRIGHT = 235.0


def focus_findings(where: str, lumas: tuple[UInt8, UInt8]) -> list[CheckResult]:
    """Whether two pictures in a row ``(h, w) uint8`` are sharp; the second tells the noise of the first."""
    rows, next_rows = sample_rows(lumas[0]), sample_rows(lumas[1])
    measured = clarity(rows, noise_between(rows, next_rows))
    if measured.sharpness is None:
        return [ok(where, "focus cannot be judged: the picture has no clear edges (night, fog or open sky?)")]
    if measured.sharpness >= SOFT:
        return [ok(where, f"the picture is sharp: {measured.sharpness:.0%} of an edge's step lies within 2 px")]
    return [
        warning(
            where,
            f"the picture is soft: edges are blurred by about {measured.blur_px:.1f} px, and small things fade",
            "look at the picture at full size: clean the glass and set the focus on the middle of the facade; fog, a "
            "very low bit rate, strong noise reduction or an enlarged stream look the same",
        )
    ]


def light_findings(where: str, luma: UInt8) -> list[CheckResult]:
    """Whether a picture is far too dark or too bright."""
    middle = float(np.median(luma))
    if middle < VisibilitySettings().dark:
        return [
            warning(
                where,
                f"the picture is dark (median {middle:.0f} of 255)",
                "at night: check that the infrared lamp is on and reaches the facade; by day: open the iris or cover "
                "nothing",
            )
        ]
    if middle > _BRIGHT:
        advice = "lower the exposure, or turn the camera away from sky and sun"
        return [warning(where, f"the picture is overexposed (median {middle:.0f} of 255)", advice)]
    return []


def place_findings(where: str, luma: UInt8, reference: Reference, floor_px: float | None) -> list[CheckResult]:
    """Whether a camera still looks where it did when its reference picture was taken.

    Args:
        where: ``camera NAME``.
        luma: the picture now, ``(h, w) uint8``.
        reference: the picture then.
        floor_px: height of the smallest floor in the picture, pixels; None without a calibration.
    """
    settings = VisibilitySettings()
    width, height = luma.shape[1], luma.shape[0]
    if reference.size_px != (width, height):
        text = f"the reference picture is {reference.size_px[0]}x{reference.size_px[1]} and cannot be compared"
        return [warning(where, text, "set the stream back to that size, or calibrate again")]
    now = edges(thumbnail(luma))[0]
    shift = register(spectrum(now, window(now.shape)), reference.spectrum)
    near = max(abs(shift.x), abs(shift.y)) <= 3.0
    if shift.peak < settings.peak or not (near or shift.peak > settings.clearly * shift.still):
        return [ok(where, "the reference picture shows too little of the same to compare with (other light?)")]
    small = thumbnail_size((width, height))
    shift_px = float(np.hypot(shift.x * width / small[0], shift.y * height / small[1]))
    tolerance_px = settings.tolerance_share * max(width, height)
    floors = ""
    if floor_px is not None:
        tolerance_px = max(2.0, settings.tolerance_floors * floor_px)
        floors = f", {shift_px / floor_px:.1f} floors at the top"
    if shift_px <= tolerance_px:
        return [ok(where, f"the camera looks where it did at its reference picture (within {shift_px:.0f} px)")]
    return [
        warning(
            where,
            f"the camera has turned since its reference picture, by {shift_px:.0f} px{floors}",
            "turn it back, or calibrate it again: until then floors are told wrongly",
        )
    ]


def smallest_floor_px(plan: FacadePlan, camera: PinholeCamera, size_px: tuple[int, int]) -> float | None:
    """Height of the lowest floor in the picture, in pixels, of those that are in it; None where none is."""
    middle_m = (
        (plan.windows[0].left_m + plan.windows[-1].right_m) / 2.0 if plan.windows else float(camera.position_m[0])
    )
    edges_m = np.array([[middle_m, y, 0.0] for y in plan.floor_edges_m])
    pixels = camera.project(edges_m)
    with np.errstate(invalid="ignore"):
        inside = np.all((pixels >= 0.0) & (pixels <= np.array(size_px) - 1.0), axis=1)
    heights = np.linalg.norm(np.diff(pixels, axis=0), axis=1)[inside[1:] & inside[:-1]]
    return float(heights.min()) if len(heights) else None
