"""Whether a partner saw what one camera holds for an incident, where it should have.

An insect before one lens is nowhere for the other camera. Where the incident's own path leads through the partner's
picture, the partner's detector is asked twice: of the pictures as they are, and of copies into which the thing is drawn
as large as it would be there and half as clear. Only a thing that was seen where it was drawn, and not where it was to
be, by whatever clock, was not there. Where the partner saw another fall at that time it may have moved since it was
calibrated, and what it saw within minutes and is not joined may be the same fall by a clock that is wrong: nothing is
doubted then. Nor is it where a file's date is all
that is known of the time: of a copy it is when it was copied.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecv.audit.joint_findings import SeenFinding, camera_path, clock_sd_s
from edgecv.calibration.calibrated_camera import CalibratedCamera
from edgecv.calibration.partners import SharedFacade, shared_facades
from edgecv.capture import VideoFile
from edgecv.capture.frame import Frame
from edgecv.detection import Detection, Detector
from edgecv.incidents.record import Clock, coded
from edgecv.joint import CameraPath, JointSettings, joint_launches
from edgecv.joint.camera_path import angle_deg
from edgecv.messages import verdict as messages
from edgecv.trajectory.size import size_of
from edgecv.visibility.synthetic_falls import DrawnFall, draw

Float64 = NDArray[np.float64]
_INSIDE = 0.95
"""Share of the posterior that is in the partner's picture at an instant that counts."""
_FEWEST = 12
"""Such instants, sightings of the first camera: half a second."""
_LEAST_PX = 2.5
"""Diameter in the partner's picture: what is smaller is missed now and then wherever it is."""
_CLEAR = 0.5
"""Share of the contrast that the first camera saw: before another wall it may stand out less."""
_MOST_SD_PX = 60.0
"""Error of the prediction beyond which anything may be it."""
_SEEN_SHARE, _UNSEEN_SHARE = 0.6, 0.15
"""Of the instants: what is drawn must be seen in three pictures of five, as a track needs; stray detections may be near
in one of seven."""
_LEAD_S = 3.0
"""A detector learns its background in a second or two."""
_CLOCK_STEP_S = 0.04
_WRONG_CLOCK_S = 900.0
"""A recorder's clock that nobody looks after, or a time typed for the wrong file, is off by minutes: what the partner
saw so long before or after may be the same fall."""
_BLUR_PX = 1.0
"""Of a usual lens and codec."""


@dataclass(frozen=True, slots=True, eq=False)
class WatchedRecording:
    """A recording of a camera, or the part of it with pictures of one size.

    Attributes:
        camera: whose it is.
        epoch: wall time of its first frame.
        clock: where that comes from.
        recording: the open file.
        part_s: begin and end of the part, media time.
        fps: pictures a second of a video without time stamps, where somebody knows.
    """

    camera: CalibratedCamera
    epoch: datetime
    clock: Clock
    recording: Path
    part_s: tuple[float, float]
    fps: float | None


@dataclass(frozen=True, slots=True, eq=False)
class _Expected:
    """Where a partner should have seen it.

    Attributes:
        t_s: ``(n,)`` its media times.
        uv_px: ``(n, 2)``.
        sd_px: ``(n,)`` error of those.
        size_px: diameter.
        beyond_s: how far the clocks may be off.
    """

    t_s: Float64
    uv_px: Float64
    sd_px: Float64
    size_px: float
    beyond_s: float


def unseen_by(
    seen: SeenFinding,
    partners: Sequence[WatchedRecording],
    findings: Sequence[SeenFinding],
    unjoined: Sequence[SeenFinding],
    limits: JointSettings,
) -> str | None:
    """Return the first of the partners that should have seen an incident and did not, or None.

    Args:
        seen: an incident of one camera.
        partners: recordings of other cameras.
        findings: of all cameras.
        unjoined: those of them that no other camera's finding belongs to.
        limits: errors of clocks, and the least angle between lines of sight.
    """
    if seen.incident.media.clock == "file_mtime":
        return None
    for partner in partners:
        if partner.camera.device == seen.camera.device or partner.clock == "file_mtime":
            continue
        beyond_s = limits.clock_gate_sd * _between_clocks_s(seen, partner, limits)
        if _saw_something(seen, partner, findings, beyond_s) or _saw_something(seen, partner, unjoined, _WRONG_CLOCK_S):
            continue
        for shared in shared_facades(seen.camera, partner.camera):
            expected = _expected(seen, partner, shared, limits)
            if expected is not None and _did_not_see(seen, partner, expected):
                return partner.camera.device
    return None


