"""The clip of a bundle through the same pipeline again, with nothing but what lies in the folder."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from edgecv._version import __version__
from edgecv.capture import VideoFile
from edgecv.classification import Finding
from edgecv.errors import EdgecvError
from edgecv.incidents.agreement import best_match, disagreements
from edgecv.incidents.build import Source, build_incident
from edgecv.incidents.record import Incident
from edgecv.pipeline import Pipeline
from edgecv.replay import ReplayCamera

BOX_FILE = "box.yaml"


@dataclass(frozen=True, slots=True)
class Rerun:
    """What a replay of the clip has to say of the record; each a line in plain words."""

    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def rerun(folder: Path, record: Incident) -> Rerun:
    """Replay a bundle's clip and compare what it gives with the bundle's record.

    The clip begins some seconds before the fall, so the picture's background is learned anew until then; what happened
    in the hours before is not known to the replay, so an incident may come out as a candidate and the other way round.
    """
    notes = []
    if record.software.version != __version__:
        notes.append(f"recorded by edgecv {record.software.version}, replayed by {__version__}")
    try:
        camera = _camera_of(folder)
        replayed = _replayed(_clip_of(folder, record), record, camera, notes)
    except EdgecvError as error:
        return Rerun(problems=tuple(f"cannot be replayed: {line}" for line in str(error).splitlines()))
    # whoever recorded without a configuration had no calibration either
    same_setup = camera is not None or record.software.config_sha256 is None
    if not same_setup:
        notes.append(f"there is no {BOX_FILE} with the camera's calibration in it: floor and mass were not compared")
    match = best_match(record, replayed, record.evidence.clip_start_s)
    if match is None:
        return Rerun(("the replayed clip shows no incident at the record's time",), tuple(notes))
    if match.replayed.tier != record.tier:
        notes.append(f"the replayed clip alone makes it a {match.replayed.tier}, the record a {record.tier}")
    return Rerun(tuple(disagreements(record, match, same_setup=same_setup)), tuple(notes))


def _replayed(clip: Path, record: Incident, camera: ReplayCamera | None, notes: list[str]) -> list[Incident]:
    setup = camera or ReplayCamera(record.site, record.device)
    findings: list[Finding] = []
    with VideoFile(clip) as video:
        size = (video.info.width, video.info.height)
        if setup.image_size not in {None, size}:
            notes.append(f"its pictures of {size[0]}x{size[1]} do not fit the calibration, which was not used")
            setup = replace(setup, camera=None, plan=None)
        pipeline = Pipeline(setup.camera, masks=setup.masks)
        for frame in video:
            findings.extend(pipeline.process(frame))
    findings.extend(pipeline.flush())
    begin = datetime.fromtimestamp(0, UTC)  # media time is compared, never the wall clock
    source = Source(record.site, record.device, str(clip), begin, record.media.clock, setup.plan)
    return [build_incident(finding, source) for finding in findings]


def _clip_of(folder: Path, record: Incident) -> Path:
    if record.evidence.clip is not None:
        return folder / Path(record.evidence.clip).name
    return next(iter(sorted(folder.glob("clip.*"))), folder / "clip.mp4")


def _camera_of(folder: Path) -> ReplayCamera | None:
    """The camera as the box had it; None where the folder does not tell."""
    # the command line holds the way from a box file to a camera, and itself imports this room
    from edgecv.cli.camera import camera_of  # noqa: PLC0415
    from edgecv.config import load_box  # noqa: PLC0415

    path = folder / BOX_FILE
    return camera_of(load_box(path), None).camera if path.exists() else None
