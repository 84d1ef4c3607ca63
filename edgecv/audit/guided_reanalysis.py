"""A second look at a clip, led by the record: is something at its sightings, and what does physics say of those?

A box that watched for hours knows its picture better than a replay of half a minute can learn it, and where the camera
shakes or the light flickers the tracker may follow the very same thing in two pieces, or judge it a little differently.
That is no forgery. So where the first look disagrees, the clip is watched once to learn its picture. Then the record
says which blobs belong together; everything else, blobs, path, floor and mass, comes from the clip again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgecv.capture import VideoFile
from edgecv.capture.frame import Frame
from edgecv.classification import Finding, judge
from edgecv.detection import Detector
from edgecv.detection.camera_motion import CameraMotion
from edgecv.detection.detection import Detection, Detections, X, Y
from edgecv.geometry.camera import PinholeCamera
from edgecv.incidents.record import Incident, TrackPointRecord
from edgecv.incidents.record_builder import Provenance, build_incident
from edgecv.pipeline import PipelineSettings
from edgecv.tracking import Track
from edgecv.tracking.clutter_density import ClutterDensity
from edgecv.tracking.track import TrackPoint
from edgecv.trajectory import View, explain

Float64 = NDArray[np.float64]
_NEAR_PX = 3.0
_FEWEST = 6  # sightings that a fall can be fitted to


@dataclass(frozen=True, slots=True)
class Reanalysis:
    """What the clip shows along the record's track.

    Attributes:
        seen: at how many of the record's sightings something moves.
        incident: what physics makes of it; None where that is no fall.
    """

    seen: int
    incident: Incident | None


def reanalyse(
    clip: Path,
    record: Incident,
    clip_start_s: float,
    camera: PinholeCamera | None,
    masks: tuple[tuple[tuple[float, float], ...], ...],
    provenance: Provenance,
    on_frame: Callable[[], None] = lambda: None,
) -> Reanalysis:
    """Follow the record's track through the clip.

    Args:
        clip: the video.
        record: what to look for.
        clip_start_s: media time of the clip's first picture.
        camera: its calibration, or None.
        masks: polygons in pixels that are left out.
        provenance: whose footage it is.
        on_frame: called with every frame that is decoded.

    Raises:
        InputError: the clip cannot be read.
    """
    settings = PipelineSettings()
    detector = Detector(settings.detection, masks)
    sighting_times_s = np.array([p.t - clip_start_s for p in record.track], np.float64)
    same_time_s = 0.25 * float(np.median(np.diff(sighting_times_s))) if len(sighting_times_s) > 1 else 0.01
    points: list[TrackPoint] = []
    instants_s: list[float] = []
    with VideoFile(clip) as video:
        size = (video.info.width, video.info.height)
        clutter, previous_s = ClutterDensity(size), -np.inf
        for frame in _watched_before(clip, video):
            on_frame()
            if frame.t_s > sighting_times_s[-1] + same_time_s:
                break
            seen = detector.detect(frame)
            if seen.repeated:
                continue
            rows = Detections.of(seen.detections).array
            nearest = int(np.abs(sighting_times_s - frame.t_s).argmin())
            if frame.t_s >= sighting_times_s[0] - same_time_s:
                instants_s.append(seen.instant_s)
            if len(rows) and abs(sighting_times_s[nearest] - frame.t_s) <= same_time_s:
                row = _row_at(rows, record.track[nearest], seen.motion)
                if row is not None:
                    density = float(clutter.at(rows[row : row + 1])[0])
                    blob = Detection(*rows[row].tolist())
                    shift_px = seen.motion.at(blob.x_px, blob.y_px)
                    points.append(TrackPoint(frame.index, seen.instant_s, blob, shift_px, density, frame.t_s))
            clutter.update(rows, seen.instant_s - previous_s)
            previous_s = seen.instant_s
    if len(points) < _FEWEST:
        return Reanalysis(len(points), None)
    track = Track(tuple(points), max(len(instants_s), len(points)), size, float(np.median(np.diff(instants_s))))
    view = View.uncalibrated(size, settings.trajectory) if camera is None else View.calibrated(camera)
    fall = explain(track, view, settings.trajectory)
    if fall is None:
        return Reanalysis(len(points), None)
    finding = Finding(fall, judge(fall, settings.classification))
    return Reanalysis(len(points), build_incident(finding, provenance))


def _watched_before(clip: Path, video: VideoFile) -> Iterator[Frame]:
    """The clip's frames, and before them all of them at times before its beginning."""
    if video.info.duration_s is not None:
        with VideoFile(clip) as before:
            for frame in before:
                yield replace(frame, t_s=frame.t_s - video.info.duration_s - 1.0)
    yield from video


def _row_at(rows: Float64, point: TrackPointRecord, motion: CameraMotion) -> int | None:
    """The blob nearest to a sighting, where one is near enough."""
    shifts_px = np.array([motion.at(x, y) for x, y in rows[:, [X, Y]].tolist()])
    apart = np.linalg.norm(rows[:, [X, Y]] + shifts_px - (point.x, point.y), axis=1)
    row = int(apart.argmin())
    return row if apart[row] <= max(_NEAR_PX, 0.5 * max(point.w, point.h)) else None
