"""What may go wrong around the daemon while incidents flow: brokers, disks, kills."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from running import Daemon, needs_gstreamer
from soak_test.kills import kill_again_and_again
from soak_test.listener import Listener
from soak_test.stage import Stage
from upstream.conftest import MortalBroker
from waiting import wait_for

from edgecv.audit.verify import verify_bundle
from edgecv.evidence.keys import load_public_key


def test_a_broker_that_is_down_for_the_whole_run_gets_every_incident_once_and_in_order(
    daemon: Callable[[dict[str, Any]], Daemon], demo_box, demo_run, broker: MortalBroker
) -> None:
    one = daemon(demo_box | {"upstream": {"mqtt": broker.url}})
    one.start("--until-finished")
    assert one.wait() == 0
    assert len(one.incidents()) == 3
    broker.up()
    with closing(Listener(broker.port)) as listener:
        one.start()
        wait_for(lambda: len(listener.arrivals) >= 3, "all incidents")
        wait_for(lambda: one.metric("edgecv_outbox_messages", target="mqtt") == 0.0, "an empty outbox")
        one.stop()
    assert [arrival.id for arrival in listener.arrivals] == [raw["id"] for raw in demo_run.incidents]


@pytest.mark.parametrize("seed", range(2))
def test_killing_any_process_at_any_moment_loses_and_doubles_nothing(
    daemon: Callable[[dict[str, Any]], Daemon], demo_box, demo_run, broker: MortalBroker, seed: int
) -> None:
    chance = random.Random(seed)
    demo_box["cameras"]["second"] = dict(demo_box["cameras"]["demo-1"])
    broker.up()
    one = daemon(demo_box | {"upstream": {"mqtt": broker.url}})
    with closing(Listener(broker.port)) as listener:
        one.start("--until-finished")
        for _ in range(3):
            # the moments are the point: from the start of the first worker to the drawing of the last evidence
            time.sleep(chance.uniform(0.5, 5.0))
            victims = [*one.children(), one.process.pid if one.process else 0]
            victim = chance.choice([pid for pid in victims if pid])
            os.kill(victim, signal.SIGKILL)
            if one.process is not None and victim == one.process.pid:
                one.process.wait()
                wait_for(lambda: not one.running_workers(), "the end of its workers")
                one.start("--until-finished")
        assert one.wait() == 0
        # who ends by itself has nothing under way any more
        assert not [path for path in (one.state / "incidents").iterdir() if path.name.startswith(".")]
        assert not one.rows("SELECT id FROM incidents WHERE evidence = 'pending'")
        kept = [incident.id for incident in one.incidents()]
        assert len(kept) == len(set(kept)) == 6
        assert {raw["id"] for raw in demo_run.incidents} <= set(kept)
        one.start()
        wait_for(lambda: {a.id for a in listener.arrivals} == set(kept), "all incidents at the broker")
        wait_for(lambda: one.metric("edgecv_outbox_messages", target="mqtt") == 0.0, "an empty outbox")
        one.stop()
    first_heard = list(dict.fromkeys(arrival.id for arrival in listener.arrivals))
    for device in ("demo-1", "second"):
        own = [i.id for i in one.incidents(device)]
        assert [i for i in first_heard if i in own] == own
    assert one.rows("PRAGMA integrity_check")[0][0] == "ok"
    folders = sorted((one.state / "incidents").iterdir())
    assert not [path for path in folders if path.name.startswith(".")]
    sealed = {row["id"] for row in one.rows("SELECT id FROM incidents WHERE evidence = 'sealed'")}
    assert {path.name for path in folders} == sealed
    public = load_public_key(one.state / "box.pub")
    for path in folders:
        assert verify_bundle(path, public, replay=False).ok


@pytest.mark.service
def test_kills_while_cameras_stream_lose_and_double_nothing(demo_run, tmp_path: Path) -> None:
    """``scripts/soak --kills 50`` is the same for longer."""
    needs_gstreamer()
    with Stage(tmp_path, demo_run.files.video, demo_run.files.box, 2, 240.0) as stage:
        outcome = kill_again_and_again(stage, 4, seed=3)
    assert sum(outcome.killed.values()) == 4
    assert outcome.incidents >= 2
    assert outcome.problems == []


def test_a_full_disk_costs_evidence_but_no_record_and_the_state_says_so(
    daemon: Callable[[dict[str, Any]], Daemon], demo_box, demo_run, tmp_path: Path
) -> None:
    mount = tmp_path / "small"
    mount.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(mount)], capture_output=True, text=True, check=False
    )
    if made.returncode != 0:
        pytest.skip(f"cannot mount a small disk here: {made.stderr.strip()}")
    try:
        one = daemon(demo_box | {"storage": {"directory": str(mount / "state"), "disk_share": 0.99}})
        one.state = mount / "state"
        (mount / "filler").write_bytes(bytes(6 * 2**20 - 700_000))  # room for records, not for evidence
        one.start()
        wait_for(lambda: len(one.incidents()) == 3, "all records")
        assert [i.id for i in one.incidents()] == [raw["id"] for raw in demo_run.incidents]
        wait_for(lambda: "the disk is full" in one.get("/healthz").text, "that it says so")  # type: ignore[union-attr]
        assert one.stop() < 12.0
        assert one.rows("PRAGMA integrity_check")[0][0] == "ok"
    finally:
        one.kill()
        subprocess.run(["umount", "-l", str(mount)], check=False)
