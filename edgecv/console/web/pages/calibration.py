"""Calibrating a camera on a page: points on its picture, floors and windows drawn as they are moved."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from edgecv.calibration.calibration_file import write_calibration
from edgecv.calibration.control_points import floor_number
from edgecv.calibration.grid_detection import find_in_picture
from edgecv.calibration.single_image import calibrate_from_grid
from edgecv.capture.picture_size import decode_picture
from edgecv.config.load import load_calibration
from edgecv.console.accounts import Capability
from edgecv.console.cameras.box_file_editor import not_writable
from edgecv.console.cameras.calibration_service import Marks, Solution, marked, read_marks, solve
from edgecv.console.cameras.pictures import Snapshot
from edgecv.console.web.camera_request import BoxCamera, audit_change, box_camera, json_body, refusal
from edgecv.console.web.overlay_json import marks_json, solution_json
from edgecv.console.web.request_context import language, needs, render, viewer_of
from edgecv.console.web.script_texts import CALIBRATION
from edgecv.durable_files import write_atomic
from edgecv.errors import ConfigError, EdgecvError
from edgecv.geometry import FacadePlan
from edgecv.messages import calibration as messages

_finding = threading.Lock()  # seconds of a whole core each: one at a time
_NO_PICTURE = "there is no picture to calibrate on; take one first"


@needs(Capability.MANAGE_CAMERAS)
def show(request: Request) -> Response:
    """The page."""
    camera = box_camera(request)
    plan = camera.pictures.desk.plan(camera.box, camera.id)
    if plan is None:
        return render(request, "calibration.html", camera=camera, setup=None)
    before = camera.pictures.desk.calibration(camera.box, camera.id)
    marks = Marks(()) if before is None else marked(before, plan)
    say = language(request).text
    setup = {
        "here": f"{camera.path}/calibration",
        "csrf": viewer_of(request).csrf,
        "version": _version(camera),
        "floors": list(plan.floor_names),
        "edges": [round(float(edge), 3) for edge in plan.floor_edges_m],
        "windows": [window.name for window in plan.windows],
        "marks": marks_json(marks),
        "texts": {key: say(text) for key, text in CALIBRATION.items()},
    }
    return render(request, "calibration.html", camera=camera, setup=setup)


@needs(Capability.MANAGE_CAMERAS)
def take(request: Request) -> Response:
    """Take a full clear picture; written down, for windows can be looked into on it."""
    camera = box_camera(request)
    audit_change(request, "clear camera picture taken", camera, "to calibrate or mask")
    try:
        snapshot = camera.pictures.take(camera.id)
    except EdgecvError as error:
        return refusal(request, error, 503)
    return JSONResponse({"size": list(snapshot.size)})


@needs(Capability.MANAGE_CAMERAS)
def picture(request: Request) -> Response:
    """The picture that was taken."""
    camera = box_camera(request)
    return Response(_last_snapshot(camera).jpeg, media_type="image/jpeg")


@needs(Capability.MANAGE_CAMERAS)
def _solve(request: Request) -> Response:
    camera, body = box_camera(request), request.state.sent
    try:
        solution = _solved(camera, body)
    except EdgecvError as error:
        return refusal(request, error, 200)  # while points are moved a refusal is an answer like any other
    return JSONResponse(solution_json(solution, language(request)))


@needs(Capability.MANAGE_CAMERAS)
def _find(request: Request) -> Response:
    camera, body = box_camera(request), request.state.sent
    snapshot = _last_snapshot(camera)
    plan = _plan(camera, {})
    image = decode_picture(snapshot.jpeg, "the picture")
    masks = [mask.polygon for mask in camera.box.camera(camera.id).settings.masks]
    part = body.get("part", 1)
    if not _finding.acquire(blocking=False):
        return refusal(request, ConfigError(messages.SEARCHING()), 503)
    try:
        lowest = floor_number(plan, str(body.get("lowest", "")), "lowest floor")
        grid, parts = find_in_picture(image, masks, None, part if isinstance(part, int) else 1)
        result = calibrate_from_grid(grid, snapshot.size, plan, lowest)
        displayed_plan = plan if result.matched else replace(plan, windows=result.windows)
        marks = marked(result.calibration, displayed_plan)
        solution = solve(marks, snapshot.size, displayed_plan)
    except EdgecvError as error:
        return refusal(request, error)
    finally:
        _finding.release()
    windows = [{"name": w.name, "left": round(w.left_m, 2), "right": round(w.right_m, 2)} for w in result.windows]
    answer = solution_json(solution, language(request)) | {
        "marks": marks_json(marks),
        "parts": parts,
        "found": result.found,
        "windows": [] if result.matched else windows,
    }
    return JSONResponse(answer)


@needs(Capability.MANAGE_CAMERAS)
def _save(request: Request) -> Response:
    camera, body = box_camera(request), request.state.sent
    desk = camera.pictures.desk
    file = desk.calibration_file(camera.box, camera.id)
    settings = camera.box.camera(camera.id).settings
    changes: dict[tuple[str, ...], Any] = {}
    if settings.calibration is None:
        changes["cameras", camera.id, "calibration"] = file.name
    try:
        solution = _solved(camera, body)
        plan = desk.plan(camera.box, camera.id)
        if body.get("windows") and plan is not None and not plan.windows:
            changes["facades", str(settings.facade), "windows"] = _windows(body)
        desk.change(str(body.get("version")), changes, lambda: _write(request, camera, solution), files=(file,))
    except EdgecvError as error:
        return refusal(request, error)
    audit_change(request, "camera calibrated", camera, f"{solution.solved.rms_px:.2f} px")
    daemon_message = desk.tell_daemon()
    return JSONResponse({"file": file.name, "told": daemon_message, "version": _version(camera)})


async def solved(request: Request) -> Response:
    """Solve what is marked: lines to draw and how good it is, or why not."""
    request.state.sent = await json_body(request)
    return await run_in_threadpool(_solve, request)


async def detected(request: Request) -> Response:
    """Find the window grid."""
    request.state.sent = await json_body(request)
    return await run_in_threadpool(_find, request)


async def saved(request: Request) -> Response:
    """Write the calibration, and tell the daemon."""
    request.state.sent = await json_body(request)
    return await run_in_threadpool(_save, request)


def _solved(camera: BoxCamera, body: Mapping[str, Any]) -> Solution:
    points = body.get("points")
    if not isinstance(points, list) or len(points) < 4:
        raise ConfigError(messages.FOUR_NEEDED())
    rest = {key: body[key] for key in ("distortion", "focal_px", "verticals") if body.get(key) is not None}
    return solve(read_marks(points[:500], rest), _last_snapshot(camera).size, _plan(camera, body))


def _plan(camera: BoxCamera, body: Mapping[str, Any]) -> FacadePlan:
    plan = camera.pictures.desk.plan(camera.box, camera.id)
    if plan is None:
        raise HTTPException(404)
    windows = _windows(body)
    if not windows:
        return plan
    spans = [(w["name"], w["left"], w["right"]) for w in windows]
    heights = [float(high - low) for low, high in zip(plan.floor_edges_m[:-1], plan.floor_edges_m[1:], strict=True)]
    try:
        marked_plan = FacadePlan.of(heights, spans)
    except ValueError as error:
        raise ConfigError(messages.WINDOWS(why=str(error))) from error
    return replace(plan, windows=marked_plan.windows)


def _windows(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Window columns that were found and are not in the box file yet."""
    listed = body.get("windows")
    windows = []
    for window in listed[:200] if isinstance(listed, list) else ():
        try:
            name, left, right = str(window["name"])[:20], float(window["left"]), float(window["right"])
        except (TypeError, ValueError, KeyError, OverflowError) as error:
            raise ConfigError(messages.BAD_WINDOWS()) from error
        windows.append({"name": name, "left": left, "right": right})
    return windows


