"""The evidence of one incident: the untouched clip, two pictures, their blurred copies, the record and the manifest.

The blurred copies are what may be shown and passed on; they are sealed like the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecv.capture import pictures_between
from edgecv.geometry.camera import PinholeCamera
from edgecv.geometry.facade import FacadePlan
from edgecv.incidents.clip import Clip, cut_clip
from edgecv.incidents.files import sha256_file, write_atomic
from edgecv.incidents.manifest import blurred_name, write_manifest
from edgecv.incidents.record import EvidenceRecord, Incident, Origin
from edgecv.incidents.still import FloorLine, still_picture
from edgecv.incidents.strobe import strobe_picture
from edgecv.incidents.words import headline
from edgecv.privacy import View, blurred, scale_of, shown_mask, sightings
from edgecv.trajectory import Fall

BEFORE_S = 10.0
AFTER_S = 10.0
_AROUND_S = 0.6  # pictures before and after the fall, for the background
Picture = NDArray[np.uint8]
PicturesBetween = Callable[[float, float], Iterator[tuple[float, Picture]]]
"""Pictures with their media times between two media times, in order."""
_JPEG = [cv2.IMWRITE_JPEG_QUALITY, 90]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was written.

    Attributes:
        incident: the record, with the clip's hash in it.
        still_jpg: the still picture as JPEG.
        strobe_jpg: the strobe picture as JPEG.
        files: name and SHA-256 of every file in the folder.
    """

    incident: Incident
    still_jpg: bytes
    strobe_jpg: bytes
    files: tuple[tuple[str, str], ...]


def write_evidence(
    incident: Incident,
    fall: Fall,
    recording: Path,
    folder: Path,
    camera: PinholeCamera | None = None,
    plan: FacadePlan | None = None,
) -> Evidence:
    """Write one incident's folder from a recording.

    Args:
        incident: the record, its evidence still empty.
        fall: what the pictures show.
        recording: the original video.
        folder: made here; must not exist.
        camera: the calibrated camera, for floors in the picture.
        plan: the facade's floors and windows.
    """
    folder.mkdir(parents=True)
    clip = cut_clip(recording, folder / "clip.mp4", incident.media.start_s - BEFORE_S, incident.media.end_s + AFTER_S)
    pictures = write_pictures(incident, fall, partial(pictures_between, recording), folder, camera, plan)
    described = write_record(incident, clip, folder)
    write_manifest(folder)
    files = tuple((p.name, sha256_file(p)) for p in sorted(folder.iterdir()))
    return Evidence(described, *pictures, files)


def write_record(incident: Incident, clip: Clip, folder: Path) -> Incident:
    """Write ``incident.json``, pointing to the clip beside it; return the record as written."""
    evidence = EvidenceRecord(
        manifest="manifest.json",
        sha256=sha256_file(clip.path),
        clip=clip.path.name,
        clip_start_s=round(clip.start_s, 6),
    )
    described = incident.model_copy(update={"evidence": evidence})
    write_atomic(folder / "incident.json", described.model_dump_json(by_alias=True, indent=1) + "\n")
    return described


def write_bare_record(incident: Incident, folder: Path) -> None:
    """Write ``incident.json`` of an incident that has no clip."""
    bare = incident.model_copy(update={"evidence": EvidenceRecord(manifest="manifest.json")})
    write_atomic(folder / "incident.json", bare.model_dump_json(by_alias=True, indent=1) + "\n")


def mend_record(folder: Path) -> bool:
    """Make ``incident.json`` name the clip that lies beside it, which a crash may have replaced; whether there is one.

    Raises:
        OSError: there is no record, or the disk is full or failed.
        ValueError: the record cannot be read.
    """
    record = Incident.model_validate_json((folder / "incident.json").read_bytes())
    clip = None if record.evidence.clip is None else folder / record.evidence.clip
    if clip is None or not clip.exists():
        if record.evidence.clip is not None:
            write_bare_record(record, folder)
        return False
    now = sha256_file(clip)
    if record.evidence.sha256 != now:
        described = record.model_copy(update={"evidence": record.evidence.model_copy(update={"sha256": now})})
        write_atomic(folder / "incident.json", described.model_dump_json(by_alias=True, indent=1) + "\n")
    return True


