"""The evidence of one incident: the untouched clip, two pictures, their blurred copies, the record and the manifest.

The blurred copies are what may be shown and passed on; they are sealed like the rest.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from av.error import FFmpegError
from numpy.typing import NDArray

from edgecv.capture import LazyBgrFrame, lazy_frames_between
from edgecv.durable_files import sha256_file, write_atomic
from edgecv.errors import EdgecvError, InputError
from edgecv.evidence.clip import Clip, cut_clip, is_disk_error
from edgecv.evidence.file_names import CLIPS
from edgecv.evidence.manifest import MANIFEST, blurred_name, write_manifest
from edgecv.evidence.overlay_spec import OverlaySpec, overlay_spec_of, with_weighing
from edgecv.evidence.sealing import RECORD
from edgecv.evidence.still_picture import still_picture
from edgecv.evidence.strobe_picture import label_times, strobe_picture
from edgecv.evidence.weighing import Weigher
from edgecv.geometry.camera import PinholeCamera
from edgecv.geometry.facade import FacadePlan
from edgecv.incidents.record import EvidenceRecord, Incident, Mass, coded
from edgecv.incidents.summary_text import headline
from edgecv.messages import evidence as messages
from edgecv.privacy import blurred, scale_of, sightings, visible_mask
from edgecv.trajectory import Fall
from edgecv.trajectory.mass import PathDraws

_log = logging.getLogger("edgecv.evidence")
BEFORE_S = 10.0
AFTER_S = 10.0
PICTURES = ("still-blurred.jpg", "still.jpg", "strobe-blurred.jpg", "strobe.jpg")
"""In the order they are written: where the last is, all are."""
CUT_OFF = messages.CUT_OFF()
UNREADABLE = (InputError, FFmpegError, ValueError)
"""What reading a recording's pictures may end with."""
_AROUND_S = 0.6  # pictures before and after the fall, for the background
Picture = NDArray[np.uint8]
FramesBetween = Callable[[float, float], Iterator[tuple[float, LazyBgrFrame]]]
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
    *,
    from_begin: bool = False,
    fps: float | None = None,
    part_s: tuple[float, float] = (0.0, float("inf")),
    path: PathDraws | None = None,
) -> Evidence:
    """Write one incident's folder from a recording.

    Args:
        incident: the record, its evidence still empty.
        fall: what the pictures show.
        recording: the original video.
        folder: made here; must not exist.
        camera: the calibrated camera, for floors in the picture.
        plan: the facade's floors and windows.
        from_begin: read all before the incident as well, where :attr:`edgecv.capture.VideoFile.stamps_repaired`.
        fps: pictures a second of a video without time stamps, where somebody knows.
        path: what the path says of the weight, which the pictures amend; not weighed when left out.
        part_s: begin and end of the recording's part whose pictures have the incident's size, media time.

    Returns:
        What was written. A clip that cannot be cut, or pictures that cannot be drawn, cost themselves alone: the record
        says why in ``evidence.reason``, or the pictures are empty.

    Raises:
        OSError: the disk is full or failed.
    """
    folder.mkdir(parents=True)
    start_s = max(incident.media.start_s - BEFORE_S, part_s[0])
    end_s = min(incident.media.end_s + AFTER_S, part_s[1])

    def between(earliest_s: float, latest_s: float) -> Iterator[tuple[float, LazyBgrFrame]]:
        earliest_s, latest_s = max(earliest_s, part_s[0]), min(latest_s, part_s[1])
        return lazy_frames_between(recording, earliest_s, latest_s, from_begin=from_begin, fps=fps)

    try:
        clip = cut_clip(recording, folder / "clip.mp4", start_s, end_s, from_begin=from_begin, fps=fps)
        write_record(incident, clip, folder, flush=False)
    except Exception as error:  # whatever is wrong with a recording costs its evidence, never the finding
        raise_disk_error(error)
        _log_unforeseen(error, incident)
        for name in CLIPS:
            (folder / name).unlink(missing_ok=True)
        write_bare_record(incident, folder, messages.NO_CLIP_CUT(why=failure_words(error)), flush=False)
    try:
        overlay = with_weighing(overlay_spec_of(fall, incident.origin, camera, plan), fall, path)
        pictures = write_pictures(incident, overlay, between, folder)
    except Exception as error:
        raise_disk_error(error)
        _log_unforeseen(error, incident)
        for name in PICTURES:
            (folder / name).unlink(missing_ok=True)
        pictures = (b"", b"")
    mend_record(folder)
    write_manifest(folder)
    files = tuple((p.name, sha256_file(p)) for p in sorted(folder.iterdir()))
    return Evidence(record_in(folder), *pictures, files)


def _log_unforeseen(error: Exception, incident: Incident) -> None:
    if not isinstance(error, UNREADABLE):
        _log.error("evidence of %s is incomplete", incident.id, exc_info=error)


def failure_words(error: Exception) -> str:
    """What an error says, or what it is."""
    return error.text if isinstance(error, EdgecvError) else str(error) or type(error).__name__


def raise_disk_error(error: Exception) -> None:
    """Raise it again where it is the disk's."""
    if is_disk_error(error):
        raise error


def write_record(incident: Incident, clip: Clip, folder: Path, *, flush: bool = True) -> None:
    """Write ``incident.json``, pointing to the clip beside it; `mend_record` adds the clip's hash."""
    evidence = EvidenceRecord(manifest=MANIFEST, clip=clip.path.name, clip_start_s=round(clip.start_s, 6))
    _write(incident, evidence, folder, flush=flush)


def write_bare_record(incident: Incident, folder: Path, reason: str, *, flush: bool = True) -> None:
    """Write ``incident.json`` of an incident that has no clip, and why."""
    _write(incident, EvidenceRecord(manifest=MANIFEST, reason=reason, reason_code=coded(reason)), folder, flush=flush)


