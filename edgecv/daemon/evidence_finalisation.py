"""Evidence is finalised in two steps: prepared, which takes seconds and no lock, and sealed under a short one."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path

from edgecv.audit.bundle_replay import replay_bundle
from edgecv.evidence.keys import BoxKey
from edgecv.evidence.preparation import prepare_bundle
from edgecv.incidents.record import Incident
from edgecv.messages import evidence as messages
from edgecv.messages import joined
from edgecv.storage.incident_store import IncidentStore
from edgecv.storage.sealed_evidence import mark_evidence_lost, seal_bundle, undo_interrupted_seal

_log = logging.getLogger("edgecv.evidence")


def finalise_evidence(
    store: IncidentStore,
    key: BoxKey,
    incident_id: str,
    on_frame: Callable[[], None] = lambda: None,
    executor: Executor | None = None,
) -> str | None:
    """Draw and seal an incident's evidence as far as its clip goes; note where there is nothing of it.

    No other process may prepare evidence of this box meanwhile: see ``take_evidence`` in
    :mod:`edgecv.daemon.instance_lock`.

    Args:
        store: holds it.
        key: the box's.
        incident_id: whose evidence it is.
        on_frame: called with every frame that is decoded.
        executor: where the pictures are drawn; in the caller's thread when left out.

    Returns:
        The state of the evidence (see :class:`edgecv.storage.incident_rows.StoredIncident`).

    Raises:
        OSError: the disk is full or failed; it stays pending.
        EvidenceError: what lies there cannot be evidence; it stays pending.
    """
    state, stored = undo_interrupted_seal(store, incident_id), store.get(incident_id)
    if stored is None or state != "pending":
        return state
    if not prepare_bundle(stored.incident, store.part_of(incident_id), on_frame, executor, _doubt):
        _log.warning("incident %s: its evidence was lost before it was written; its record stays", incident_id)
        return mark_evidence_lost(store, incident_id)
    return seal_bundle(store, incident_id, key)


def _doubt(folder: Path, record: Incident, on_frame: Callable[[], None]) -> str | None:
    """What ``edgecv incidents verify`` would say against the clip: better told at once than found by an auditor."""
    problems = replay_bundle(folder, record, on_frame).problems
    return messages.NOT_BORNE_OUT(why=joined(problems)) if problems else None
