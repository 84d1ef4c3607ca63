"""Devices through a real broker: the daemon as a process, killed outright, and every alarm upstream once."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from brokers import Broker, running_broker
from daemon.conftest import daemon as daemon_fixture
from receivers import Reader
from rehearsing import told
from running import Daemon
from waiting import wait_for

from edgecv.cli import main
from edgecv.incidents.alarm import Alarm
from edgecv.simulation.devices.manhole import manhole_day
from edgecv.simulation.devices.score import score
from edgecv.simulation.devices.traffic import DAY_S, MIDNIGHT_S

daemon = daemon_fixture


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    # by default mosquitto drops more than 1000 messages for one who is away
    with running_broker(tmp_path, "allow_anonymous true", "max_queued_messages 0") as made:
        yield made


def alarms(one: Daemon) -> list[Alarm]:
    return [Alarm.model_validate_json(row["record"]) for row in one.rows("SELECT record FROM incidents")]


def is_over(one: Daemon) -> bool:
    rows = one.rows("SELECT value FROM device_state WHERE key = '.now_s'")
    return bool(rows) and float(rows[0]["value"]) >= MIDNIGHT_S + DAY_S - 60.0


def test_a_day_of_covers_reaches_the_upstream_whole_though_the_box_is_killed(
    daemon: Callable[[dict[str, Any]], Daemon], broker: Broker, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"mqtt://{broker.host_port}"
    day = manhole_day(20, 2, url, 0.3)
    one = daemon({"site": "home", "devices": {"covers": day.settings}, "upstream": {"mqtt": url}})
    reader = Reader(broker.port, durable=True)
    one.start("--rehearsal")
    wait_for(lambda: one.metric("edgecv_ready") == 1.0, "readiness")
    rough = ["--seed", "2", "--loss", "0.05", "--duplicate", "0.05", "--reorder", "0.05", "--skew", "0.3"]
    replay = ["simulate", "device", "manhole", "--count", "20", "--broker", url, *rough]
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(main(replay)))
    thread.start()
    for wanted in (3, 9):
        wait_for(lambda count=wanted: len(alarms(one)) >= count, f"{wanted} alarms")
        one.kill()
        wait_for(lambda: not one.running_workers(), "the end of its processes")
        one.start("--rehearsal")
    thread.join(120)
    assert codes == [0]
    wait_for(lambda: is_over(one), "the end of the day")
    wait_for(lambda: one.metric("edgecv_outbox_messages", target="mqtt") == 0.0, "an empty outbox")
    found = score(alarms(one), day.truth)
    assert found.perfect, told(found)
    pushed = {alarm.id for alarm in alarms(one) if alarm.tier == "incident"}
    assert set(reader.ids()) == pushed
    topics = {m.topic for m in reader.heard if m.topic.endswith("/incident")}
    assert topics == {"edgecv/v1/home/covers/incident"}
    assert one.metric("edgecv_device_unreadable_total", device="covers") in {None, 0.0}
    one.stop()
    reader.close()
    capsys.readouterr()
    assert main(["incidents", "list", "--config", str(one.box_file), "--kind", "manhole_stolen", "--json"]) == 0
    listed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line["kind"] for line in listed} == {"manhole_stolen"}
    assert len(listed) == sum(expected.kind == "manhole_stolen" for expected in day.truth)
    assert main(["incidents", "list", "--config", str(one.box_file), "--kind", "manhole"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(alarms(one))
