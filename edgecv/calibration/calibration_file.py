"""Writing a calibration file, so that it can be read and corrected by hand."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from edgecv.config import Calibration
from edgecv.durable_files import write_atomic


def write_calibration(path: Path, calibration: Calibration, remarks: Iterable[str] = ()) -> None:
    """Write a calibration file; what was there is replaced only when the new one is complete.

    Args:
        path: the file.
        calibration: what it will hold.
        remarks: lines of comment on top: how and when it was made.
    """
    width, height = calibration.image_size
    lines = [*(f"# {remark}" for remark in remarks), f"image_size: [{width}, {height}]", "points:"]
    for point in calibration.points:
        extra = f", depth: {point.depth:g}" if point.depth else ""
        extra += f", of: {point.of}" if point.of is not None else ""
        (x, y), (right, up) = point.pixel, point.facade
        lines.append(f"  - {{pixel: [{x:.2f}, {y:.2f}], facade: [{right:.3f}, {up:.3f}]{extra}}}")
    if calibration.verticals:
        lines.append("verticals:")
        lines += [f"  - [[{a[0]:.2f}, {a[1]:.2f}], [{b[0]:.2f}, {b[1]:.2f}]]" for a, b in calibration.verticals]
    if any(calibration.distortion):
        lines.append(f"distortion: [{', '.join(f'{k:g}' for k in calibration.distortion)}]")
    if calibration.focal_px is not None:
        lines.append(f"focal_px: {calibration.focal_px:.1f}")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, "\n".join(lines) + "\n")
