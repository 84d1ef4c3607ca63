"""A box's evidence of a fall whose truth is known: a small facade, its calibration, a clip, pictures, a seal."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import yaml
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from edgecv.evidence.keys import BoxKey
from edgecv.geometry import FacadePlan, PinholeCamera, looking_at
from edgecv.incidents.record import Incident
from edgecv.storage.incident_store import IncidentStore
from edgecv.storage.sealed_evidence import seal_bundle
from edgecv.trajectory.drag import drag_from_terminal, fall_positions

SIZE, FPS, FLOORS, FLOOR_M = (640, 360), 25, 8, 3.0
FLOOR, WINDOW, BESIDE = 6, "02", "03"
WINDOWS = [("01", -7.0, -5.0), ("02", -3.0, -1.0), ("03", 1.0, 3.0), ("04", 5.0, 7.0)]
PLAN = FacadePlan.of([FLOOR_M] * FLOORS, WINDOWS)
CAMERA: PinholeCamera = looking_at((0.5, 1.6, 28.0), (0.0, 13.0, 0.0), 420.0, SIZE)
STARTS_S, FALL_S, TERMINAL_MPS = 10.0, 1.0, 34.0
_BEFORE = 15
VELOCITY = (0.4, 0.3, 0.9)
Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Fall:
    """Where the thing truly was: seconds of media time, metres, pixels."""

    times: NDArray[np.float64]
    places_m: NDArray[np.float64]
    pixels: NDArray[np.float64]


def the_fall() -> Fall:
    """From the middle of window 02 on floor 6."""
    start = np.array([[-2.0, 16.5, 0.0]])
    times = np.arange(0.0, 1.6, 1.0 / FPS)
    drag = drag_from_terminal(np.array([TERMINAL_MPS]))
    states = fall_positions(start, np.array([VELOCITY]), drag, times, np.array([[0.0, -1.0, 0.0]]))
    places = states.positions_m[0]
    return Fall(times + STARTS_S + FALL_S, places, CAMERA.project(places))


def cell(floor: int, name: str) -> NDArray[np.int32]:
    """Corners of a window's cell, whole pixels."""
    _, left, right = next(w for w in WINDOWS if w[0] == name)
    foot, top = (floor - 1) * FLOOR_M, floor * FLOOR_M
    corners = np.array([[left, foot, 0.0], [right, foot, 0.0], [right, top, 0.0], [left, top, 0.0]])
    return np.round(CAMERA.project(corners)).astype(np.int32)


