"""Findings become records at once and evidence in time, whatever the disk does meanwhile."""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import pytest
from daemon.kept_session import Scene, demo_scene
from waiting import wait_for

from edgecv.daemon import recorder as recorder_module
from edgecv.daemon.messages import Heartbeat
from edgecv.daemon.recorder import Recorder
from edgecv.daemon.worker import CameraWorker
from edgecv.incidents.database import DATABASE, Database
from edgecv.incidents.keys import BoxKey
from edgecv.incidents.store import INCIDENTS, IncidentStore, Stored
from edgecv.incidents.verify import verify_bundle


@pytest.fixture
def scene(demo_run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """How a finding becomes a record is known: the tests look at what becomes of the record."""
    monkeypatch.setattr(recorder_module, "build_incident", lambda finding, _source: finding.incident)
    BoxKey.load_or_create(tmp_path / "state")
    return demo_scene(demo_run, tmp_path / "state")


@pytest.fixture
def recorder(scene: Scene) -> Recorder:
    return Recorder(scene.spec)


def stored(scene: Scene) -> list[Stored]:
    with closing(Database(scene.spec.state / DATABASE)) as database:
        return IncidentStore(database, scene.spec.state / INCIDENTS).list()[::-1]


def find(recorder: Recorder, scene: Scene) -> list[str]:
    for found in scene.found:
        recorder.found(found, scene.session)  # type: ignore[arg-type]
    return [found.incident.id for found in scene.found]


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


def test_what_was_found_is_recorded_in_order_and_sealed(recorder: Recorder, scene: Scene) -> None:
    ids = find(recorder, scene)
    recorder.say("sensitivity", "all of 40 were seen")
    recorder.start()
    recorder.end(60.0)
    recorder.join(60)
    assert [(s.id, s.evidence) for s in stored(scene)] == [(i, "sealed") for i in ids]
    key = BoxKey.load_or_create(scene.spec.state)
    for incident_id in ids:
        assert verify_bundle(scene.spec.state / INCIDENTS / incident_id, key.public, replay=False).ok
    assert not list((scene.spec.state / INCIDENTS).glob(".*"))
    with closing(Database(scene.spec.state / DATABASE)) as database:
        kinds = [row["kind"] for row in database.connection.execute("SELECT kind FROM messages ORDER BY seq")]
    assert kinds == ["incident"] * 3 + ["device"] + ["evidence"] * 3
    assert (recorder.incidents, recorder.unsaved, recorder.problem) == (3, 0, None)


def test_every_record_is_safe_before_any_evidence_is_written(
    recorder: Recorder, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(recorder_module.write_bundle)
    monkeypatch.setattr(recorder_module, "write_bundle", gate)
    ids = find(recorder, scene)
    recorder.start()
    assert gate.reached.wait(60)
    assert [(s.id, s.evidence) for s in stored(scene)] == [(i, "pending") for i in ids]
    gate.opened.set()
    recorder.end(60.0)
    recorder.join(60)
    assert {s.evidence for s in stored(scene)} == {"sealed"}


def test_records_wait_in_memory_for_a_disk_that_is_full(
    recorder: Recorder, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(IncidentStore, "add", full)
        ids = find(recorder, scene)
        recorder.start()
        wait_for(lambda: recorder.unsaved == 3, "that they wait")
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
    lines = [r.getMessage() for r in caplog.records if "nowhere but in this line" in r.getMessage()]
    assert [json.loads(line.partition("none: ")[2])["id"] for line in lines] == ids


def test_evidence_that_could_not_be_sealed_at_once_is_sealed_before_it_ends(
    recorder: Recorder, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, tries = IncidentStore.publish, []

    def at_the_second_try(store: IncidentStore, incident_id: str, *more: Any) -> Any:
        tries.append(incident_id)
        if tries.count(incident_id) == 1:
            raise OSError(28, "No space left on device")
        return real(store, incident_id, *more)

    monkeypatch.setattr(IncidentStore, "publish", at_the_second_try)
    ids = find(recorder, scene)
    recorder.start()
    recorder.end(60.0)
    recorder.join(60)
    assert [(s.id, s.evidence) for s in stored(scene)] == [(i, "sealed") for i in ids]


def test_an_error_nobody_foresaw_costs_no_record_and_not_the_thread(
    recorder: Recorder, scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(recorder_module, "write_bundle", lambda *_: 1 / 0)
        ids = find(recorder, scene)
        recorder.start()
        wait_for(lambda: [s.evidence for s in stored(scene)] == ["pending"] * 3 and not recorder._open, "the errors")
    assert recorder.is_alive()
    assert "write failed" in caplog.text
    recorder.end(5.0)
    recorder.join(60)
    assert [s.id for s in stored(scene)] == ids


def test_a_recorded_file_is_not_over_before_all_it_gave_is_on_the_disk(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It once ended after six seconds, with whatever was unfinished, and said it was done."""
    gate = Gate(recorder_module.write_bundle)
    monkeypatch.setattr(recorder_module, "write_bundle", gate)
    here, there = Pipe()
    stop = threading.Event()
    worker = CameraWorker(scene.spec, there, stop)

    def session(_stream: object) -> None:
        find(worker._recorder, scene)

    monkeypatch.setattr(worker, "_connected", object)
    monkeypatch.setattr(worker, "_session", session)
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
    assert {s.evidence for s in stored(scene)} == {"sealed"}


def test_a_stop_does_not_wait_for_a_disk_that_hangs(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate(recorder_module.write_bundle)
    monkeypatch.setattr(recorder_module, "write_bundle", gate)
    stop = threading.Event()
    worker = CameraWorker(scene.spec, Pipe()[1], stop)

    def session(_stream: object) -> None:
        find(worker._recorder, scene)
        assert gate.reached.wait(60)
        stop.set()

    monkeypatch.setattr(worker, "_connected", object)
    monkeypatch.setattr(worker, "_session", session)
    begun = time.monotonic()
    assert not worker.run()
    assert time.monotonic() - begun < 30.0
    assert [s.evidence for s in stored(scene)] == ["pending"] * 3  # the records are safe, the next start does the rest
    gate.opened.set()
    worker._recorder.join(60)
