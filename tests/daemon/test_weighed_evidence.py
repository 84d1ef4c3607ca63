"""Live, a thing is weighed where its evidence is drawn, and whoever was told of it hears of that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from daemon.recent_footage import demo_scene

from edgecv.audit.verify import verify_bundle
from edgecv.daemon import evidence_worker
from edgecv.daemon.evidence_worker import EvidenceProcessor
from edgecv.daemon.evidence_writer import write_bundle
from edgecv.daemon.housekeeping import prepare_state
from edgecv.evaluation.scene_runs import run_pipeline
from edgecv.evidence.bundle_files import record_in
from edgecv.evidence.keys import BoxKey
from edgecv.evidence.overlay_spec import overlay_spec_of, with_weighing
from edgecv.incidents.record import Incident
from edgecv.storage import sealed_evidence
from edgecv.storage.database import DATABASE, Database
from edgecv.storage.incident_store import INCIDENTS, IncidentStore
from edgecv.storage.outbox import Outbox
from edgecv.trajectory.mass import path_draws


@dataclass(frozen=True)
class Announced:
    """An incident that went upstream weighed by its boxes, its evidence handed over."""

    incident: Incident
    store: IncidentStore
    maker: EvidenceProcessor

    def sent(self) -> list[tuple[str, Any]]:
        """What went upstream: kind and content."""
        return [(message.kind, message.event["data"]) for message in Outbox(self.store.database).waiting("hub")]


@pytest.fixture
def announced(demo_run: Any, tmp_path: Path) -> Iterator[Announced]:
    """The demo's first incident."""
    assert prepare_state(tmp_path) is not None
    scene = demo_scene(demo_run, tmp_path, until_s=5.0)
    found, camera = scene.found[0], scene.footage.camera
    falls = [timed.finding.fall for timed in run_pipeline(demo_run.files.video, camera).findings]
    fall = min(falls, key=lambda one: abs(one.fit.start_s - found.incident.media.start_s))
    plain = overlay_spec_of(fall, found.incident.origin, camera.pinhole, camera.plan)
    overlay = with_weighing(plain, fall, path_draws(fall))
    with closing(Database(tmp_path / DATABASE)) as database, closing(EvidenceProcessor(tmp_path)) as maker:
        store = IncidentStore(database, tmp_path / INCIDENTS)
        by_boxes = found.incident.mass.model_copy(update={"photometry": None, "words": None, "words_code": None})
        incident = found.incident.model_copy(update={"mass": by_boxes})
        part = store.part_of(incident.id)
        assert write_bundle(incident, overlay, scene.footage, part, scene.spec.replay_setup, last=True) == ()
        assert store.add(incident)
        store.hand_over(incident.id)
        yield Announced(incident, store, maker)


def test_the_clip_says_what_a_replay_says_and_an_update_follows_the_incident(
    announced: Announced, demo_run: Any
) -> None:
    store, incident = announced.store, announced.incident
    assert announced.maker.step()
    sealed = record_in(store.folder_of(incident.id)).mass
    assert not list(store.folder_of(incident.id).glob(".*"))
    replayed = next(one for one in demo_run.incidents if one["media"]["start_s"] == incident.media.start_s)
    assert sealed.photometry is not None and sealed.diameter_m is not None
    area = replayed["mass"]["photometry"]["area_m2"]
    assert sealed.photometry.area_m2.median == pytest.approx(area["median"], rel=0.15)
    sent = announced.sent()
    assert [kind for kind, _ in sent] == ["incident", "update", "evidence"]
    assert sent[1][1]["id"] == incident.id
    assert sent[1][1]["mass"] == sealed.model_dump(mode="json", by_alias=True)


def test_a_crash_between_weighing_and_seal_sends_one_update_and_the_seal_holds(
    announced: Announced, monkeypatch: pytest.MonkeyPatch
) -> None:
    flush = sealed_evidence.flush_directory
    failures = iter([OSError("the power went")])

    def fails_once(folder: Path) -> None:
        for failure in failures:
            raise failure
        flush(folder)

    monkeypatch.setattr(sealed_evidence, "flush_directory", fails_once)  # after the move, before the commit
    monkeypatch.setattr(evidence_worker, "_RETRY_S", 0.0)
    assert announced.maker.step()
    assert [kind for kind, _ in announced.sent()] == ["incident"]
    assert announced.maker.step()
    assert [kind for kind, _ in announced.sent()] == ["incident", "update", "evidence"]
    assert not announced.maker.step()
    bundle = announced.store.folder_of(announced.incident.id)
    key = BoxKey.load_or_create(announced.store.folder.parent)
    assert verify_bundle(bundle, key.public).problems == ()