def facade() -> Picture:
    """Wall in plain grey with a fine grain, and windows full of detail, each with its own."""
    rng = np.random.default_rng(5)
    picture = np.full((SIZE[1], SIZE[0], 3), 120, np.uint8)
    picture += rng.integers(0, 12, picture.shape, dtype=np.uint8)
    detail = np.kron(rng.integers(0, 2, (SIZE[1] // 2, SIZE[0] // 2, 1)), np.ones((2, 2, 3))).astype(np.uint8) * 220
    for floor in range(1, FLOORS + 1):
        for name, _, _ in WINDOWS:
            mask = np.zeros(picture.shape[:2], np.uint8)
            cv2.fillPoly(mask, [cell(floor, name)], 255)
            picture[mask > 0] = detail[mask > 0]
    return picture


def record_of(incident_id: str = "seen", **more: Any) -> Incident:
    """The record of that fall."""
    fall = the_fall()
    track = [
        {"t": round(float(t), 3), "x": round(float(x), 2), "y": round(float(y), 2), "w": 6.0, "h": 6.0}
        for t, (x, y) in zip(fall.times, fall.pixels, strict=True)
    ]
    origin = {
        "floor": FLOOR,
        "window": WINDOW,
        "window_index": 1,
        "x_m": -2.0,
        "y_m": 16.5,
        "sd_m": [0.1, 0.2],
        "pixel": [track[0]["x"], track[0]["y"]],
        "candidates": [{"floor": 6, "window": "02", "p": 0.86}, {"floor": 5, "window": "02", "p": 0.12}],
        "excluded_floors": [1, 2, 3, 8],
    }
    interval = {"median": 0.62, "low": 0.31, "high": 1.2}
    content = {
        "id": incident_id,
        "tier": "incident",
        "site": "jialinglu-3",
        "device": "north-1",
        "started_at": "2026-05-01T14:14:11.000Z",
        "ended_at": "2026-05-01T14:14:12.600Z",
        "media": {"source": "rtsp://camera", "start_s": track[0]["t"], "end_s": track[-1]["t"], "clock": "box"},
        "track": track,
        "origin": origin,
        "fit": {
            "chi2_reduced": 1.0,
            "points": len(track),
            "log_likelihood_ratio": 40.0,
            "gravity_px_s2": 135.0,
            "gravity_sd_px_s2": 3.0,
        },
        "motion": {
            "launch_velocity_mps": list(VELOCITY),
            "impact_speed_mps": 16.2,
            "duration_s": 1.6,
            "release": "thrown",
        },
        "mass": {
            "class": "heavy",
            "p": {"light": 0.0, "medium": 0.08, "heavy": 0.92},
            "terminal_velocity": {"median": TERMINAL_MPS, "low": 29.0, "high": 41.0},
            "kg": interval,
            "impact_energy_j": {"median": 81.0, "low": 40.0, "high": 160.0},
            "hazard": "can kill (79 J or more: a hazardous fragment by DESR 6055.09)",
            "things": [{"name": "full bottle or can", "p": 0.44}, {"name": "flower pot", "p": 0.2}],
            "assumed": "air of 1.2 kg/m3",
        },
        "verdict": {"label": "thrown_object", "p": 0.97, "labels": {}},
        "evidence": {},
        "software": {"version": "0.0.0"},
    }
    return Incident.model_validate(content | more)


def keep_evidence(store: IncidentStore, key: BoxKey, incident: Incident) -> Path:
    """Do what the daemon does: keep the record, write its evidence, seal it; the bundle's folder."""
    store.add(incident)
    part = store.part_of(incident.id)
    write_evidence(part, incident)
    seal_bundle(store, incident.id, key)
    return store.folder_of(incident.id)


def write_evidence(folder: Path, incident: Incident) -> None:
    """Clip, pictures, record, and the camera's set-up."""
    folder.mkdir(parents=True)
    fall, background = the_fall(), facade()
    _write_clip(folder / "clip.mp4", background, fall)
    strobe = background.copy()
    for x, y in fall.pixels:
        cv2.rectangle(strobe, (round(x) - 3, round(y) - 3), (round(x) + 2, round(y) + 2), (255, 255, 255), -1)
    for name in ("strobe.jpg", "still.jpg"):
        (folder / name).write_bytes(cv2.imencode(".jpg", strobe, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes())
    evidence = {
        "manifest": "manifest.json",
        "sha256": hashlib.sha256((folder / "clip.mp4").read_bytes()).hexdigest(),
        "clip": "clip.mp4",
        "clip_start_s": STARTS_S + FALL_S - _BEFORE / FPS,
    }
    described = Incident.model_validate(incident.model_dump(by_alias=True) | {"evidence": evidence})
    (folder / "incident.json").write_text(described.to_json())
    _write_set_up(folder)


def _write_set_up(folder: Path) -> None:
    marks = [(x, y) for y in (4.0, 12.0, 22.0) for x in (-7.0, 7.0)]
    pixels = CAMERA.project(np.array([[x, y, 0.0] for x, y in marks]))
    points = [
        {"pixel": [round(float(u), 2), round(float(v), 2)], "facade": list(mark)}
        for (u, v), mark in zip(pixels, marks, strict=True)
    ]
    calibration = {"image_size": list(SIZE), "points": points, "focal_px": 420.0}
    (folder / "calibration.yaml").write_text(yaml.safe_dump(calibration))
    windows = [{"name": n, "left": left, "right": right} for n, left, right in WINDOWS]
    camera = {"source": "rtsp://192.0.2.1/x", "facade": "north", "calibration": "calibration.yaml"}
    box = {
        "site": "jialinglu-3",
        "facades": {"north": {"floors": FLOORS, "floor_height": FLOOR_M, "windows": windows}},
        "cameras": {"north-1": camera},
    }
    (folder / "box.yaml").write_text(yaml.safe_dump(box))


def _write_clip(path: Path, background: Picture, fall: Fall) -> None:
    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        stream.options = {"preset": "ultrafast", "crf": "20"}
        stream.codec_context.time_base = Fraction(1, FPS)
        for n in range(_BEFORE + len(fall.times) + 10):
            picture = background.copy()
            at = n - _BEFORE
            if 0 <= at < len(fall.times):
                x, y = fall.pixels[at]
                cv2.rectangle(picture, (round(x) - 3, round(y) - 3), (round(x) + 2, round(y) + 2), (255,) * 3, -1)
            frame = VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts = n
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
