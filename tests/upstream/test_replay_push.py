from __future__ import annotations

import json
from typing import Any

import pytest

from edgecv.cli import main


def test_what_a_replay_found_is_what_an_independent_client_reads(
    mosquitto_broker: Any, demo_run: Any, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    files, out = demo_run.files, tmp_path / "out"
    with mosquitto_broker.listener("edgecv/v1/demo/demo-1/incident") as receive:
        push = ["--push", f"mqtt://{mosquitto_broker.host_port}"]
        assert main(["replay", str(files.video), "--config", str(files.box), "--out", str(out), *push]) == 0
        messages = receive(3)
    written = [json.loads(line) for line in (out / "incidents.jsonl").read_text().splitlines()]
    events = [json.loads(message["payload"]) for message in messages]
    assert [event["data"] for event in events] == written
    assert [event["id"] for event in events] == [incident["id"] for incident in written]
    assert all(event["specversion"] == "1.0" for event in events)
    assert all(message["qos"] == 1 for message in messages)
    assert "3 pushed" in capsys.readouterr().out


def test_a_broker_that_is_not_there_costs_no_incident_and_says_so(
    demo_run: Any, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    files, out = demo_run.files, tmp_path / "out"
    arguments = ["replay", str(files.video), "--config", str(files.box), "--out", str(out)]
    assert main([*arguments, "--push", "mqtt://127.0.0.1:1"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "3 incidents are on disk" in said
    assert "not pushed" in said
    assert len((out / "incidents.jsonl").read_text().splitlines()) == 3
