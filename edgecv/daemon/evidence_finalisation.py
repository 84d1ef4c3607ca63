"""Evidence is finished: the record put right, the pictures drawn from the clip, all sealed and published."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from pathlib import Path

from av.error import FFmpegError

from edgecv.capture import Shot, shots_between
from edgecv.durable_files import FULL_ERRORS
from edgecv.errors import InputError
from edgecv.evidence.bundle_files import CUT_OFF, PICTURES, mend_record, record_in, write_bare_record, write_pictures
from edgecv.evidence.keys import BoxKey
from edgecv.evidence.overlay_spec import read_sketch
from edgecv.incidents.record import Incident
from edgecv.storage.incident_rows import Stored
from edgecv.storage.incident_store import IncidentStore

_log = logging.getLogger("edgecv.evidence")
_TRIES = ".tries"
_MOST_TRIES = 3  # at one place: a clip that kills the decoder must not hold up the chain for ever
FAILURES = (OSError, InputError, FFmpegError, ValueError)
"""What drawing may end with."""


def finish_pending(
    store: IncidentStore,
    key: BoxKey,
    incident_id: str,
    alive: Callable[[], None] = lambda: None,
    artist: Executor | None = None,
) -> str | None:
    """Draw and seal an incident's evidence as far as its clip goes; note where there is nothing of it.

    Args:
        store: holds it.
        key: the box's.
        incident_id: whose evidence it is.
        alive: called with every picture that is decoded.
        artist: where the pictures are drawn; here when left out.

    Returns:
        What has become of the evidence (see :class:`edgecv.storage.incident_store.Stored`).

    Raises:
        OSError: the disk is full or failed; it stays pending.
        EvidenceError: what lies there cannot be evidence; it stays pending.
    """
    become = store.publish(incident_id, key, is_fit=lambda stored, part: _is_fit(stored, part, alive, artist))
    if become == "failed":
        _log.warning("incident %s: its evidence was lost before it was written; its record is kept", incident_id)
    return become


def why_not(error: Exception) -> str:
    """A failure in plain words."""
    if isinstance(error, OSError) and error.errno in FULL_ERRORS:
        return "the disk is full"
    return str(error) or type(error).__name__


def remove(folder: Path, *patterns: str) -> None:
    """Remove files that match."""
    for pattern in patterns:
        for path in folder.glob(pattern):
            path.unlink(missing_ok=True)


def _is_fit(stored: Stored, part: Path, alive: Callable[[], None], artist: Executor | None) -> bool:
    """Remove half-written files, put the record right, draw; False where there is no file at all."""
    if not part.is_dir():
        return False
    remove(part, ".*.part")
    if all(path.name.startswith(".") for path in part.iterdir()):
        return False
    if not _has_record(part):
        write_bare_record(stored.incident, part, CUT_OFF)
    if mend_record(part):
        record = record_in(part)
        if artist is None:
            _draw(record, part, alive)
        else:
            artist.submit(_draw, record, part, alive).result()
    remove(part, ".*")
    return True


def _has_record(part: Path) -> bool:
    """Whether there is a record that can be read: a power cut may leave a file of zeros, or nothing in it."""
    try:
        record_in(part)
    except (FileNotFoundError, ValueError):
        return False
    return True


def _draw(record: Incident, part: Path, alive: Callable[[], None]) -> None:
    """Draw the pictures that are not there; what stands in their way costs them and nothing else."""
    sketch = read_sketch(part)
    if sketch is None or all((part / name).exists() for name in PICTURES):
        return
    try:
        _count_try(part)
        write_pictures(record, sketch, lambda start_s, end_s: _shots(record, part, start_s, end_s, alive), part)
    except SystemExit:  # told to stop: that is not the clip's doing
        (part / _TRIES).unlink(missing_ok=True)
        raise
    except FAILURES as error:
        remove(part, *PICTURES, ".*.jpg.part")
        _log.error("evidence of %s is cut down: no pictures (%s)", record.id, why_not(error))


def _shots(
    record: Incident, part: Path, start_s: float, end_s: float, alive: Callable[[], None]
) -> Iterator[tuple[float, Shot]]:
    """Pictures of the clip with media time as the record tells it."""
    began_s = record.evidence.clip_start_s or 0.0
    for t_s, shot in shots_between(part / (record.evidence.clip or ""), start_s - began_s, end_s - began_s):
        alive()
        yield t_s + began_s, shot


def _count_try(part: Path) -> None:
    """Count the tries that come no farther than the one before, so that who is killed for other reasons may go on."""
    path = part / _TRIES
    made = sum((part / name).exists() for name in PICTURES)
    try:
        tries, made_before = (int(word) for word in path.read_text().split())
    except (FileNotFoundError, ValueError):
        tries, made_before = 0, 0
    if made > made_before:
        tries = 0
    if tries >= _MOST_TRIES:
        raise InputError(f"whoever drew them ended {tries} times at the same place")
    path.write_text(f"{tries + 1} {made}")