def doubt_clip(folder: Path, reason: str) -> None:
    """Let ``incident.json`` say why the clip that it names does not bear it out.

    Raises:
        OSError: there is no record, or the disk is full or failed.
        ValueError: the record cannot be read.
    """
    record = record_in(folder)
    _write(record, record.evidence.model_copy(update={"reason": reason, "reason_code": coded(reason)}), folder)


def record_in(folder: Path) -> Incident:
    """The record in an incident's folder.

    Raises:
        OSError: there is none, or the disk failed.
        ValueError: it cannot be read.
    """
    return Incident.model_validate_json((folder / RECORD).read_bytes())


def mend_record(folder: Path) -> bool:
    """Make ``incident.json`` name the clip that lies beside it with its hash; whether there is one.

    Raises:
        OSError: there is no record, or the disk is full or failed.
        ValueError: the record cannot be read.
    """
    record = record_in(folder)
    clip = None if record.evidence.clip is None else folder / record.evidence.clip
    if clip is None or not clip.exists():
        if record.evidence.clip is not None:
            write_bare_record(record, folder, CUT_OFF)
        return False
    now = sha256_file(clip)
    if record.evidence.sha256 != now:
        _write(record, record.evidence.model_copy(update={"sha256": now}), folder)
    return True


def _write(incident: Incident, evidence: EvidenceRecord, folder: Path, *, flush: bool = True) -> None:
    described = incident.model_copy(update={"evidence": evidence})
    write_atomic(folder / RECORD, described.model_dump_json(by_alias=True, indent=1) + "\n", flush=flush)


def write_pictures(
    incident: Incident, overlay: OverlaySpec, between: FramesBetween, folder: Path
) -> tuple[bytes, bytes]:
    """Write ``still.jpg``, ``strobe.jpg`` and blurred copies of them, and return the first two.

    Before, the folder's record is amended by what the pictures say of the weight, where the overlay says how to weigh.

    Args:
        incident: the record.
        overlay: the path and the floors.
        between: gives the pictures between two media times.
        folder: where they go.

    Raises:
        OSError: the disk is full or failed.
        ValueError: there are no pictures of that time.
    """
    weigher = None if overlay.weighing is None else Weigher(overlay.weighing)
    frame, frame_s, strobe = _pictures(incident, between, weigher)
    mass = None if weigher is None else weigher.mass(incident.id)
    if mass is not None:
        _amend(folder, mass)
    jpegs = {}
    # what is drawn should stay sharp, so it is drawn on each copy, and after the blurring
    for name, picture, draw, at_s in (
        ("still.jpg", frame, partial(_still, frame_s=frame_s, incident=incident, overlay=overlay), frame_s),
        ("strobe.jpg", strobe, partial(label_times, track=incident.track), None),
    ):
        for each, shown in ((blurred_name(name), _blurred(picture, incident, overlay, at_s)), (name, picture)):
            jpegs[each] = _jpeg(draw(shown))
            write_atomic(folder / each, jpegs[each])
    return jpegs["still.jpg"], jpegs["strobe.jpg"]


def _amend(folder: Path, mass: Mass) -> None:
    record = record_in(folder)
    _write(record.model_copy(update={"mass": mass}), record.evidence, folder)


def _pictures(incident: Incident, between: FramesBetween, weigher: Weigher | None) -> tuple[Picture, float, Picture]:
    """The frame nearest to the middle of the path with its time, and the strobe; the weigher sees all pictures."""
    start, end = incident.media.start_s, incident.media.end_s
    around = _AROUND_S if weigher is None else max(_AROUND_S, weigher.around_s)
    middle = incident.track[len(incident.track) // 2].t
    shown: list[tuple[float, LazyBgrFrame]] = []

    def frames() -> Iterator[tuple[float, LazyBgrFrame]]:
        """One at a time; the one nearest to the middle of the path is kept for the still."""
        for t_s, shot in between(max(0.0, start - around), end + around):
            if weigher is not None:
                weigher.add(t_s, shot)
            if not start - _AROUND_S <= t_s <= end + _AROUND_S:
                continue
            if not shown or abs(t_s - middle) < abs(shown[0][0] - middle):
                shown[:] = [(t_s, shot)]
            yield t_s, shot

    strobe = strobe_picture(frames(), incident.track)
    if not shown:
        raise InputError("no pictures of that time")
    return shown[0][1].whole(), shown[0][0], strobe


def _still(frame: Picture, frame_s: float, incident: Incident, overlay: OverlaySpec) -> Picture:
    outline = overlay.window_outline
    return still_picture(
        frame,
        incident.track,
        np.array(overlay.curve, np.float64),
        incident.origin,
        floor_lines=overlay.floor_lines,
        window_outline=None if outline is None else np.array(outline, np.float64),
        caption=headline(incident),
        frame_s=frame_s,
    )


def _blurred(picture: Picture, incident: Incident, overlay: OverlaySpec, at_s: float | None) -> Picture:
    """A copy for everybody; with a time, of the picture of that time, which shows the thing once."""
    record = incident.model_dump(by_alias=True)
    objects = sightings(record)
    if at_s is not None:
        objects = sorted(objects, key=lambda sighting: abs(sighting[0] - at_s))[:1]
    mask = visible_mask((picture.shape[1], picture.shape[0]), record, overlay.shown, objects)
    return blurred(picture, mask, scale_of(record))


def _jpeg(picture: NDArray[np.uint8]) -> bytes:
    encoded, data = cv2.imencode(".jpg", picture, _JPEG)
    assert encoded
    return data.tobytes()
