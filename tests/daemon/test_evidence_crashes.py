"""Evidence after a crash, a power cut, a stop or a kill at any moment: the next process finishes it."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from daemon import evidence_of_falls
from daemon.evidence_of_falls import as_a_worker_leaves_it, put_in, states
from daemon.recent_footage import Scene

from edgecv.audit.verify import verify_bundle
from edgecv.daemon import evidence_worker as evidence_module
from edgecv.daemon.evidence_worker import EvidenceProcessor
from edgecv.evidence import preparation
from edgecv.evidence.bundle_files import PICTURES
from edgecv.evidence.keys import BoxKey
from edgecv.storage.incident_store import IncidentStore

key = evidence_of_falls.key
store = evidence_of_falls.store
maker = evidence_of_falls.maker
scene = evidence_of_falls.scene


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
