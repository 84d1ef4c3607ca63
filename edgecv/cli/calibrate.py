"""``edgecv calibrate``: make a camera's calibration, and see at a glance whether it is right."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from edgecv.calibration.calibration_file import write_calibration
from edgecv.calibration.camera import camera_of, how_well_known, plan_of, solved_of
from edgecv.calibration.control_points import floor_number, read_points
from edgecv.calibration.drop_test import DropResult, combine, measure_drop
from edgecv.calibration.grid import WindowGrid
from edgecv.calibration.grid_detection import find_in_picture
from edgecv.calibration.picture import check_picture, first_picture
from edgecv.calibration.single_image import StillResult, calibrate_from_grid
from edgecv.capture import VideoFile
from edgecv.classification import Finding
from edgecv.config import Box, Calibration, load_box
from edgecv.durable_files import write_atomic
from edgecv.errors import ConfigError, EdgecvError
from edgecv.evidence.canvas import Picture
from edgecv.geometry import FacadePlan
from edgecv.pipeline import Pipeline
from edgecv.privileges import become_controller_of
from edgecv.trajectory import locate

_SCALE_TOLERANCE = 0.03  # a scale this near 1 is right: floors are not built more exactly


@dataclass(frozen=True, slots=True)
class _Target:
    """Which camera is calibrated, and where its file goes."""

    box: Box
    camera_id: str
    plan: FacadePlan
    file: Path


def run_points(options: argparse.Namespace) -> int:
    """Points marked by hand."""
    target = _target(options)
    picture = first_picture(options.picture)
    calibration = read_points(options.points, (picture.shape[1], picture.shape[0]), target.plan)
    _finish(options, target, picture, calibration, f"from points marked in {options.picture.name}")
    return 0


def run_still(options: argparse.Namespace) -> int:
    """The window grid of a still, confirmed by whoever looks at the picture."""
    target = _target(options)
    picture = first_picture(options.picture)
    size = (picture.shape[1], picture.shape[0])
    lowest = floor_number(target.plan, options.lowest_floor, "--lowest-floor")
    grid, parts = _grid_of(picture, target, options.focal, options.part)
    result = calibrate_from_grid(grid, size, target.plan, lowest, options.sill, options.focal)
    plan = target.plan if result.matched else _with_windows(target.plan, result)
    low, high = (target.plan.floor_names[n - 1] for n in result.floors)
    print(f"{result.found} windows found in {len(result.windows)} columns, floors {low} to {high}")
    if parts > 1:
        other_parts = " or ".join(str(n) for n in range(1, parts + 1) if n != options.part)
        print(f"the building has parts that stand back or forward; --part {other_parts} takes another")
    if not options.yes:
        _draw(options.check, picture, result.calibration, plan, ())
        if not _confirmed(f"look at {options.check}: are floors and windows where they belong? [y/N] "):
            print("edgecv: nothing was written; correct --lowest-floor or --part, or mark points", file=sys.stderr)
            return EdgecvError.exit_code
    _finish(options, target, picture, result.calibration, f"from the window grid of {options.picture.name}", plan)
    if not result.matched:
        relation = "do not fit those found" if target.plan.windows else "are not listed yet"
        print(f"the facade's windows {relation}; for the box file, named as you like:\n    windows:")
        for w in result.windows:
            print(f'      - {{name: "{w.name}", left: {w.left_m:.2f}, right: {w.right_m:.2f}}}')
    return 0


def run_drop(options: argparse.Namespace) -> int:
    """A ball dropped from a known window."""
    become_controller_of(options.config)
    box = load_box(options.config)
    setup = camera_of(box, options.camera)
    camera, plan = setup.camera.pinhole, setup.camera.plan
    if camera is None or plan is None:
        raise ConfigError(
            f"{box.path}: cameras.{setup.camera.device}: a drop test needs a facade and a calibration to check; "
            "make one with edgecv calibrate points or still"
        )
    floor = floor_number(plan, options.floor, "--floor")
    names = [w.name for w in plan.windows]
    if options.window is not None and options.window not in names:
        raise ConfigError(f"--window {options.window}: the facade has no such window; known are {', '.join(names)}")
    findings = _findings(options.video, Pipeline(camera, masks=setup.camera.masks))
    drops: list[tuple[Finding, DropResult]] = []
    for finding in findings:
        try:
            drops.append((finding, measure_drop(finding.fall, camera)))
        except EdgecvError as error:
            print(f"edgecv: {options.video}: at {finding.fall.path.t_s[0]:.1f} s: {error}", file=sys.stderr)
    if not drops:
        raise ConfigError(f"{options.video}: no fall that can be measured; drop it in good light from high up")
    for finding, drop in drops:
        low, high = drop.interval
        print(
            f"drop at {finding.fall.path.t_s[0]:.2f} s, {drop.sightings} sightings over {drop.fall_m:.1f} m, "
            f"{drop.rms_px:.2f} px off: scale {drop.scale:.3f} (90 %: {low:.3f} to {high:.3f})"
        )
    scale, log_sd = combine([drop for _, drop in drops])
    agrees = abs(np.log(scale)) < max(_SCALE_TOLERANCE, 1.645 * log_sd)
    calibration = box.camera(setup.camera.device).calibration
    assert calibration is not None
    if agrees:
        print(f"gravity agrees with the calibration's metres (scale {scale:.3f})")
    else:
        print(
            f"a metre of this calibration is {scale:.3f} m: floors of {plan.floor_edges_m[1] - plan.floor_edges_m[0]:g}"
            f" m would be {scale * (plan.floor_edges_m[1] - plan.floor_edges_m[0]):.2f} m"
        )
    summary = _compare_origins(drops, plan, floor, options.window)
    if options.rescale and not agrees:
        target = _target(options)
        scaled = calibration.model_copy(
            update={
                "points": tuple(
                    p.model_copy(
                        update={"facade": (p.facade[0] * scale, p.facade[1] * scale), "depth": p.depth * scale}
                    )
                    for p in calibration.points
                )
            }
        )
        remark = f"scaled by {scale:.3f}: drop test {options.video.name}"
        _finish(options, target, first_picture(options.video), scaled, remark, plan.scaled(scale))
        print(f"lengths in the box file measured the same way (floor_height, windows) need times {scale:.3f} too")
        return 0
    remarks = [f"drop test {options.video.name}: scale {scale:.3f}, sd {log_sd:.3f}", summary]
    _draw(options.check, first_picture(options.video), calibration, plan, remarks)
    print(f"wrote {options.check}")
    if not agrees:
        print("edgecv: the scale is wrong; --rescale corrects it, or mark the points again", file=sys.stderr)
    return 0 if agrees and summary.startswith("located") else EdgecvError.exit_code


def _compare_origins(drops: list[tuple[Finding, DropResult]], plan: FacadePlan, floor: int, window: str | None) -> str:
    """Print the origin of each drop; 'located right' where every one is on the floor, and at the window if given."""
    correct = 0
    for finding, _ in drops:
        origin = locate(
            finding.fall, (float(finding.fall.path.uv_px[0, 0]), float(finding.fall.path.uv_px[0, 1])), plan
        ).origin
        is_correct = origin.floor == floor and window in (None, origin.window)
        correct += is_correct
        place = f"floor {origin.floor_name}" if origin.floor is not None else "no floor"
        place += f", window {origin.window}" if origin.window is not None else ""
        print(f"located: {place}{'' if is_correct else f', but it was floor {plan.floor_names[floor - 1]}'}")
    if correct == len(drops):
        return "located right"
    return f"the origin was right for {correct} of {len(drops)} drops"


def _findings(video: Path, pipeline: Pipeline) -> list[Finding]:
    findings: list[Finding] = []
    with VideoFile(video) as source:
        for frame in source:
            findings.extend(pipeline.process(frame))
    return findings + pipeline.flush()


def _target(options: argparse.Namespace) -> _Target:
    """The camera, whatever its present calibration holds; root becomes whoever may change what is written."""
    become_controller_of(options.config)
    box = load_box(options.config, with_calibrations=False)
    camera_id = box.named_or_only(options.camera)
    setup = box.camera(camera_id)
    if setup.facade is None:
        raise ConfigError(f"{box.path}: cameras.{camera_id}.facade: is missing; name the facade that it looks at")
    name = setup.settings.calibration
    if options.out is None and name is None:
        raise ConfigError(
            f"{box.path}: cameras.{camera_id}.calibration: is missing; name the file to be written, or give --out FILE"
        )
    file = options.out if options.out is not None else box.path.parent / str(name)
    become_controller_of(file)
    several = setup.settings.facade if setup.beside else None
    return _Target(box, camera_id, plan_of(setup.facade, several or "", setup.beside), file)


def _grid_of(picture: Picture, target: _Target, focal_px: float | None, part: int) -> tuple[WindowGrid, int]:
    """The window grid of one part of the building, and how many parts there are."""
    masks = [mask.polygon for mask in target.box.camera(target.camera_id).settings.masks]
    return find_in_picture(picture, masks, focal_px, part)


def _with_windows(plan: FacadePlan, result: StillResult) -> FacadePlan:
    return replace(plan, windows=result.windows)


def _finish(
    options: argparse.Namespace,
    target: _Target,
    picture: Picture,
    calibration: Calibration,
    remark: str,
    plan: FacadePlan | None = None,
) -> None:
    """Solve, draw, write, say how good it is."""
    drawn_plan = plan or target.plan
    solved = solved_of(calibration, drawn_plan)
    pose = solved.camera
    summary = [
        f"reprojection error {solved.rms_px:.2f} px, focal length {pose.focal_px:.0f} px"
        + ("" if solved.focal_determined else " (assumed)"),
        f"{pose.position_m[2]:.1f} m from the facade, {pose.position_m[1]:.1f} m above its foot, "
        f"looking up {pose.elevation_deg:.0f} degrees",
        how_well_known(solved, drawn_plan),
    ]
    _draw(options.check, picture, calibration, drawn_plan, summary[:1])
    write_calibration(target.file, calibration, [f"camera {target.camera_id}, {remark}", summary[0]])
    for text in summary:
        print(text)
    print(f"wrote {target.file} and {options.check}: look at the picture before you trust it")


def _draw(
    file: Path, picture: Picture, calibration: Calibration, plan: FacadePlan, caption: tuple[str, ...] | list[str]
) -> None:
    camera = solved_of(calibration, plan).camera
    flat = [(p.pixel, (*p.facade, p.depth)) for p in calibration.points if p.of is None]
    check_image = check_picture(
        picture,
        camera,
        plan,
        np.array([pixel for pixel, _ in flat], np.float64),
        np.array([place for _, place in flat], np.float64),
        caption,
    )
    kind = file.suffix if file.suffix.lower() in (".jpg", ".jpeg", ".png") else ".jpg"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(file, cv2.imencode(kind, check_image)[1].tobytes())
    except OSError as error:
        raise ConfigError(f"--check {file}: cannot be written ({error.strerror or error})") from error


def _confirmed(question: str) -> bool:
    if not sys.stdin.isatty():
        raise ConfigError("calibrate still: nobody can be asked here; look at the picture and give --yes")
    return input(question).strip().lower() in ("y", "yes")
