"""The files of one incident from a live connection: as many of them as the disk and the packets in memory allow.

A full disk costs the clip first, then the pictures, and the record last of all.
"""

from __future__ import annotations

from pathlib import Path

from av.error import FFmpegError

from edgecv.daemon.live_session import LiveSession
from edgecv.errors import InputError
from edgecv.incidents.clip import Clip
from edgecv.incidents.evidence import AFTER_S, BEFORE_S, mend_record, write_bare_record, write_pictures, write_record
from edgecv.incidents.files import FULL_ERRORS, write_atomic
from edgecv.incidents.record import Incident
from edgecv.incidents.sealing import RECORD
from edgecv.trajectory import Fall

PICTURES = ("still-blurred.jpg", "still.jpg", "strobe-blurred.jpg", "strobe.jpg")
"""In the order they are written: where the last is, all are."""
_FAILURES = (OSError, InputError, FFmpegError, ValueError)


def write_bundle(
    incident: Incident,
    fall: Fall,
    session: LiveSession,
    folder: Path,
    set_up: dict[str, str],
    *,
    clip: bool = True,
    pictures: bool = True,
) -> tuple[str, ...]:
    """Write an incident's files into a folder that is there, over those of an earlier try.

    Args:
        incident: the record.
        fall: its path.
        session: the live connection that has its packets.
        folder: where they go.
        set_up: files to replay the clip with, by name.
        clip: whether to write the clip, with its record and what a replay of it needs: copied in a moment.
        pictures: whether to draw those that are not there: seconds later there is more of the clip, not of the fall.

    Returns:
        What is missing and why, in plain words; nothing where all is there.

    Raises:
        OSError: not even the record could be written.
    """
    missing: list[str] = []
    if clip:
        try:
            start_s, end_s = incident.media.start_s - BEFORE_S, incident.media.end_s + AFTER_S
            _describe(incident, session.cut(folder / "clip.mp4", start_s, end_s), folder, set_up)
        except _FAILURES as error:
            _remove(folder, ".*.part")
            missing.append(f"no {'longer ' if _keep_earlier_clip(folder) else ''}clip ({_why(error)})")
            if not (folder / RECORD).exists():
                write_bare_record(incident, folder)
    if pictures and not (folder / PICTURES[-1]).exists():
        try:
            camera = session.camera
            write_pictures(incident, fall, session.pictures, folder, camera.camera, camera.plan)
        except _FAILURES as error:
            _remove(folder, *PICTURES, ".*.part")
            missing.append(f"no pictures ({_why(error)})")
    return tuple(missing)


def _describe(incident: Incident, clip: Clip, folder: Path, set_up: dict[str, str]) -> None:
    """The record that names the clip, and what a replay of it needs."""
    write_record(incident, clip, folder)
    for name, text in set_up.items():
        write_atomic(folder / name, text.replace("clip.mp4", clip.path.name))


def _keep_earlier_clip(folder: Path) -> bool:
    """Whether an earlier try left a clip that its record names; else whatever there is of one goes."""
    try:
        is_kept = mend_record(folder)
    except (OSError, ValueError):  # no record, or no room for another
        is_kept = False
        _remove(folder, RECORD)
    if not is_kept:
        _remove(folder, "clip.*")
    return is_kept


def _remove(folder: Path, *patterns: str) -> None:
    for pattern in patterns:
        for path in folder.glob(pattern):
            path.unlink(missing_ok=True)


def _why(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno in FULL_ERRORS:
        return "the disk is full"
    return str(error) or type(error).__name__