def doubted(
    seen: SeenFinding,
    partners: Sequence[WatchedRecording],
    findings: Sequence[SeenFinding],
    unjoined: Sequence[SeenFinding],
    settings: JointSettings | None = None,
) -> SeenFinding:
    """The same finding, as a candidate where a partner should have seen it and did not.

    Args:
        seen: a finding of one camera that no other finding belongs to.
        partners: recordings of all cameras.
        findings: of all cameras.
        unjoined: those of them that no other finding belongs to.
        settings: errors of clocks, and the least angle between lines of sight.
    """
    incident = seen.incident
    if incident.tier != "incident":
        return seen
    device = unseen_by(seen, partners, findings, unjoined, settings or JointSettings())
    if device is None:
        return seen
    reason = messages.PARTNER_DID_NOT_SEE(device=device)
    verdict = incident.verdict.model_copy(
        update={
            "p": 0.5,
            "labels": {"thrown_object": 0.5, "other": 0.5},
            "reasons": (*incident.verdict.reasons, reason),
            "reason_codes": (*incident.verdict.reason_codes, coded(reason)),
        }
    )
    return replace(seen, incident=incident.model_copy(update={"tier": "candidate", "verdict": verdict}))


def _saw_something(
    seen: SeenFinding, partner: WatchedRecording, findings: Sequence[SeenFinding], beyond_s: float
) -> bool:
    """Whether one of the findings is the partner's and of that time, by clocks that may be so wrong."""
    begin, end = (seen.epoch + timedelta(seconds=t) for t in (seen.incident.media.start_s, seen.incident.media.end_s))
    for other in findings:
        if other.camera.device == partner.camera.device:
            media = other.incident.media
            first, last = (other.epoch + timedelta(seconds=t) for t in (media.start_s, media.end_s))
            if max((first - end).total_seconds(), (begin - last).total_seconds()) < beyond_s:
                return True
    return False


def _between_clocks_s(seen: SeenFinding, partner: WatchedRecording, limits: JointSettings) -> float:
    media = seen.incident.media
    return limits.between_clocks_s(
        clock_sd_s(media.clock, media.clock_error_s, limits), clock_sd_s(partner.clock, None, limits)
    )


def _expected(
    seen: SeenFinding, partner: WatchedRecording, shared: SharedFacade, limits: JointSettings
) -> _Expected | None:
    """Where it should have been seen; None where that is not known or not in the picture."""
    fall = seen.finding.fall
    if fall.fit.model != "fall":
        return None
    path = camera_path(seen, shared.first, seen.epoch, limits)
    posterior = joint_launches([path], shared.plan, joint_settings=limits)
    there = CameraPath(fall, shared.second, 0.0, 0.0)
    if posterior is None or angle_deg(path, there) < limits.min_angle_deg:
        return None
    places = posterior.states_at(fall.path.t_s).positions_m
    pixels = shared.second.project(places)
    inside = _in_picture(pixels, partner.camera)
    counted = inside.mean(axis=0) >= _INSIDE
    spread = np.nanstd(pixels, axis=0).max(axis=1)
    counted &= spread < _MOST_SD_PX
    if counted.sum() < _FEWEST:
        return None
    ahead_s = (seen.epoch - partner.epoch).total_seconds()
    distance = np.linalg.norm(places[:, counted] - shared.second.position_m, axis=2)
    size_px = size_of(fall.path, fall.fit).diameter_m * shared.second.focal_px / float(np.median(distance))
    clock_sd = _between_clocks_s(seen, partner, limits)
    uv = np.median(pixels[:, counted], axis=0)
    beyond = limits.clock_gate_sd * clock_sd
    expected = _Expected(fall.path.t_s[counted] + ahead_s, uv, spread[counted], size_px, beyond)
    covered = expected.t_s[0] - beyond >= partner.part_s[0] and expected.t_s[-1] + beyond <= partner.part_s[1]
    return expected if covered and size_px >= _LEAST_PX else None


