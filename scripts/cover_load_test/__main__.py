"""Send covers' uplinks at their real pace through a real broker, kill the box now and then, and count.

Each cover speaks once a minute. In the middle of each minute some are opened for good, so that the alarms that must
arrive are known. Printed: the share of a core that the handler's process needs, uplinks sent and handled, alarms right
and raised.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import paho.mqtt.client as mqtt
import yaml
from paho.mqtt.enums import CallbackAPIVersion
from soak_test.stage import free_ports

from edgecv.simulation.devices.manhole import CoverState, dev_eui, manhole_day, uplink
from edgecv.storage.database import DATABASE

_ROOT = Path(__file__).parents[2]
_TICKS = os.sysconf("SC_CLK_TCK")
_OPENED_EVERY = 50


def main() -> int:
    """Measure, print, exit with 1 where something was lost."""
    parser = argparse.ArgumentParser(prog="scripts/measure_covers", description=__doc__)
    parser.add_argument("--covers", type=int, default=5000)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--kills", type=int, default=2, help="how often the box is killed outright")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="edgecv-covers-") as folder:
        return _measure(Path(folder), options)


def _measure(folder: Path, options: argparse.Namespace) -> int:
    port, web = free_ports(2)
    broker = _broker(folder, port)
    box = folder / "box.yaml"
    day = manhole_day(1, 0, f"mqtt://127.0.0.1:{port}")
    settings: dict[str, object] = {**day.settings, "maintenance": [], "debounce_s": 20.0}
    settings["alarms_per_hour"] = 10_000
    box.write_text(
        yaml.safe_dump(
            {
                "site": "measured",
                "devices": {"covers": settings},
                "storage": {"directory": str(folder / "state")},
                "service": {"listen": f"127.0.0.1:{web}"},
            }
        )
    )
    client = mqtt.Client(CallbackAPIVersion.VERSION2, "", protocol=mqtt.MQTTv5)
    client.max_inflight_messages_set(1000)
    client.connect("127.0.0.1", port)
    client.loop_start()
    daemon = _daemon(box, folder)
    try:
        sent, opened, shares = _run(client, daemon, box, folder, options)
    finally:
        client.loop_stop()
        broker.kill()
    return _report(folder / "state", sent, opened, shares)


def _run(
    client: mqtt.Client, daemon: subprocess.Popen[bytes], box: Path, folder: Path, options: argparse.Namespace
) -> tuple[int, set[str], list[float]]:
    _wait_for_device(folder / "state")
    covers = options.covers
    total = int(covers * options.minutes)
    kills = {int(total * (number + 1) / (options.kills + 1)) for number in range(options.kills)}
    opened: set[str] = set()
    shares: list[float] = []
    worker, begun_s, used_s = _worker(daemon), time.monotonic(), 0.0
    used_s = _cpu_s(worker)
    started = time.monotonic()
    for index in range(total):
        number, turn = index % covers, index // covers
        eui = dev_eui(number)
        is_open = turn >= 1 and number % _OPENED_EVERY == turn % _OPENED_EVERY
        if is_open and turn + 2 < options.minutes:
            opened.add(eui)
        state = CoverState(is_open=eui in opened)
        event = uplink(eui, turn, time.time(), state.as_bytes())
        client.publish(f"application/1/device/{eui}/event/up", json.dumps(event), 1)
        ahead_s = started + (index + 1) * 60.0 / covers - time.monotonic()
        if ahead_s > 0:
            time.sleep(ahead_s)
        if index in kills:
            shares.append((_cpu_s(worker) - used_s) / (time.monotonic() - begun_s))
            daemon.kill()
            daemon.wait()
            time.sleep(2.0)
            daemon = _daemon(box, folder)
            time.sleep(5.0)
            worker, begun_s = _worker(daemon), time.monotonic()
            used_s = _cpu_s(worker)
    shares.append((_cpu_s(worker) - used_s) / (time.monotonic() - begun_s))
    time.sleep(5.0)
    daemon.send_signal(signal.SIGTERM)
    daemon.wait(60)
    return total, opened, shares


def _report(state: Path, sent: int, opened: set[str], shares: list[float]) -> int:
    database = sqlite3.connect(state / DATABASE)
    kept = {
        key.removeprefix("sensor/"): json.loads(value)
        for key, value in database.execute("SELECT key, value FROM device_state WHERE key LIKE 'sensor/%'")
    }
    handled = sum(sensor["order"][0] + 1 for sensor in kept.values())
    gaps = sum(bin(sensor["order"][1]).count("1") != min(64, sensor["order"][0] + 1) for sensor in kept.values())
    query = "SELECT json_extract(record, '$.subject') FROM incidents WHERE kind = 'manhole_moved'"
    moved = [row[0] for row in database.execute(query)]
    print(f"covers: {len(kept)}; uplinks sent {sent}, handled by their counters {handled}, covers with a gap {gaps}")
    print(f"alarms: {len(opened)} right, {len(moved)} raised, {len(set(moved) ^ opened)} wrong or missing")
    print("share of a core, from start or kill to the next: " + ", ".join(f"{share:.1%}" for share in shares))
    lost = handled != sent or gaps or set(moved) != opened or len(moved) != len(opened)
    return 1 if lost else 0


def _worker(daemon: subprocess.Popen[bytes]) -> int:
    """The handler's process: the child with the device's database open that is not the courier."""
    deadline = time.monotonic() + 60.0
    while time.monotonic() < deadline:
        listed = subprocess.run(
            ["ps", "-o", "pid=,ni=", "--ppid", str(daemon.pid)],
            capture_output=True,
            text=True,
            check=False,
        )
        for line in listed.stdout.splitlines():
            pid, nice = line.split()
            if nice == "10":
                return int(pid)
        time.sleep(0.1)
    raise SystemExit("the handler's process did not start")


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _wait_for_device(state: Path) -> None:
    deadline = time.monotonic() + 90.0
    while time.monotonic() < deadline:
        if (state / DATABASE).exists():
            database = sqlite3.connect(state / DATABASE, timeout=20)
            try:
                row = database.execute("SELECT state FROM states WHERE device = 'covers'").fetchone()
            except sqlite3.OperationalError:
                row = None
            database.close()
            if row is not None and json.loads(row[0])["state"] == "online":
                return
        time.sleep(0.2)
    raise SystemExit("the device did not come up")


def _daemon(box: Path, folder: Path) -> subprocess.Popen[bytes]:
    with (folder / "daemon.log").open("ab") as log:
        return subprocess.Popen([sys.executable, "-m", "edgecv", "run", "--config", str(box)], stderr=log, cwd=_ROOT)


def _broker(folder: Path, port: int) -> subprocess.Popen[bytes]:
    found = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        raise SystemExit("mosquitto is not installed: run scripts/test once")
    config = folder / "mosquitto.conf"
    lines = [f"listener {port} 127.0.0.1", "allow_anonymous true", "max_queued_messages 0"]
    lines += ["user root"] if os.getuid() == 0 else []
    config.write_text("\n".join(lines) + "\n")
    process = subprocess.Popen([found, "-c", str(config)], stderr=subprocess.DEVNULL)
    time.sleep(1.0)
    return process


if __name__ == "__main__":
    raise SystemExit(main())
