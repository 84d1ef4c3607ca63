"""Live, a thing is weighed where its evidence is drawn, and whoever was told of it hears of that."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from daemon.recent_footage import demo_scene

from edgecv.daemon.evidence_worker import EvidenceProcessor
from edgecv.daemon.evidence_writer import write_bundle
from edgecv.daemon.housekeeping import prepare_state
from edgecv.evaluation.scene_runs import run_pipeline
from edgecv.evidence.bundle_files import record_in
from edgecv.evidence.overlay_spec import overlay_spec_of, with_weighing
from edgecv.storage.database import DATABASE, Database
from edgecv.storage.incident_store import INCIDENTS, IncidentStore
from edgecv.storage.outbox import Outbox
from edgecv.trajectory.mass import path_draws


def test_the_clip_says_what_a_replay_says_and_an_update_follows_the_incident(demo_run: Any, tmp_path: Path) -> None:
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
        announced = found.incident.model_copy(update={"mass": by_boxes})
        part = store.part_of(found.incident.id)
        assert write_bundle(announced, overlay, scene.footage, part, scene.spec.replay_setup, last=True) == ()
        assert store.add(announced)
        store.hand_over(found.incident.id)
        assert maker.step()
        sealed = record_in(store.folder_of(found.incident.id)).mass
        assert not list(store.folder_of(found.incident.id).glob(".*"))
        replayed = next(one for one in demo_run.incidents if one["media"]["start_s"] == found.incident.media.start_s)
        assert sealed.photometry is not None and sealed.diameter_m is not None
        area = replayed["mass"]["photometry"]["area_m2"]
        assert sealed.photometry.area_m2.median == pytest.approx(area["median"], rel=0.15)
        sent = [(message.kind, message.event["data"]) for message in Outbox(database).waiting("hub")]
        assert [kind for kind, _ in sent] == ["incident", "update", "evidence"]
        assert sent[1][1]["id"] == found.incident.id
        assert sent[1][1]["mass"] == sealed.model_dump(mode="json", by_alias=True)