def _last_snapshot(camera: BoxCamera) -> Snapshot:
    snapshot = camera.pictures.last(camera.id)
    if snapshot is None:
        raise HTTPException(404, _NO_PICTURE)
    return snapshot


def _write(request: Request, camera: BoxCamera, solution: Solution) -> None:
    desk = camera.pictures.desk
    file = desk.calibration_file(camera.box, camera.id)
    viewer = viewer_of(request)
    provenance = f"camera {camera.id}, marked in the console by {viewer.name} on {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    try:
        if file.exists():
            write_atomic(file.with_name(file.name + ".bak"), file.read_bytes())
        write_calibration(
            file, solution.calibration, [provenance, f"reprojection error {solution.solved.rms_px:.2f} px"]
        )
    except OSError as error:
        raise not_writable(file, error) from error
    load_calibration(file)


def _version(camera: BoxCamera) -> str:
    desk = camera.pictures.desk
    return desk.version(desk.calibration_file(camera.box, camera.id))


routes = [
    Route("/cameras/{site}/{camera}/calibration", show, methods=["GET"]),
    Route("/cameras/{site}/{camera}/calibration/take", take, methods=["POST"]),
    Route("/cameras/{site}/{camera}/calibration/picture.jpg", picture, methods=["GET"]),
    Route("/cameras/{site}/{camera}/calibration/solve", solved, methods=["POST"]),
    Route("/cameras/{site}/{camera}/calibration/find", detected, methods=["POST"]),
    Route("/cameras/{site}/{camera}/calibration/save", saved, methods=["POST"]),
]
