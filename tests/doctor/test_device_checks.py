"""The doctor's look at other devices: brokers, Modbus units, when they were heard, and what could not be read."""

from __future__ import annotations

import json
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from brokers import Broker, running_broker
from handlers.test_hygiene import ModbusDevice
from running import free_port

from edgecv.config import load_box
from edgecv.doctor import devices
from edgecv.doctor.check_result import CheckResult
from edgecv.doctor.devices import device_findings
from edgecv.storage.database import DATABASE, Database
from edgecv.storage.device_state import count_unreadable, write_device_state

COVERS = {"kind": "manhole", "decoder": {"preset": "milesight-em310-tilt"}}
RULE = {"name": "warm", "above": 8}


def looked_at(folder: Path, **section: Any) -> list[CheckResult]:
    box = folder / "box.yaml"
    box.write_text(
        yaml.safe_dump({"site": "s", "storage": {"directory": str(folder / "state")}, "devices": {"d": section}})
    )
    return device_findings(load_box(box))


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with running_broker(tmp_path, "allow_anonymous true") as made:
        yield made


def test_a_broker_that_answers_takes_the_topics_of_a_device(tmp_path: Path, broker: Broker) -> None:
    (finding,) = looked_at(tmp_path, **COVERS, mqtt={"url": f"mqtt://127.0.0.1:{broker.port}"})
    assert (finding.level, finding.where) == ("ok", "device d")
    assert "takes the login and 3 topics" in finding.text


def test_a_broker_that_is_not_there_is_a_problem_without_its_password(tmp_path: Path) -> None:
    url = f"mqtt://admin:hunter22@127.0.0.1:{closed_port()}"
    (finding,) = looked_at(tmp_path, **COVERS, mqtt={"url": url})
    assert finding.level == "problem" and "cannot be connected to" in finding.text
    assert "hunter22" not in str(finding)


def shop(port: int, *addresses: int) -> dict[str, Any]:
    points = {
        f"fridge-{address}": {
            "quantity": "temperature_c",
            "modbus": {"server": "kitchen", "address": address, "type": "f32"},
            "rules": [RULE],
        }
        for address in addresses
    }
    modbus = {"kitchen": {"host": "127.0.0.1", "port": port, "timeout_s": 1.0}}
    return {"kind": "hygiene", "modbus": modbus, "points": points}


def test_modbus_units_are_asked_and_what_they_say_is_shown(tmp_path: Path) -> None:
    device = ModbusDevice(free_port())
    try:
        findings = looked_at(tmp_path, **shop(device.port, 2, 9000))
    finally:
        device.close()
    assert {finding.level for finding in findings} == {"ok", "problem"}
    texts = {finding.level: finding.text for finding in findings}
    assert "kitchen answers: fridge-2 = " in texts["ok"]
    assert "fridge-9000 is not read from kitchen" in texts["problem"]


def test_a_modbus_server_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    (finding,) = looked_at(tmp_path, **shop(closed_port(), 2))
    assert finding.level == "problem" and "kitchen" in finding.text


def test_units_that_do_not_answer_are_named_and_not_waited_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "_MODBUS_S", 0.25)
    with socket.create_server(("127.0.0.1", 0)) as mute:  # it takes connections and says nothing
        section = shop(mute.getsockname()[1], *range(2, 42, 2))
        section["modbus"]["kitchen"]["timeout_s"] = 0.1
        for number, point in enumerate(section["points"].values(), 1):
            point["modbus"]["unit"] = number
        before_s = time.monotonic()
        findings = looked_at(tmp_path, **section)
        assert time.monotonic() - before_s < 5.0
    assert [finding.level for finding in findings] == ["problem", "warning"]
    assert "(unit 1, 2" in findings[0].text
    assert "units of kitchen were not asked" in findings[1].text


def test_a_broker_that_says_nothing_is_no_matter_of_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "_ANSWER_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        (finding,) = looked_at(
            tmp_path, **COVERS, mqtt={"url": f"mqtt://admin:hunter22@127.0.0.1:{mute.getsockname()[1]}"}
        )
    assert finding.level == "problem" and "does not answer" in finding.text
    assert "password" not in finding.advice and "MQTT 5" in finding.advice
    assert "hunter22" not in str(finding)


@pytest.mark.parametrize(
    ("heard_h", "unreadable_h", "levels"),
    [
        (0.1, None, ["ok"]),
        (50.0, None, ["warning"]),
        (0.1, 2.0, ["ok", "warning"]),  # it was mended since
        (3.0, 0.1, ["ok", "problem"]),  # the layout does not fit what is sent now
        (None, 0.1, ["problem"]),
        (None, None, []),
    ],
)
def test_when_a_device_was_heard_and_whether_it_could_be_read_is_told(
    heard_h: float | None, unreadable_h: float | None, levels: list[str], tmp_path: Path
) -> None:
    (tmp_path / "state").mkdir()
    database = Database(tmp_path / "state" / DATABASE)
    now_s = time.time()
    with database.transaction() as connection:
        if heard_h is not None:
            write_device_state(connection, "d", {"sensor/a": json.dumps({"at": now_s - heard_h * 3600.0})})
        if unreadable_h is not None:
            at_s = now_s - unreadable_h * 3600.0
            count_unreadable(connection, "d", "is shorter than its layout", 3, "00ff", at_s)
    database.close()
    before = shutil.copy(tmp_path / "state" / DATABASE, tmp_path / "before")
    findings = looked_at(tmp_path, **shop(closed_port(), 2))[1:]  # behind its Modbus server's
    assert [finding.level for finding in findings] == levels
    if unreadable_h is not None:
        assert "3 messages could not be read" in findings[-1].text
        assert "is shorter than its layout" in findings[-1].text and "00ff" not in findings[-1].text
    assert (tmp_path / "state" / DATABASE).read_bytes() == Path(before).read_bytes()
