"""Evidence is drawn and sealed apart from the cameras, in order, from what lies on the disk."""

from __future__ import annotations

import errno
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from daemon import evidence_of_falls
from daemon.evidence_of_falls import as_a_worker_leaves_it, put_in, states
from daemon.recent_footage import Scene, demo_scene
from known_bundles import record
from soak_test.kills import is_running
from waiting import wait_for

from edgecv.audit.verify import verify_bundle
from edgecv.capture import lazy_frames_between
from edgecv.daemon.evidence_worker import EvidenceHeartbeat, EvidenceProcessor, evidence_child
from edgecv.daemon.process import yield_to_cameras
from edgecv.evidence import preparation
from edgecv.evidence.bundle_files import PICTURES, write_pictures
from edgecv.evidence.hash_chain import verify_chain
from edgecv.evidence.keys import BoxKey
from edgecv.evidence.overlay_spec import overlay_spec_of
from edgecv.storage.database import DATABASE, Database
from edgecv.storage.incident_store import INCIDENTS, IncidentStore
from edgecv.storage.sealed_evidence import seal_bundle

key = evidence_of_falls.key
store = evidence_of_falls.store
maker = evidence_of_falls.maker
scene = evidence_of_falls.scene


def test_the_pictures_are_those_of_a_replay(
    store: IncidentStore, maker: EvidenceProcessor, key: BoxKey, demo_run: Any, tmp_path: Path
) -> None:
    scene = demo_scene(demo_run, tmp_path)
    incident_id = as_a_worker_leaves_it(scene, store)
    assert maker.step()
    bundle = store.folder_of(incident_id)
    assert verify_bundle(bundle, key.public, replay=False).problems == ()
    files = {path.name for path in bundle.iterdir()}
    assert files == {*PICTURES, "clip.mp4", "incident.json", "box.yaml", "calibration.yaml"} | {
        "manifest.json",
        "manifest.sig",
    }
    found, camera = scene.found[0], scene.footage.camera
    replayed = tmp_path / "replayed"
    replayed.mkdir()
    write_pictures(
        found.incident,
        overlay_spec_of(found.fall, found.incident.origin, camera.pinhole, camera.plan),
        partial(lazy_frames_between, demo_run.files.video),
        replayed,
    )
    for name in PICTURES:
        assert (bundle / name).read_bytes() == (replayed / name).read_bytes()


def test_pictures_are_drawn_where_nobody_waits_and_the_database_is_not_used(
    scene: Scene, store: IncidentStore, key: BoxKey, tmp_path: Path
) -> None:
    as_a_worker_leaves_it(scene, store)
    nice: list[int] = []

    def alive() -> None:
        nice.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    own = os.getpriority(os.PRIO_PROCESS, 0)
    with (
        ThreadPoolExecutor(1, initializer=yield_to_cameras, initargs=(19,)) as artist,
        closing(EvidenceProcessor(tmp_path, alive, artist)) as maker,
    ):
        assert maker.step()
    assert set(nice) == {19}
    assert os.getpriority(os.PRIO_PROCESS, 0) == own < 19
    assert list(states(store).values()) == ["sealed"]


def test_while_pictures_are_drawn_others_seal_and_store(
    scene: Scene, store: IncidentStore, key: BoxKey, tmp_path: Path
) -> None:
    """Were a lock held while drawing, the seal of the other bundle would wait for it for ever."""
    incident_id = as_a_worker_leaves_it(scene, store)
    put_in(store, "other", "south-1")
    outcomes: list[str | None] = []

    def on_frame() -> None:
        if not outcomes:
            with closing(Database(tmp_path / DATABASE)) as opened:
                elsewhere = IncidentStore(opened, tmp_path / INCIDENTS)
                outcomes.append(seal_bundle(elsewhere, "other", key))
                elsewhere.add(record("third"))

    with closing(EvidenceProcessor(tmp_path, on_frame)) as processor:
        assert processor.step()
    assert outcomes == ["sealed"]
    assert states(store) == {incident_id: "sealed", "other": "sealed", "third": "pending"}
    folders = [store.folder_of(incident_id), store.folder_of("other")]
    assert verify_chain(folders, contiguous=True).problems == ()


