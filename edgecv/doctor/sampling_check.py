"""How often will a thing that falls from the top be seen? Frame rate against the height of the tower."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecv.doctor.check_result import CheckResult, ok, problem, warning
from edgecv.geometry import FacadePlan, PinholeCamera
from edgecv.tracking.settings import TrackingSettings

GRAVITY_MPS2 = 9.81
ENOUGH = 10
"""Sightings from which mass and origin come with useful accuracy."""
LEAST = TrackingSettings().min_points
_OUT_M = 0.5  # a thing that is let go falls about so far in front of the facade
_STEP_S = 0.002


@dataclass(frozen=True, slots=True)
class SeenFall:
    """A fall without drag, which is the fastest there is, as a camera sees it.

    Attributes:
        height_m: of the release above the ground.
        visible_s: how long it is in the picture.
        fastest_mps: its speed where it leaves the picture or meets the ground.
        slowest_px_s: its least speed in the picture; None without a calibration.
    """

    height_m: float
    visible_s: float
    fastest_mps: float
    slowest_px_s: float | None


def fall_from(release_m: float, plan: FacadePlan, camera: PinholeCamera | None, size_px: tuple[int, int]) -> SeenFall:
    """Let a thing go at a height (Y of the facade, m) before the middle of it.

    Without a calibration the whole facade counts as in the picture.
    """
    ground_m = float(plan.floor_edges_m[0])
    height_m = release_m - ground_m
    duration_s = float(np.sqrt(2.0 * max(height_m, 0.0) / GRAVITY_MPS2))
    if camera is None:
        return SeenFall(height_m, duration_s, GRAVITY_MPS2 * duration_s, None)
    t_s = np.arange(0.0, duration_s, _STEP_S)
    middle_m = (
        (plan.windows[0].left_m + plan.windows[-1].right_m) / 2.0 if plan.windows else float(camera.position_m[0])
    )
    fallen = release_m - 0.5 * GRAVITY_MPS2 * t_s**2
    pixels = camera.project(np.stack([np.full_like(t_s, middle_m), fallen, np.full_like(t_s, _OUT_M)], axis=1))
    inside = _inside(pixels, size_px)
    if not inside.any():
        return SeenFall(height_m, 0.0, 0.0, 0.0)
    both = inside[1:] & inside[:-1]
    moved = np.linalg.norm(np.diff(pixels, axis=0), axis=1)[both]
    slowest_px_s = float(moved.min() / _STEP_S) if len(moved) else 0.0
    last_s = float(t_s[np.flatnonzero(inside)[-1]])
    return SeenFall(height_m, float(inside.sum() * _STEP_S), GRAVITY_MPS2 * last_s, slowest_px_s)


def middle_of(plan: FacadePlan, camera: PinholeCamera) -> float:
    """X of the facade's middle, or of the camera where no windows are known, m."""
    if not plan.windows:
        return float(camera.position_m[0])
    return (plan.windows[0].left_m + plan.windows[-1].right_m) / 2.0


def fall_findings(
    where: str, fps: float, plan: FacadePlan, camera: PinholeCamera | None, size_px: tuple[int, int]
) -> list[CheckResult]:
    """Judge a camera's frame rate by falls from the uppermost floor and from all below.

    Args:
        where: ``camera NAME``.
        fps: frames a second.
        plan: the facade it looks at.
        camera: its calibration, or None.
        size_px: ``(width, height)`` of its picture.
    """
    sills_m = [float(foot) + 1.0 for foot in plan.floor_edges_m[:-1]]
    top = fall_from(sills_m[-1], plan, camera, size_px)
    sightings = int(top.visible_s * fps)
    name = plan.floor_names[-1]
    text = (
        f"a fall from floor {name} ({top.height_m:.0f} m, {top.fastest_mps:.0f} m/s at the end) "
        f"is seen about {sightings} times at {fps:.0f} frames/s"
    )
    if camera is None:
        text += ", if the whole facade is in the picture"
    if top.visible_s == 0.0:
        advice = "turn or zoom the camera so that the whole facade is in its picture, then calibrate again"
        return [problem(where, f"a fall from floor {name} is not in the picture at all, by the calibration", advice)]
    findings = [_judged(where, text, sightings, fps, top)]
    if top.slowest_px_s is not None and top.slowest_px_s > TrackingSettings().max_speed_h_s * size_px[1]:
        findings.append(
            warning(
                where,
                f"it moves at least {top.slowest_px_s / fps:.0f} px from frame to frame, too fast for a path to begin",
                "let the camera see more of the facade above, place it farther away, or use a wider lens",
            )
        )
    return findings + _low_floors(where, fps, plan, camera, size_px, sills_m)


def _judged(where: str, text: str, sightings: int, fps: float, top: SeenFall) -> CheckResult:
    needed_fps = int(np.ceil(ENOUGH / top.visible_s))
    if sightings >= ENOUGH:
        return ok(where, text)
    advice = (
        f"raise the frame rate to {needed_fps} or more"
        if needed_fps <= 60
        else "let the camera see more of the facade below the top: turn it down or use a wider lens"
    )
    if sightings < LEAST:
        return problem(where, f"{text}: fewer than {LEAST}, which make no path", advice)
    return warning(where, f"{text}: fewer than the {ENOUGH} that origin and mass need (now {fps:.0f} frames/s)", advice)


def _low_floors(
    where: str,
    fps: float,
    plan: FacadePlan,
    camera: PinholeCamera | None,
    size_px: tuple[int, int],
    sills_m: list[float],
) -> list[CheckResult]:
    """From which floor up a fall is seen often enough: what falls from the lowest meets the ground too soon."""
    often = [fall_from(sill, plan, camera, size_px).visible_s * fps >= ENOUGH for sill in sills_m]
    blind: list[str] = [name for name, enough in zip(plan.floor_names, often, strict=True) if not enough]
    if not blind or not any(often):
        return []
    return [
        ok(where, f"falls from floor {', '.join(blind)} are seen fewer than {ENOUGH} times, which is in their nature")
    ]


def _inside(pixels: NDArray[np.float64], size_px: tuple[int, int]) -> NDArray[np.bool_]:
    with np.errstate(invalid="ignore"):
        return np.asarray(np.all((pixels >= 0.0) & (pixels <= np.array(size_px) - 1.0), axis=1))
