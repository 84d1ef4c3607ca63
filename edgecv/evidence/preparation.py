"""A bundle is prepared for its seal: the record put right, the pictures drawn from the clip, the clip checked.

Files alone, in the folder where a camera's worker left them; this takes seconds and needs no lock. One process prepares
at a time. After a crash at any point it is done again and comes to the same end; nothing of a prepared bundle changes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from pathlib import Path

from av.error import FFmpegError

from edgecv.capture import LazyBgrFrame, lazy_frames_between
from edgecv.durable_files import FULL_ERRORS, flush_files
from edgecv.errors import InputError
from edgecv.evidence.bundle_files import (
    CUT_OFF,
    PICTURES,
    doubt_clip,
    mend_record,
    record_in,
    write_bare_record,
    write_pictures,
)
from edgecv.evidence.clip import is_disk_error
from edgecv.evidence.overlay_spec import read_overlay_spec
from edgecv.incidents.record import Incident
from edgecv.messages import evidence as messages

_log = logging.getLogger("edgecv.evidence")
_ATTEMPTS = ".tries"
_CHECKS = ".checks"
_MAX_ATTEMPTS = 3  # at one picture: a clip that kills the decoder must not hold up the chain for ever
Check = Callable[[Path, Incident, Callable[[], None]], str | None]
"""Of a folder and its record: why the clip does not bear the record out, or None; calls back with every frame."""
DRAWING_ERRORS = (OSError, InputError, FFmpegError, ValueError)
"""What drawing may end with."""


def prepare_bundle(
    record: Incident,
    folder: Path,
    on_frame: Callable[[], None] = lambda: None,
    executor: Executor | None = None,
    check: Check | None = None,
) -> bool:
    """Remove half-written files, put the record right and draw the pictures, as far as the clip goes.

    Args:
        record: the incident's record, for a folder whose own cannot be read.
        folder: where the evidence is put together.
        on_frame: called with every frame that is decoded.
        executor: where the pictures are drawn; in the caller's thread when left out.
        check: asked whether the clip bears the record out; not checked when left out.

    Returns:
        False where nothing of the evidence is on the disk.

    Raises:
        OSError: the disk is full or failed.
    """
    if not folder.is_dir():
        return False
    remove_files(folder, ".*.part")
    if all(path.name.startswith(".") for path in folder.iterdir()):
        return False
    if not _has_record(folder):
        write_bare_record(record, folder, CUT_OFF)
    if mend_record(folder):
        written = record_in(folder)
        if executor is None:
            _work_up(written, folder, on_frame, check)
        else:
            executor.submit(_work_up, written, folder, on_frame, check).result()
    remove_files(folder, ".*")
    flush_files(folder)  # the seal, which others wait for, finds nothing left to flush
    return True


def failure_text(error: Exception) -> str:
    """A failure in plain words."""
    if isinstance(error, OSError) and error.errno in FULL_ERRORS:
        return "the disk is full"
    return str(error) or type(error).__name__


def remove_files(folder: Path, *patterns: str) -> None:
    """Remove files that match."""
    for pattern in patterns:
        for path in folder.glob(pattern):
            path.unlink(missing_ok=True)


def _has_record(folder: Path) -> bool:
    """Whether there is a record that can be read: a power cut may leave a file of zeros, or nothing in it."""
    try:
        record_in(folder)
    except (FileNotFoundError, ValueError):
        return False
    return True


def _work_up(record: Incident, folder: Path, on_frame: Callable[[], None], check: Check | None) -> None:
    _draw(record, folder, on_frame)
    if check is not None and record.evidence.reason is None:
        reason = _doubt(record, folder, on_frame, check)
        if reason is not None:
            doubt_clip(folder, reason)
            _log.error("evidence of %s: %s", record.id, reason)


def _doubt(record: Incident, folder: Path, on_frame: Callable[[], None], check: Check) -> str | None:
    """Why the clip does not bear the record out; an error of the check costs the check and nothing else."""
    checks = folder / _CHECKS
    try:
        if checks.exists():  # it killed this process, or a power cut did: once is enough
            return messages.NOT_CHECKED()
        checks.touch()
        return check(folder, record, on_frame)
    except SystemExit:
        checks.unlink(missing_ok=True)
        raise
    except Exception as error:
        if is_disk_error(error):
            raise
        _log.exception("the clip of %s cannot be compared with its record", record.id)
        return messages.NOT_CHECKED()


def _draw(record: Incident, folder: Path, on_frame: Callable[[], None]) -> None:
    """Draw the pictures that are missing; an error costs the pictures and nothing else."""
    overlay = read_overlay_spec(folder)
    if overlay is None or all((folder / name).exists() for name in PICTURES):
        return
    try:
        _count_attempt(folder)
        write_pictures(record, overlay, lambda start_s, end_s: _shots(record, folder, start_s, end_s, on_frame), folder)
    except SystemExit:  # the process was asked to stop: that is not the clip's doing
        (folder / _ATTEMPTS).unlink(missing_ok=True)
        raise
    except DRAWING_ERRORS as error:
        remove_files(folder, *PICTURES, ".*.jpg.part")
        _log.error("evidence of %s has no pictures: %s", record.id, failure_text(error))


def _shots(
    record: Incident, folder: Path, start_s: float, end_s: float, on_frame: Callable[[], None]
) -> Iterator[tuple[float, LazyBgrFrame]]:
    """Frames of the clip with media time as the record counts it."""
    clip_start_s = record.evidence.clip_start_s or 0.0
    clip = folder / (record.evidence.clip or "")
    for t_s, shot in lazy_frames_between(clip, start_s - clip_start_s, end_s - clip_start_s):
        on_frame()
        yield t_s + clip_start_s, shot


def _count_attempt(folder: Path) -> None:
    """Count attempts that come no farther than the one before, so that a kill for another reason costs no pictures."""
    path = folder / _ATTEMPTS
    drawn = sum((folder / name).exists() for name in PICTURES)
    try:
        attempts, drawn_before = (int(word) for word in path.read_text().split())
    except (FileNotFoundError, ValueError):
        attempts, drawn_before = 0, 0
    if drawn > drawn_before:
        attempts = 0
    if attempts >= _MAX_ATTEMPTS:
        raise InputError(f"drawing ended {attempts} times at the same picture")
    path.write_text(f"{attempts + 1} {drawn}")
