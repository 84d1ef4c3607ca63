"""Findings become records at once and evidence in time, whatever the disk does meanwhile."""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import pytest
from daemon.recent_footage import Scene, demo_scene
from waiting import wait_for

from edgecv.daemon import recorder as recorder_module
from edgecv.daemon.camera_worker import CameraWorker
from edgecv.daemon.recorder import Recorder
from edgecv.daemon.worker_messages import Heartbeat
from edgecv.evidence.bundle_files import mend_record
from edgecv.evidence.overlay_spec import OVERLAY_SPEC
from edgecv.storage.database import DATABASE, Database
from edgecv.storage.incident_rows import StoredIncident
from edgecv.storage.incident_store import INCIDENTS, IncidentStore, part_of


@pytest.fixture
def scene(demo_run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """How a finding becomes a record is known: the tests look at what becomes of the record."""
    monkeypatch.setattr(recorder_module, "build_weighable", lambda finding, _source: (finding.incident, None))
    (tmp_path / "state").mkdir()
    return demo_scene(demo_run, tmp_path / "state")


@pytest.fixture
def recorder(scene: Scene) -> Recorder:
    return Recorder(scene.spec)


def stored(scene: Scene) -> list[StoredIncident]:
    with closing(Database(scene.spec.state / DATABASE)) as database:
        return IncidentStore(database, scene.spec.state / INCIDENTS).list()[::-1]


def find(recorder: Recorder, scene: Scene) -> list[str]:
    for found in scene.found:
        recorder.record(found, scene.footage)  # type: ignore[arg-type]
    return [found.incident.id for found in scene.found]


def find_on_a_full_disk(recorder: Recorder, scene: Scene, patch: pytest.MonkeyPatch) -> list[str]:
    """Let it start and find everything while the database takes nothing; the ids that wait in memory."""
    patch.setattr(IncidentStore, "add", full)
    ids = find(recorder, scene)
    recorder.start()
    wait_for(lambda: recorder.unsaved == 3, "that they wait")
    return ids


def full(*_: Any, **__: Any) -> Any:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL  # type: ignore[misc]
    raise error


class Gate:
    """Holds up whoever calls what it wraps, until it is opened."""

    def __init__(self, real: Callable[..., Any]) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()
        self._real = real

    def __call__(self, *given: Any, **more: Any) -> Any:
        self.reached.set()
        assert self.opened.wait(60)
        return self._real(*given, **more)


def parts(scene: Scene) -> dict[str, set[str]]:
    """The files of every part, by incident."""
    folder = scene.spec.state / INCIDENTS
    found = sorted(folder.glob(".*.part")) if folder.exists() else []
    return {path.name[1:-5]: {file.name for file in path.iterdir()} for path in found}


def left(scene: Scene) -> list[str]:
    """Incidents whose evidence is left to the evidence process."""
    with closing(Database(scene.spec.state / DATABASE)) as database:
        store = IncidentStore(database, scene.spec.state / INCIDENTS)
        return [one.id for one in store.unsealed() if one.is_handed_over]


def end(recorder: Recorder) -> None:
    recorder.end(60.0)
    recorder.join(60)


def test_what_was_found_is_recorded_in_order_and_its_evidence_left_to_be_finished(
    recorder: Recorder, scene: Scene
) -> None:
    ids = find(recorder, scene)
    recorder.send_event("sensitivity", "all of 40 were seen")
    recorder.start()
    end(recorder)
    assert [(s.id, s.evidence) for s in stored(scene)] == [(i, "pending") for i in ids]
    with closing(Database(scene.spec.state / DATABASE)) as database:
        kinds = [row["kind"] for row in database.connection.execute("SELECT kind FROM messages ORDER BY seq")]
    assert kinds == ["incident"] * 3 + ["device"]
    assert (recorder.incidents, recorder.unsaved, recorder.problem) == (3, 0, None)
    for incident_id in ids:
        part = part_of(scene.spec.state / INCIDENTS, incident_id)
        assert mend_record(part)


def test_the_clip_is_there_before_the_record_is_stored(
    recorder: Recorder, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, seen = IncidentStore.add, []

    def add(store: IncidentStore, incident: Any, **more: Any) -> bool:
        seen.append(parts(scene)[incident.id] >= {"clip.mp4", "incident.json", OVERLAY_SPEC})
        return real(store, incident, **more)

    monkeypatch.setattr(IncidentStore, "add", add)
    find(recorder, scene)
    recorder.start()
    end(recorder)
    assert seen == [True] * 3


def test_what_was_found_and_not_stored_when_the_process_was_killed_is_stored_by_the_next(
    recorder: Recorder, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        ids = find_on_a_full_disk(recorder, scene, patch)
        recorder.end(0.0)  # and is killed: what is left is what lies on the disk
        recorder.join(60)
    assert stored(scene) == []
    other = replace(scene.spec, camera=replace(scene.spec.camera, device="another-camera"))
    for spec, is_stored in ((other, False), (scene.spec, True)):
        following = Recorder(spec)
        following.start()
        end(following)
        assert ({s.id for s in stored(scene)} == set(ids)) is is_stored
    assert left(scene) == ids


def test_a_recorded_file_that_begins_anew_after_a_crash_begins_no_evidence_anew(
    recorder: Recorder, scene: Scene
) -> None:
    find(recorder, scene)
    recorder.start()
    end(recorder)
    before = {i: part_of(scene.spec.state / INCIDENTS, i).stat().st_mtime_ns for i in parts(scene)}
    following = Recorder(scene.spec)
    find(following, scene)
    following.start()
    end(following)
    assert {i: part_of(scene.spec.state / INCIDENTS, i).stat().st_mtime_ns for i in parts(scene)} == before
    assert following.incidents == 0


def test_a_record_finds_room_at_the_cost_of_clips(
    recorder: Recorder, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = IncidentStore.add

    def add(store: IncidentStore, incident: Any, **more: Any) -> bool:
        if any("clip.mp4" in files for files in parts(scene).values()):
            full()
        return real(store, incident, **more)

    with monkeypatch.context() as patch:
        patch.setattr(IncidentStore, "add", add)
        scene.footage.ended, scene.footage.reached_s = False, 0.0  # the clips are not whole yet
        ids = find(recorder, scene)
        recorder.start()
        wait_for(lambda: [s.id for s in stored(scene)] == ids, "the records")
    end(recorder)
    assert all("clip.mp4" in files for files in parts(scene).values())  # there was room again


def test_a_path_that_cannot_be_drawn_costs_no_record(
    recorder: Recorder, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "overlay_spec_of", lambda *_: 1 / 0)
    ids = find(recorder, scene)
    recorder.start()
    end(recorder)
    assert [s.id for s in stored(scene)] == ids
    assert all("clip.mp4" in files for files in parts(scene).values())


def test_records_wait_in_memory_for_a_disk_that_is_full(
    recorder: Recorder, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        ids = find_on_a_full_disk(recorder, scene, patch)
        wait_for(lambda: recorder.problem, "that it says so")
        assert "the disk takes no records" in (recorder.problem or "")
    wait_for(lambda: recorder.unsaved == 0, "that they are saved")
    assert recorder.problem is None
    recorder.end(60.0)
    recorder.join(60)
    assert [s.id for s in stored(scene)] == ids


def test_at_the_end_it_tries_on_and_what_the_disk_never_took_stands_in_the_log(
    recorder: Recorder, scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(IncidentStore, "add", full)
    ids = find(recorder, scene)
    recorder.start()
    with caplog.at_level(logging.ERROR):
        recorder.end(2.5)
        recorder.join(60)
    lines = [r.getMessage() for r in caplog.records if "this line is the only copy" in r.getMessage()]
    assert [json.loads(line.partition("only copy: ")[2])["id"] for line in lines] == ids


def test_evidence_that_could_not_be_left_at_once_is_left_before_it_ends(
    recorder: Recorder, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, tries = IncidentStore.hand_over, []

    def at_the_second_try(store: IncidentStore, incident_id: str) -> None:
        tries.append(incident_id)
        if tries.count(incident_id) == 1:
            full()
        real(store, incident_id)

    monkeypatch.setattr(IncidentStore, "hand_over", at_the_second_try)
    ids = find(recorder, scene)
    recorder.start()
    end(recorder)
    assert left(scene) == ids


def test_an_error_nobody_foresaw_costs_no_record_and_not_the_thread(
    recorder: Recorder, scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(recorder_module, "write_bundle", lambda *_, **__: 1 / 0)
        ids = find(recorder, scene)
        recorder.start()
        wait_for(lambda: [s.evidence for s in stored(scene)] == ["pending"] * 3 and not recorder._pending, "the errors")
    assert recorder.is_alive()
    assert "write_evidence failed" in caplog.text
    end(recorder)
    assert [s.id for s in stored(scene)] == ids


def test_a_record_that_nothing_can_store_stands_in_the_log_and_holds_up_no_other(
    recorder: Recorder, scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real, poison = IncidentStore.add, scene.found[0].incident.id

    def add(store: IncidentStore, incident: Any, **more: Any) -> bool:
        if incident.id == poison:
            raise ValueError("Out of range float values are not JSON compliant")
        return real(store, incident, **more)

    monkeypatch.setattr(IncidentStore, "add", add)
    ids = find(recorder, scene)
    recorder.start()
    recorder.end(60.0)
    recorder.join(60)
    assert [s.id for s in stored(scene)] == ids[1:]
    assert poison in caplog.text
    assert "not JSON compliant" in caplog.text
    assert set(parts(scene)) == set(ids[1:])  # or the next start would try to store it


def test_a_recorded_file_is_not_over_before_all_it_gave_is_on_the_disk(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It once ended after six seconds, with whatever was unfinished, and said it was done."""
    gate = Gate(recorder_module.write_bundle)
    monkeypatch.setattr(recorder_module, "write_bundle", gate)
    here, there = Pipe()
    stop = threading.Event()
    worker = CameraWorker(scene.spec, there, stop)

    def process(_connection: object) -> None:
        find(worker._recorder, scene)

    monkeypatch.setattr(worker, "_connect", object)
    monkeypatch.setattr(worker, "_process", process)
    ended: list[bool] = []
    running = threading.Thread(target=lambda: ended.append(worker.run()))
    running.start()
    beats: list[Heartbeat] = []

    def finishing() -> bool:
        while here.poll(0.05):
            beats.append(here.recv())
        return sum(beat.text == "finishing evidence" for beat in beats) >= 3

    assert gate.reached.wait(60)
    wait_for(finishing, "heartbeats while it waits")
    assert running.is_alive()
    assert "finished" not in {beat.state for beat in beats}
    gate.opened.set()
    running.join(60)
    assert ended == [True]
    finishing()
    assert beats[-1].state == "finished"
    assert len(left(scene)) == 3


def test_a_stop_does_not_wait_for_a_disk_that_hangs(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate(recorder_module.write_bundle)
    monkeypatch.setattr(recorder_module, "write_bundle", gate)
    stop = threading.Event()
    worker = CameraWorker(scene.spec, Pipe()[1], stop)

    def process(_connection: object) -> None:
        worker._recorder.record(scene.found[0], scene.footage)  # type: ignore[arg-type]
        assert gate.reached.wait(60)
        stop.set()

    monkeypatch.setattr(worker, "_connect", object)
    monkeypatch.setattr(worker, "_process", process)
    begun = time.monotonic()
    assert not worker.run()
    assert time.monotonic() - begun < 30.0
    assert stored(scene) == []  # a disk that takes nothing took no record either
    gate.opened.set()
    worker._recorder.join(60)
    assert len(stored(scene)) == 1
