"""Evidence is drawn and sealed apart from the cameras, in order, from what lies on the disk."""

from __future__ import annotations

import errno
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from daemon.recent_footage import Scene, demo_scene
from known_bundles import record, write_files
from soak_test.kills import is_running
from waiting import wait_for

from edgecv.audit.verify import verify_bundle
from edgecv.capture import lazy_frames_between
from edgecv.daemon import evidence_worker as evidence_module
from edgecv.daemon.evidence_worker import EvidenceHeartbeat, EvidenceProcessor, evidence_child
from edgecv.daemon.evidence_writer import write_bundle
from edgecv.daemon.housekeeping import prepare_state
from edgecv.daemon.process import yield_to_cameras
from edgecv.evidence import preparation
from edgecv.evidence.bundle_files import PICTURES, write_pictures
from edgecv.evidence.hash_chain import verify_chain
from edgecv.evidence.keys import BoxKey
from edgecv.evidence.overlay_spec import overlay_spec_of
from edgecv.storage.database import DATABASE, Database
from edgecv.storage.incident_store import INCIDENTS, IncidentStore
from edgecv.storage.sealed_evidence import seal_bundle


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


def test_what_a_crash_left_without_a_clip_is_sealed_and_says_why(
    scene: Scene, store: IncidentStore, maker: EvidenceProcessor, key: BoxKey
) -> None:
    incident_id = as_a_worker_leaves_it(scene, store)
    (store.part_of(incident_id) / "clip.mp4").rename(store.part_of(incident_id) / ".clip.mp4.part")
    assert maker.step()
    assert states(store) == {incident_id: "sealed"}
    told = json.loads((store.folder_of(incident_id) / "incident.json").read_text())["evidence"]
    assert told["clip"] is None
    assert "the process was killed, or the power went" in told["reason"]
    assert verify_bundle(store.folder_of(incident_id), key.public, replay=False).problems == ()


@pytest.mark.parametrize("left", [b"", bytes(4096), b'{"id": "a", "tier'])
def test_a_record_that_a_power_cut_spoilt_is_written_again_from_the_database(
    store: IncidentStore, maker: EvidenceProcessor, key: BoxKey, left: bytes
) -> None:
    (put_in(store, "a") / "incident.json").write_bytes(left)
    store.hand_over("a")
    assert maker.step()
    assert (states(store), maker.problem) == ({"a": "sealed"}, None)
    bundle = store.folder_of("a")
    assert {"clip.mp4", "still.jpg", "incident.json"} <= {path.name for path in bundle.iterdir()}
    assert "the power went" in json.loads((bundle / "incident.json").read_text())["evidence"]["reason"]
    assert verify_bundle(bundle, key.public, replay=False).problems == ()


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


def test_a_clip_that_kills_whoever_draws_it_is_sealed_without_pictures_in_the_end(
    scene: Scene, store: IncidentStore, maker: EvidenceProcessor, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def dies(*_: Any) -> None:
        raise Killed

    monkeypatch.setattr(preparation, "write_pictures", dies)
    incident_id = as_a_worker_leaves_it(scene, store)
    for _ in range(3):
        with pytest.raises(Killed):
            maker.step()
        assert states(store) == {incident_id: "pending"}
    assert maker.step()
    assert states(store) == {incident_id: "sealed"}


def test_a_stop_while_it_draws_is_not_the_clips_doing_however_often(
    scene: Scene, store: IncidentStore, tmp_path: Path
) -> None:
    def told_to_stop() -> None:
        raise SystemExit

    incident_id = as_a_worker_leaves_it(scene, store)
    for _ in range(4):
        with closing(EvidenceProcessor(tmp_path, told_to_stop)) as stopped, pytest.raises(SystemExit):
            stopped.step()
    with closing(EvidenceProcessor(tmp_path)) as maker:
        assert maker.step()
    assert set(PICTURES) <= {path.name for path in store.folder_of(incident_id).iterdir()}


def test_an_error_nobody_foresaw_does_not_end_it(
    store: IncidentStore, maker: EvidenceProcessor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    put_in(store, "a")
    store.hand_over("a")
    monkeypatch.setattr(evidence_module, "finalise_evidence", lambda *_: 1 / 0)
    assert maker.step()
    assert "ZeroDivisionError" in caplog.text
    assert not maker.step()


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


def test_killed_in_the_middle_of_anything_the_next_one_finishes_it(
    scene: Scene, store: IncidentStore, key: BoxKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every call that writes, renames or removes something is a moment to die at."""
    incident_id = as_a_worker_leaves_it(scene, store)
    for moment in range(1, 200):
        if _dies_at(moment, tmp_path):
            continue
        break
    else:
        pytest.fail("it never came to its end")
    assert moment > 10, "it was never killed in the middle"
    assert states(store) == {incident_id: "sealed"}
    bundle = store.folder_of(incident_id)
    assert verify_bundle(bundle, key.public, replay=False).problems == ()
    assert {"clip.mp4", *PICTURES} <= {path.name for path in bundle.iterdir()}
    assert [path.name for path in store.folder.iterdir()] == [incident_id]


def _dies_at(moment: int, state: Path) -> bool:
    """Make evidence in a process that kills itself at the so-and-so-many-th change of the disk; whether it did."""
    pid = os.fork()
    if pid == 0:
        _kill_at(moment)
        EvidenceProcessor(state).step()
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def _kill_at(moment: int) -> None:
    left = [moment]
    lock = threading.Lock()

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **more: Any) -> Any:
            with lock:
                left[0] -= 1
                if left[0] == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
            return real(*given, **more)

        return call

    for name in ("fsync", "rename", "replace", "unlink", "rmdir", "mkdir"):
        setattr(os, name, counted(getattr(os, name)))
