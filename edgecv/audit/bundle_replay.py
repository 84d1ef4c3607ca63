"""The clip of a bundle through the same pipeline again, with nothing but what lies in the folder."""

from __future__ import annotations

from collections.abc import Callable
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
from edgecv.messages import Message, replay
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


def replay_bundle(folder: Path, record: Incident, on_frame: Callable[[], None] = lambda: None) -> BundleReplay:
    """Replay a bundle's clip and compare what it gives with the bundle's record.

    The clip begins some seconds before the fall, so the picture's background is learned anew until then; what happened
    in the hours before is not known to the replay, so an incident may come out as a candidate and the other way round.
    Where the replay disagrees, a second look decides whether the clip contradicts the record or only tells less.

    Args:
        folder: the bundle.
        record: its record.
        on_frame: called with every frame that is decoded.
    """
    notes: list[str] = []
    if record.software.version != __version__:
        notes.append(replay.OTHER_VERSION(version=record.software.version, other=__version__))
    try:
        box = camera_in(folder)
        # whoever recorded without a configuration had no calibration either
        same_setup = box is not None or record.software.config_sha256 is None
        if not same_setup:
            notes.append(replay.NO_SET_UP(file=BOX_FILE))
        clip = _clip_of(folder, record)
        camera = _usable_calibration(box or CalibratedCamera(record.site, record.device), clip, notes)
        problems, start_s = _plain_replay(clip, record, camera, notes, on_frame, same_setup=same_setup)
        if not problems or start_s is None:
            return BundleReplay(tuple(problems), tuple(notes))
        provenance = _provenance(clip, record, camera)
        reanalysis = reanalyse(clip, record, start_s, camera.pinhole, camera.masks, provenance, on_frame)
    except EdgecvError as error:
        return BundleReplay(tuple(replay.IMPOSSIBLE(why=line) for line in _lines(error)), tuple(notes))
    ruled_out = contradictions(record, reanalysis.seen, reanalysis.incident, same_setup=same_setup)
    if ruled_out:
        return BundleReplay((*problems, *(replay.SECOND_LOOK(why=line) for line in ruled_out)), tuple(notes))
    seen, count = reanalysis.seen, len(record.track)
    return BundleReplay((), (*notes, *(replay.BORNE_OUT(why=line, seen=seen, count=count) for line in problems)))


def _lines(error: EdgecvError) -> list[str]:
    """What an error says, a line each; a message of one line keeps its code."""
    return [error.text] if isinstance(error.text, Message) else str(error).splitlines()


def _plain_replay(
    clip: Path,
    record: Incident,
    camera: CalibratedCamera,
    notes: list[str],
    on_frame: Callable[[], None],
    *,
    same_setup: bool,
) -> tuple[list[str], float | None]:
    """What the same pipeline says otherwise of the clip alone, and when the clip begins.

    No time is given where a second look is of no use: nobody knows when the clip begins, or the path came out the same.
    """
    pipeline = Pipeline(camera.pinhole, masks=camera.masks, plan=camera.plan)
    findings: list[Finding] = []
    with VideoFile(clip) as video:
        for frame in video:
            on_frame()
            if frame.t_s > LONGEST_CLIP_S or frame.index > MOST_FRAMES:
                raise InputError(replay.TOO_LONG(file=str(clip), time=LONGEST_CLIP_S))
            findings.extend(pipeline.process(frame))
    findings.extend(pipeline.flush())
    provenance = _provenance(clip, record, camera)
    match = best_match(record, [build_incident(f, provenance) for f in findings], record.evidence.clip_start_s)
    if match is None:
        return [replay.NOTHING()], record.evidence.clip_start_s
    if match.replayed.tier != record.tier:
        notes.append(replay.OTHER_TIER(tier=match.replayed.tier, other=record.tier))
    problems = disagreements(record, match, same_setup=same_setup)
    return problems, None if match.is_same_path_as(record) else match.clip_start_s


def _usable_calibration(camera: CalibratedCamera, clip: Path, notes: list[str]) -> CalibratedCamera:
    """The camera without its calibration where that is for other pictures: so does the box."""
    with VideoFile(clip) as video:
        size = (video.info.width, video.info.height)
    if camera.image_size in {None, size}:
        return camera
    notes.append(replay.OTHER_SIZE(size=f"{size[0]}x{size[1]}"))
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
        raise InputError(replay.NO_CLIP(folder=str(folder), files=", ".join(CLIPS)))
    return folder / name
