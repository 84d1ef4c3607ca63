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
from running import Daemon, free_port
from waiting import wait_for

from edgecv.cli import main
from edgecv.config.broker import parse_broker_url
from edgecv.incidents.alarm import Alarm
from edgecv.simulation.devices.alarm_score import score
from edgecv.simulation.devices.device_trace import DAY_S, MIDNIGHT_S, Day
from edgecv.simulation.devices.hygiene import hygiene_day
from edgecv.simulation.devices.lossy_channel import Channel
from edgecv.simulation.devices.manhole import manhole_day
from edgecv.simulation.devices.medical import reports_day
from edgecv.simulation.devices.medication import medication_day
from edgecv.simulation.devices.replay import post, publish
from edgecv.simulation.devices.rules import water_day

daemon = daemon_fixture


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    # by default mosquitto drops more than 1000 messages for one who is away
    with running_broker(tmp_path, "allow_anonymous true", "max_queued_messages 0") as made:
        yield made


def alarms(one: Daemon, device: str) -> list[Alarm]:
    rows = one.rows("SELECT record FROM incidents WHERE device = ?", device)
    return [Alarm.model_validate_json(row["record"]) for row in rows]


def is_over(one: Daemon, device: str) -> bool:
    rows = one.rows("SELECT value FROM device_state WHERE key = '.now_s' AND device = ?", device)
    return bool(rows) and float(rows[0]["value"]) >= MIDNIGHT_S + DAY_S - 60.0


def days(url: str, hook: str) -> dict[str, Day]:
    """A day of every kind of device that sends messages."""
    return {
        "covers": manhole_day(20, 2, url, 0.3),
        "shop": hygiene_day(1, 2, url, 0.3),
        "doses": medication_day(6, 2, url, 0.3),
        "basement": water_day(2, 2, url, 0.3),
        "centre": reports_day(12, 2, hook, 0.3),
    }


def test_a_day_of_every_kind_reaches_the_upstream_whole_though_the_box_is_killed(
    daemon: Callable[[dict[str, Any]], Daemon], broker: Broker, capsys: pytest.CaptureFixture[str]
) -> None:
    url, hook = f"mqtt://{broker.host_port}", f"http://127.0.0.1:{free_port()}"
    made = days(url, hook)
    devices = {name: dict(day.settings) for name, day in made.items()}
    one = daemon({"site": "home", "devices": devices, "upstream": {"mqtt": url}})
    reader = Reader(broker.port, durable=True)
    one.start("--rehearsal")
    wait_for(lambda: one.metric("edgecv_ready") == 1.0, "readiness")
    rough = Channel(loss=0.05, duplicate=0.05, overtaken=0.05)
    sent = [message for name, day in made.items() if name != "centre" for message in day.sent]
    arrived = rough.carry(sent, 3)
    thread = threading.Thread(target=publish, args=(arrived, parse_broker_url(url)))
    thread.start()
    wait_for(lambda: len(alarms(one, "covers")) >= 4, "the first alarms")
    one.kill()
    wait_for(lambda: not one.running_workers(), "the end of its processes")
    one.start("--rehearsal")
    thread.join(300)
    for name in made:
        if name != "centre":
            over = f"the end of the day of {name}"
            wait_for(lambda device=name: is_over(one, device), over, 300.0)  # type: ignore[misc]
    wait_for(lambda: one.metric("edgecv_device_listening", device="centre") == 1.0, "the hook")
    assert post(rough.carry(made["centre"].sent, 4), hook, None) >= len(made["centre"].sent)
    wait_for(lambda: is_over(one, "centre"), "the end of the day of the centre")
    wait_for(lambda: one.metric("edgecv_outbox_messages", target="mqtt") == 0.0, "an empty outbox", 300.0)
    for name, day in made.items():
        found = score(alarms(one, name), day.truth)
        assert found.perfect, f"{name}: {told(found)}"
        assert found.found, name
        pushed = {alarm.id for alarm in alarms(one, name) if alarm.tier == "incident"}
        heard = [m for m in list(reader.heard) if m.topic == f"edgecv/v1/home/{name}/incident"]
        assert {json.loads(m.payload)["id"] for m in heard} == pushed
    one.stop()
    reader.close()
    capsys.readouterr()
    assert main(["incidents", "list", "--config", str(one.box_file), "--kind", "manhole_stolen", "--json"]) == 0
    listed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line["kind"] for line in listed} == {"manhole_stolen"}
    assert len(listed) == sum(expected.kind == "manhole_stolen" for expected in made["covers"].truth)
    assert main(["incidents", "list", "--config", str(one.box_file), "--kind", "manhole"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(alarms(one, "covers"))
