"""The clip of a bundle through the same pipeline again, with nothing but what lies in the folder."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from edgecv._version import __version__
from edgecv.audit.bundle_calibration import BOX_FILE, camera_in
from edgecv.audit.guided_reanalysis import reanalyse
from edgecv.audit.replay_comparison import best_match, contradictions, disagreements
from edgecv.calibration.calibrated_camera import CalibratedCamera
from edgecv.capture import VideoFile
from edgecv.classification import Finding
from edgecv.errors import EdgecvError, InputError
from edgecv.evidence.file_names import CLIPS
from edgecv.incidents.record import Incident
from edgecv.incidents.record_builder import Provenance, build_incident
from edgecv.pipeline import Pipeline

LONGEST_CLIP_S = 600.0
"""A box cuts from the last half minute, and a minute more at most."""
MOST_FRAMES = 60_000
"""Ten minutes at 100 frames a second."""


@dataclass(frozen=True, slots=True)
class BundleReplay:
    """Result of a replay of the clip: problems and notes, one line each in plain words."""

    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def replay_bundle(folder: Path, record: Incident) -> BundleReplay:
    """Replay a bundle's clip and compare what it gives with the bundle's record.

    The clip begins some seconds before the fall, so the picture's background is learned anew until then; what happened
    in the hours before is not known to the replay, so an incident may come out as a candidate and the other way round.
    Where the replay disagrees, a second look decides whether the clip contradicts the record or only tells less.
    """
    notes = []
    if record.software.version != __version__:
        notes.append(f"recorded by edgecv {record.software.version}, replayed by {__version__}")
    try:
        box = camera_in(folder)
        # whoever recorded without a configuration had no calibration either
        same_setup = box is not None or record.software.config_sha256 is None
        if not same_setup:
            notes.append(f"there is no {BOX_FILE} with the camera's calibration: floor and mass were not compared")
        clip = _clip_of(folder, record)
        camera = _usable_calibration(box or CalibratedCamera(record.site, record.device), clip, notes)
        problems, start_s = _plain_replay(clip, record, camera, notes, same_setup=same_setup)
        if not problems or start_s is None:
            return BundleReplay(tuple(problems), tuple(notes))
        reanalysis = reanalyse(clip, record, start_s, camera.pinhole, camera.masks, _provenance(clip, record, camera))
    except EdgecvError as error:
        return BundleReplay(tuple(f"cannot be replayed: {line}" for line in str(error).splitlines()), tuple(notes))
    ruled_out = contradictions(record, reanalysis.seen, reanalysis.incident, same_setup=same_setup)
    if ruled_out:
        return BundleReplay((*problems, *(f"a second look: {line}" for line in ruled_out)), tuple(notes))
    borne_out = f"but a second look bears the record out at {reanalysis.seen} of its {len(record.track)} sightings"
    return BundleReplay((), (*notes, *(f"{line}, {borne_out}" for line in problems)))


def _plain_replay(
    clip: Path, record: Incident, camera: CalibratedCamera, notes: list[str], *, same_setup: bool
) -> tuple[list[str], float | None]:
    """What the same pipeline says otherwise of the clip alone, and when the clip begins.

    No time is given where a second look is of no use: nobody knows when the clip begins, or the path came out the same.
    """
    pipeline = Pipeline(camera.pinhole, masks=camera.masks)
    findings: list[Finding] = []
    with VideoFile(clip) as video:
        for frame in video:
            if frame.t_s > LONGEST_CLIP_S or frame.index > MOST_FRAMES:
                raise InputError(f"{clip}: is longer than any clip that a box cuts ({LONGEST_CLIP_S:g} s)")
            findings.extend(pipeline.process(frame))
    findings.extend(pipeline.flush())
    provenance = _provenance(clip, record, camera)
    match = best_match(record, [build_incident(f, provenance) for f in findings], record.evidence.clip_start_s)
    if match is None:
        return ["the replayed clip shows no incident at the record's time"], record.evidence.clip_start_s
    if match.replayed.tier != record.tier:
        notes.append(f"the replayed clip alone makes it a {match.replayed.tier}, the record a {record.tier}")
    problems = disagreements(record, match, same_setup=same_setup)
    return problems, None if match.is_same_path_as(record) else match.clip_start_s


def _usable_calibration(camera: CalibratedCamera, clip: Path, notes: list[str]) -> CalibratedCamera:
    """The camera without its calibration where that is for other pictures: so does the box."""
    with VideoFile(clip) as video:
        size = (video.info.width, video.info.height)
    if camera.image_size in {None, size}:
        return camera
    notes.append(f"its pictures of {size[0]}x{size[1]} do not fit the calibration, which was not used")
    return replace(camera, pinhole=None, plan=None)


def _provenance(clip: Path, record: Incident, camera: CalibratedCamera) -> Provenance:
    epoch = datetime.fromtimestamp(0, UTC)  # media time is compared, never the wall clock
    return Provenance(record.site, record.device, str(clip), epoch, record.media.clock, camera.plan)


def _clip_of(folder: Path, record: Incident) -> Path:
    """The clip, under one of the names that boxes give it.

    Raises:
        InputError: the record names another file.
    """
    name = record.evidence.clip
    if name is None:
        name = next((name for name in CLIPS if (folder / name).exists()), CLIPS[0])
    if name not in CLIPS or (folder / name).is_symlink():
        raise InputError(f"{folder}: the record's clip is none of {', '.join(CLIPS)}; no box writes that")
    return folder / name
