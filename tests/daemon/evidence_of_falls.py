"""Evidence as a camera's worker leaves it, and the process that draws and seals it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from daemon.recent_footage import Scene, demo_scene
from known_bundles import record, write_files

from edgecv.daemon.evidence_worker import EvidenceProcessor
from edgecv.daemon.evidence_writer import write_bundle
from edgecv.daemon.housekeeping import prepare_state
from edgecv.evidence.keys import BoxKey
from edgecv.evidence.overlay_spec import overlay_spec_of
from edgecv.storage.database import DATABASE, Database
from edgecv.storage.incident_store import INCIDENTS, IncidentStore


@pytest.fixture
def key(tmp_path: Path) -> BoxKey:
    key = prepare_state(tmp_path)
    assert key is not None
    return key


@pytest.fixture
def store(tmp_path: Path, key: BoxKey) -> Iterator[IncidentStore]:
    with closing(Database(tmp_path / DATABASE)) as opened:
        yield IncidentStore(opened, tmp_path / INCIDENTS)


@pytest.fixture
def maker(tmp_path: Path, key: BoxKey) -> Iterator[EvidenceProcessor]:
    with closing(EvidenceProcessor(tmp_path)) as made:
        yield made


@pytest.fixture
def scene(demo_run: Any, tmp_path: Path) -> Scene:
    """Not much longer than its first fall: it is drawn again and again."""
    return demo_scene(demo_run, tmp_path, until_s=5.0)


def as_a_worker_leaves_it(scene: Scene, store: IncidentStore, number: int = 0) -> str:
    """What a camera's worker writes of one of the demo's incidents; its id."""
    found, camera = scene.found[number], scene.footage.camera
    sketch = overlay_spec_of(found.fall, found.incident.origin, camera.pinhole, camera.plan)
    part = store.part_of(found.incident.id)
    assert write_bundle(found.incident, sketch, scene.footage, part, scene.spec.replay_setup, last=True) == ()
    assert store.add(found.incident)
    store.hand_over(found.incident.id)
    return found.incident.id


def put_in(store: IncidentStore, incident_id: str, device: str = "north-1") -> Path:
    store.add(record(incident_id).model_copy(update={"device": device}))
    return write_files(store.part_of(incident_id), incident_id)


def states(store: IncidentStore) -> dict[str, str]:
    return {stored.id: stored.evidence for stored in store.list()}