def write_pictures(
    incident: Incident,
    fall: Fall,
    between: PicturesBetween,
    folder: Path,
    camera: PinholeCamera | None = None,
    plan: FacadePlan | None = None,
) -> tuple[bytes, bytes]:
    """Write ``still.jpg``, ``strobe.jpg`` and blurred copies of them, and return the first two.

    Args:
        incident: the record.
        fall: its path.
        between: gives the pictures between two media times.
        folder: where they go.
        camera: the calibrated camera, for floors in the picture.
        plan: the facade's floors and windows.

    Raises:
        OSError: the disk is full or failed.
        ValueError: there are no pictures of that time.
    """
    frame, shown_at_s, strobe = _pictures(incident, between)
    view = None if camera is None or plan is None else View(camera, plan)
    made = {}
    for name, picture in (("still.jpg", frame), ("strobe.jpg", strobe)):
        safe = _blurred(picture, incident, view, shown_at_s if name == "still.jpg" else None)
        for each, shown in ((blurred_name(name), safe), (name, picture)):
            drawn = _still(shown, shown_at_s, incident, fall, camera, plan) if name == "still.jpg" else shown
            made[each] = _jpeg(drawn)
            write_atomic(folder / each, made[each])
    return made["still.jpg"], made["strobe.jpg"]


def fitted_curve(fall: Fall, lead_s: float = 0.0) -> NDArray[np.float64]:
    """The fitted path ``(n, 2)`` in pixels of the frames, from ``lead_s`` before the first sighting to the last."""
    grid = np.linspace(fall.fit.start_s - lead_s, fall.fit.end_s, 80)
    shift = np.median([p.shift_px for p in fall.path.points], axis=0)
    return np.asarray(fall.fit.pixels_at(grid) + shift, np.float64)


def _pictures(incident: Incident, between: PicturesBetween) -> tuple[Picture, float, Picture]:
    """The frame nearest to the middle of the path with its time, and the strobe."""
    start, end = incident.media.start_s, incident.media.end_s
    middle = incident.track[len(incident.track) // 2].t
    shown: list[tuple[float, Picture]] = []

    def frames() -> Iterator[tuple[float, Picture]]:
        """One at a time, for a 4K frame is 25 MB; one is kept for the still."""
        for t_s, picture in between(max(0.0, start - _AROUND_S), end + _AROUND_S):
            if not shown or abs(t_s - middle) < abs(shown[0][0] - middle):
                shown[:] = [(t_s, picture)]
            yield t_s, picture

    strobe = strobe_picture(frames(), incident.track)
    return shown[0][1], shown[0][0], strobe


def _still(
    frame: Picture,
    shown_at_s: float,
    incident: Incident,
    fall: Fall,
    camera: PinholeCamera | None,
    plan: FacadePlan | None,
) -> Picture:
    lines, outline = _floor_drawing(incident.origin, camera, plan)
    return still_picture(
        frame,
        incident.track,
        fitted_curve(fall),
        incident.origin,
        floor_lines=lines,
        window_outline=outline,
        caption=headline(incident),
        shown_at_s=shown_at_s,
    )


def _blurred(picture: Picture, incident: Incident, view: View | None, at_s: float | None) -> Picture:
    """A copy for everybody; with a time, of the picture of that time, which shows the thing once."""
    record = incident.model_dump(by_alias=True)
    things = sightings(record)
    if at_s is not None:
        things = sorted(things, key=lambda thing: abs(thing[0] - at_s))[:1]
    mask = shown_mask((picture.shape[1], picture.shape[0]), record, view, things)
    return blurred(picture, mask, scale_of(record))


def _floor_drawing(
    origin: Origin, camera: PinholeCamera | None, plan: FacadePlan | None
) -> tuple[list[FloorLine], NDArray[np.float64] | None]:
    """Edges of the origin's floor and its neighbours, and the window's outline, in pixels."""
    if camera is None or plan is None or origin.floor is None:
        return [], None
    plan, camera = next((face for face in plan.faces(camera) if face[0].name == (origin.facade or "")), (plan, camera))
    left = plan.windows[0].left_m - 1.0 if plan.windows else -10.0
    right = plan.windows[-1].right_m + 1.0 if plan.windows else 10.0
    lines: list[FloorLine] = []
    for floor in range(max(1, origin.floor - 1), min(plan.floor_count, origin.floor + 1) + 1):
        foot, _ = plan.floor_span_m(floor)
        a, b = camera.project(np.array([[left, foot, 0.0], [right, foot, 0.0]]))
        lines.append(((float(a[0]), float(a[1])), (float(b[0]), float(b[1])), plan.floor_names[floor - 1]))
    if origin.window_index is None:
        return lines, None
    window = plan.windows[origin.window_index]
    foot, top = plan.floor_span_m(origin.floor)
    corners = [(window.left_m, foot), (window.right_m, foot), (window.right_m, top), (window.left_m, top)]
    return lines, camera.project(np.array([[x, y, 0.0] for x, y in corners]))


def _jpeg(picture: NDArray[np.uint8]) -> bytes:
    done, data = cv2.imencode(".jpg", picture, _JPEG)
    assert done
    return data.tobytes()
