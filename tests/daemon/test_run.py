"""The whole daemon on a recorded file: what it finds, and how it starts, reloads and stops."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest
from waiting import wait_for

from edgecv.audit.verify import verify_bundle
from edgecv.cli import main
from edgecv.evidence.keys import load_public_key

SEALED = "SELECT id FROM incidents WHERE evidence = 'sealed'"


@pytest.fixture
def lasting_box(demo_box, long_demo: Path) -> dict[str, Any]:
    """A box whose camera does not end while a test looks at something else."""
    for camera in demo_box["cameras"].values():
        camera["source"] = str(long_demo)
    return demo_box


def test_a_recorded_file_gives_the_incidents_of_its_replay_and_sealed_evidence(daemon, demo_box, demo_run) -> None:
    one = daemon(demo_box)
    one.start("--until-finished")
    assert one.wait() == 0
    live = {incident.id: incident for incident in one.incidents()}
    assert list(live) == [raw["id"] for raw in demo_run.incidents]
    for raw in demo_run.incidents:
        record = json.loads(live[raw["id"]].to_json())
        for same in ("track", "origin", "fit", "motion", "mass", "verdict"):
            assert record[same] == raw[same], same
    public = load_public_key(one.state / "box.pub")
    for incident_id in live:
        found = verify_bundle(one.state / "incidents" / incident_id, public)
        assert found.ok, found.problems
        assert not [note for note in found.notes if "uncalibrated" in note]
    assert not list((one.state / "incidents").glob(".*"))
    assert main(["incidents", "verify", str(one.state / "incidents"), "--key", str(one.state / "box.pub")]) == 0


def test_a_worker_that_is_killed_starts_again_and_nothing_is_lost_or_doubled(daemon, demo_box, demo_run) -> None:
    one = daemon(demo_box)
    one.start("--until-finished")
    wait_for(one.incidents, "the first incident")
    for pid in one.children():
        os.kill(pid, signal.SIGKILL)
    assert one.wait() == 0
    assert sorted(i.id for i in one.incidents()) == sorted(raw["id"] for raw in demo_run.incidents)
    assert {row["evidence"] for row in one.rows("SELECT evidence FROM incidents WHERE tier = 'incident'")} == {"sealed"}


def test_sigterm_in_mid_video_ends_within_ten_seconds_and_the_next_start_seals_what_is_left(
    daemon, lasting_box
) -> None:
    one = daemon(lasting_box)
    one.start()
    wait_for(one.incidents, "the first incident")
    assert one.stop() < 10.0
    found = [incident.id for incident in one.incidents()]
    one.start()
    wait_for(lambda: one.metric("edgecv_ready"), "readiness")
    wait_for(lambda: set(found) <= {row["id"] for row in one.rows(SEALED)}, "the seals")
    one.stop()
    for incident_id in found:
        files = {path.name for path in (one.state / "incidents" / incident_id).iterdir()}
        assert files >= {"clip.mp4", "still.jpg", "strobe.jpg", "manifest.sig"}


def test_a_worker_that_hangs_is_killed_and_started_again(daemon, lasting_box) -> None:
    one = daemon(lasting_box)
    one.start()
    wait_for(lambda: one.metric("edgecv_camera_watching", camera="demo-1"), "the first picture")
    (pid,) = one.workers()
    os.kill(pid, signal.SIGSTOP)
    wait_for(lambda: one.metric("edgecv_worker_restarts_total", camera="demo-1") == 1.0, "a restart")
    assert "gave no sign of life" in one.log.read_text()
    assert pid not in one.children()


def test_a_worker_that_needs_too_much_memory_is_restarted(daemon, lasting_box) -> None:
    one = daemon(lasting_box | {"service": {"worker_memory_mb": 128}})
    one.start()
    wait_for(lambda: one.metric("edgecv_worker_restarts_total", camera="demo-1"), "a restart")
    assert "used more than 128 MB of memory" in one.log.read_text()


def test_reload_restarts_only_the_camera_that_changed(daemon, lasting_box, tmp_path: Path) -> None:
    cameras = lasting_box["cameras"]
    cameras["second"] = dict(cameras["demo-1"])
    one = daemon(lasting_box)
    one.start()
    wait_for(lambda: one.metric("edgecv_ready"), "readiness")
    before = one.workers()
    cameras["second"]["masks"] = [{"reason": "a flag", "polygon": [[0, 0], [50, 0], [50, 50]]}]
    one.write(lasting_box)
    assert one.process is not None
    one.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "reloaded: second restarted" in one.log.read_text(), "the reload")
    after = wait_for(lambda: c if len(c := one.workers()) == 2 else None, "the restarted worker")
    assert len(set(before) & set(after)) == 1

    everyone = one.children()
    one.box_file.write_text("cameras: 3")
    one.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "not reloaded" in one.log.read_text(), "the refusal")
    assert one.children() == everyone
    assert one.stop() < 10.0


def test_two_daemons_never_share_a_state_directory(daemon, lasting_box, capsys) -> None:
    one = daemon(lasting_box)
    one.start()
    wait_for((one.state / "edgecv.db").exists, "the database")
    assert main(["run", "--config", str(one.box_file)]) == 2
    assert "another edgecv uses it" in capsys.readouterr().err


def test_systemd_hears_ready_with_the_first_pictures_and_no_watchdog_while_a_worker_hangs(
    daemon, lasting_box, service_manager
) -> None:
    lasting_box["cameras"]["lost"] = {"source": "rtsp://127.0.0.1:9/none"}
    one = daemon(lasting_box)
    one.environment = service_manager.environment(watchdog_s=2.0)
    one.start()
    notes = service_manager.until("READY=1")
    before_ready = "\n".join(notes[:-1])
    assert "1 of 2 cameras watching" in notes[-1]
    assert "lost: rtsp://127.0.0.1:9/none: cannot be opened" in notes[-1]
    assert "READY=1" not in before_ready
    service_manager.until("WATCHDOG=1")

    hung = one.workers()
    for pid in hung:
        os.kill(pid, signal.SIGSTOP)
    time.sleep(6.0)  # a heartbeat older than five seconds is no life
    service_manager.drop()
    assert not [note for note in service_manager.during(2.5) if "WATCHDOG=1" in note]
    service_manager.until("WATCHDOG=1")  # they were killed and started again
    assert not set(hung) & set(one.children())

    assert one.process is not None
    one.process.send_signal(signal.SIGSTOP)
    service_manager.drop()
    assert not service_manager.during(3.0)
    one.process.send_signal(signal.SIGCONT)
    one.process.send_signal(signal.SIGTERM)
    service_manager.until("STOPPING=1")


def test_the_database_is_sound_after_kills(daemon, lasting_box) -> None:
    one = daemon(lasting_box)
    one.start()
    wait_for(one.incidents, "the first incident")
    one.kill()
    database = sqlite3.connect(one.state / "edgecv.db")
    assert database.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    database.close()
    wait_for(lambda: not one.running_workers(), "the end of all workers")