def _in_picture(pixels: Float64, camera: CalibratedCamera) -> NDArray[np.bool_]:
    """Which of ``(d, n, 2)`` are in the picture and not masked."""
    assert camera.image_size is not None, "a calibration is for pictures of a size"
    width, height = camera.image_size
    shown = np.ones((height, width), np.uint8)
    for polygon in camera.masks:
        corners = np.round(np.asarray(polygon, np.float64)).astype(np.int32)
        cv2.fillPoly(shown, [corners.reshape(-1, 1, 2)], (0,))
    with np.errstate(invalid="ignore"):
        inside = np.asarray((pixels >= 0.0).all(axis=2) & (pixels < (width - 1, height - 1)).all(axis=2), np.bool_)
    at = np.round(np.where(inside[:, :, None], pixels, 0.0)).astype(np.intp)
    return np.asarray(inside & (shown[at[:, :, 1], at[:, :, 0]] > 0), np.bool_)


def _did_not_see(seen: SeenFinding, partner: WatchedRecording, expected: _Expected) -> bool:
    """Whether the partner's detector sees the thing where it is drawn, and nothing where it should have been."""
    contrast = _CLEAR * float(np.median([p.detection.contrast for p in seen.finding.fall.path.measured]))
    drawn = DrawnFall(expected.t_s - expected.t_s[0], expected.uv_px, expected.size_px, contrast)
    begin, end = expected.t_s[0] - expected.beyond_s, expected.t_s[-1] + expected.beyond_s
    real, copied = Detector(masks=partner.camera.masks), Detector(masks=partner.camera.masks)
    sightings: list[tuple[float, Float64]] = []
    shown: list[bool] = []
    with VideoFile(partner.recording, partner.fps) as video:
        for frame in video:
            if frame.t_s < begin - _LEAD_S:
                continue
            if frame.t_s > end:
                break
            copy = frame.luma.copy()
            since_s = frame.t_s - float(expected.t_s[0])
            is_drawn = 0.0 <= since_s <= drawn.duration_s
            if is_drawn:
                draw(copy, drawn, since_s, contrast, _BLUR_PX)
            detected = real.detect(frame)
            again = copied.detect(Frame(frame.index, frame.t_s, copy))
            if frame.t_s < begin:
                continue
            if detected.blind is not None:
                return False
            sightings.append((frame.t_s, _centres(detected.detections)))
            if is_drawn and not detected.repeated:
                place = drawn.at(np.array([since_s]))[0]
                shown.append(_is_near(_centres(again.detections), place, 2.0 * expected.size_px))
    if len(shown) < _FEWEST or float(np.mean(shown)) < _SEEN_SHARE:
        return False
    return _best_share(sightings, expected) <= _UNSEEN_SHARE


def _best_share(sightings: Sequence[tuple[float, Float64]], expected: _Expected) -> float:
    """Share of the instants at which something is where it should be, by the clock that makes it largest."""
    times = np.array([t for t, _ in sightings])
    best = 0.0
    for clock_s in np.arange(-expected.beyond_s, expected.beyond_s + _CLOCK_STEP_S, _CLOCK_STEP_S):
        nearest = np.clip(np.searchsorted(times, expected.t_s + clock_s), 0, len(times) - 1)
        gates = 3.0 * expected.sd_px + 2.0 * expected.size_px
        # between two pictures it moves on
        step = np.linalg.norm(np.gradient(expected.uv_px, axis=0), axis=1)
        hits = [
            _is_near(sightings[row][1], place, float(gate))
            for row, place, gate in zip(nearest, expected.uv_px, gates + step, strict=True)
        ]
        best = max(best, float(np.mean(hits)))
    return best


def _centres(detections: Sequence[Detection]) -> Float64:
    return np.array([(d.x_px, d.y_px) for d in detections], np.float64).reshape(-1, 2)


def _is_near(centres: Float64, place: Float64, gate_px: float) -> bool:
    return bool(len(centres)) and bool(np.min(np.linalg.norm(centres - place, axis=1)) <= gate_px)