def test_one_process_prepares_evidence_and_the_next_waits_for_its_end(
    store: IncidentStore, key: BoxKey, tmp_path: Path
) -> None:
    put_in(store, "a")
    store.hand_over("a")
    with closing(EvidenceProcessor(tmp_path)) as second:
        with closing(EvidenceProcessor(tmp_path)) as first:
            store.add(record("b"))
            assert first.step()
            put_in(store, "c", "south-1")
            store.hand_over("c")
            assert not second.step()
            assert "another evidence process is still at work" in (second.problem or "")
        assert second.step()
        assert second.problem is None
    assert states(store) == {"a": "sealed", "b": "pending", "c": "sealed"}


def test_evidence_of_which_clips_still_grow_is_left_alone_and_so_is_what_comes_after_it_from_that_camera(
    store: IncidentStore, maker: EvidenceProcessor
) -> None:
    for incident_id, device in (("a", "north-1"), ("b", "north-1"), ("c", "south-1")):
        put_in(store, incident_id, device)
    store.hand_over("b")
    store.hand_over("c")
    assert maker.step()
    assert not maker.step()
    assert states(store) == {"a": "pending", "b": "pending", "c": "sealed"}
    assert maker.waiting == 2
    store.hand_over("a")
    assert maker.step()
    assert states(store)["a"] == "sealed"
    assert maker.step()
    assert states(store)["b"] == "sealed"


def test_evidence_that_cannot_be_sealed_is_told_holds_up_no_other_and_is_tried_again(
    store: IncidentStore, maker: EvidenceProcessor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for incident_id in ("a", "b"):
        put_in(store, incident_id)
        store.hand_over(incident_id)
    odd = store.part_of("a") / "more.jpg"
    odd.symlink_to("/etc/hostname")
    while maker.step():
        pass
    assert states(store) == {"a": "pending", "b": "sealed"}
    assert "not a plain file" in (maker.problem or "")
    odd.unlink()
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 60.0)
    assert maker.step()
    assert states(store) == {"a": "sealed", "b": "sealed"}
    assert not maker.step()
    assert maker.problem is None


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), ValueError("strobe picture: no frames were given")])
def test_pictures_that_cannot_be_drawn_cost_nothing_else(
    scene: Scene,
    store: IncidentStore,
    maker: EvidenceProcessor,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    def fails(*_: Any) -> None:
        raise error

    monkeypatch.setattr(preparation, "write_pictures", fails)
    incident_id = as_a_worker_leaves_it(scene, store)
    assert maker.step()
    assert states(store) == {incident_id: "sealed"}
    files = {path.name for path in store.folder_of(incident_id).iterdir()}
    assert "clip.mp4" in files
    assert not files & set(PICTURES)


def test_a_database_that_cannot_be_opened_is_a_problem_until_it_can(
    store: IncidentStore, maker: EvidenceProcessor, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database = tmp_path / DATABASE
    aside = database.rename(tmp_path / "elsewhere")
    database.mkdir()
    for _ in range(3):
        assert not maker.step()
    assert "edgecv.db: cannot be opened" in (maker.problem or "")
    assert caplog.text.count("cannot be opened") == 1, "it looks twice a second"
    database.rmdir()
    aside.rename(database)
    assert not maker.step()
    assert maker.problem is None


def test_the_process_lives_on_little_seals_what_is_left_and_ends_when_told(
    scene: Scene, store: IncidentStore, tmp_path: Path
) -> None:
    child = evidence_child(tmp_path, ("json", "info"))
    try:
        child.step()
        wait_for(lambda: child.step() is None and child.beat is not None, "its first heartbeat")
        assert isinstance(child.beat, EvidenceHeartbeat)
        pid = child.pid
        assert pid is not None
        assert os.getpriority(os.PRIO_PROCESS, pid) >= 10
        incident_id = as_a_worker_leaves_it(scene, store)
        wait_for(lambda: child.step() is None and states(store)[incident_id] == "sealed", "the seal")
        child.terminate()
        assert child.finish(time.monotonic() + 60.0)
        assert not is_running(pid)
    finally:
        child.finish(0.0)
