"""What a camera's worker writes of an incident: the record, what to draw, and the clip as far as it goes.

The pictures are drawn from the clip by the evidence process. A full disk costs the clip first, then the pictures, which
are drawn here then, from packets in memory, and the record last of all.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from edgecv.daemon.footage import Footage
from edgecv.daemon.worker_spec import ReplaySetup
from edgecv.durable_files import write_atomic
from edgecv.evidence.bundle_files import (
    AFTER_S,
    BEFORE_S,
    CUT_OFF,
    PICTURES,
    mend_record,
    write_bare_record,
    write_pictures,
    write_record,
)
from edgecv.evidence.clip import Clip
from edgecv.evidence.overlay_spec import OVERLAY_SPEC, OverlaySpec, write_overlay_spec
from edgecv.evidence.preparation import DRAWING_ERRORS, failure_text, remove_files
from edgecv.evidence.sealing import RECORD
from edgecv.incidents.record import Incident

_FALL_NOT_IN_MEMORY = (
    "no longer clip (the camera sends so much that memory holds the fall no longer; it stays cut at the fall's end: "
    "lower the bit rate, or raise service.worker_memory_mb)"
)


def write_bundle(
    incident: Incident,
    overlay: OverlaySpec | None,
    footage: Footage,
    folder: Path,
    setup: ReplaySetup,
    *,
    last: bool,
) -> tuple[str, ...]:
    """Write an incident's files, over those of an earlier try.

    The record comes first, so that who dies in the next moment leaves what happened, if not yet the clip.

    Args:
        incident: the record.
        sketch: what to draw, None where that is not known.
        footage: the connection's packets.
        folder: where they go; made where it is missing.
        setup: what to replay the clip with.
        last: whether this is all there will be: on the disk when it returns, with pictures where there is no clip to
            draw them from. Else nothing waits for the disk; see :func:`edgecv.durable_files.flush_files`.

    Returns:
        What is missing and why, in plain words; nothing where all is there.

    Raises:
        OSError: not even the record could be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / RECORD).exists():
        write_bare_record(incident, folder, CUT_OFF, flush=last)
    try:
        if overlay is not None and not (folder / OVERLAY_SPEC).exists():
            write_overlay_spec(overlay, folder, flush=last)
        describe = partial(_describe, incident, folder, setup, flush=last)
        if not footage.reaches_back_to(incident.media.start_s) and _keeps_earlier_clip(folder):
            return (_FALL_NOT_IN_MEMORY,)
        start_s, end_s = incident.media.start_s - BEFORE_S, incident.media.end_s + AFTER_S
        footage.cut(folder / "clip.mp4", start_s, end_s, describe, flush=last)
    except DRAWING_ERRORS as error:
        remove_files(folder, ".*.part")
        if _keeps_earlier_clip(folder):
            return (f"no longer clip ({failure_text(error)})",)
        write_bare_record(incident, folder, failure_text(error), flush=last)
        return (f"no clip ({failure_text(error)})", *(_pictures(incident, overlay, footage, folder) if last else ()))
    return ()


def _describe(incident: Incident, folder: Path, setup: ReplaySetup, clip: Clip, *, flush: bool) -> None:
    """The record that names the clip, and what a replay of it needs."""
    for name, text in setup.files(clip.path.name).items():
        if not (folder / name).exists():
            write_atomic(folder / name, text, flush=flush)
    write_record(incident, clip, folder, flush=flush)


def _keeps_earlier_clip(folder: Path) -> bool:
    """Whether an earlier attempt wrote a clip that its record names; remains of one are removed otherwise."""
    try:
        is_kept = mend_record(folder)
    except (OSError, ValueError):  # no room for another record
        is_kept = False
    if not is_kept:
        remove_files(folder, "clip.*", "box.yaml", "calibration.yaml")
    return is_kept


def _pictures(incident: Incident, overlay: OverlaySpec | None, footage: Footage, folder: Path) -> tuple[str, ...]:
    """Draw from packets in memory."""
    if overlay is None:
        return ("no pictures",)
    try:
        write_pictures(incident, overlay, footage.frames, folder)
    except DRAWING_ERRORS as error:
        remove_files(folder, *PICTURES, ".*.part")
        return (f"no pictures ({failure_text(error)})",)
    return ()
