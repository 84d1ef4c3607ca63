"""Run a daemon on many RTSP cameras for a while and measure what it loses, what it needs and how late it is."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
import paho.mqtt.client as mqtt
import yaml
from av.packet import Packet
from paho.mqtt.enums import CallbackAPIVersion

_ROOT = Path(__file__).parents[2]
_RTSP_PORT, _BROKER_PORT, _WEB_PORT = 18654, 18683, 19564
_WARM_UP_S = 60.0


@dataclass
class Readings:
    """What was measured."""

    memory: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    last: dict[str, float] = field(default_factory=dict)
    delays_s: list[float] = field(default_factory=list)


def main() -> int:
    """Measure, print, exit with 1 where a limit is not met."""
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__)
    parser.add_argument("clip", type=Path, help="an H.264 or H.265 clip with falls in it, MP4")
    parser.add_argument("--cameras", type=int, default=8)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--box", type=Path, help="a box file whose only camera gives facade and calibration")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="edgecv-soak-") as folder:
        readings = _measure(Path(folder), options)
    return _report(readings, options.cameras)


def _measure(folder: Path, options: argparse.Namespace) -> Readings:
    looped = _looped(options.clip, folder / "loop.mp4", options.minutes * 60.0 + 120.0)
    (folder / "mosquitto.conf").write_text(f"listener {_BROKER_PORT} 127.0.0.1\nallow_anonymous true\nuser root\n")
    box = _box(folder, options)
    readings = Readings()
    processes: list[subprocess.Popen[Any]] = []
    try:
        processes.append(
            subprocess.Popen(["mosquitto", "-c", str(folder / "mosquitto.conf")], stderr=subprocess.DEVNULL)
        )
        server = str(_ROOT / "tests" / "rtsp_server.py")
        processes.append(
            subprocess.Popen(["/usr/bin/python3", server, str(_RTSP_PORT), f"c={looped}"], stdout=subprocess.DEVNULL)
        )
        time.sleep(3.0)
        listener = _listen(readings)
        with (folder / "log").open("wb") as log:
            daemon = subprocess.Popen([sys.executable, "-m", "edgecv", "run", "--config", str(box)], stderr=log)
        processes.append(daemon)
        _watch(readings, options.minutes * 60.0, daemon)
        daemon.terminate()
        daemon.wait(30)
        listener.loop_stop()
    finally:
        for process in processes:
            process.kill()
    return readings


def _box(folder: Path, options: argparse.Namespace) -> Path:
    given: dict[str, Any] = {"site": "soak"}
    camera: dict[str, Any] = {}
    if options.box is not None:
        given = yaml.safe_load(options.box.read_text())
        camera = next(iter(given["cameras"].values()))
        camera["calibration"] = str((options.box.parent / camera["calibration"]).absolute())
    source = {"source": f"rtsp://127.0.0.1:{_RTSP_PORT}/c"}
    given["cameras"] = {f"camera-{n}": camera | source for n in range(options.cameras)}
    given["upstream"] = {"mqtt": f"mqtt://127.0.0.1:{_BROKER_PORT}"}
    given["storage"] = {"directory": str(folder / "state")}
    given["service"] = {"listen": f"127.0.0.1:{_WEB_PORT}", "sensitivity_test_at": None}
    path = folder / "box.yaml"
    path.write_text(yaml.safe_dump(given))
    return path


def _looped(clip: Path, target: Path, seconds: float) -> Path:
    """The clip again and again, packets copied."""
    with av.open(str(clip)) as reader:
        stream = reader.streams.video[0]
        packets = [packet for packet in reader.demux(stream) if packet.size and packet.dts is not None]
        length = packets[-1].dts - packets[0].dts + (packets[1].dts - packets[0].dts)
        base = stream.time_base
        assert base is not None
        with av.open(str(target), "w") as writer:
            out = writer.add_stream_from_template(stream)
            for turn in range(max(1, round(seconds / float(length * base)))):
                for packet in packets:
                    copy = Packet(bytes(packet))
                    copy.time_base, copy.is_keyframe, copy.stream = base, packet.is_keyframe, out
                    copy.pts = (packet.pts if packet.pts is not None else packet.dts) + turn * length
                    copy.dts = packet.dts + turn * length
                    writer.mux(copy)
    return target


def _listen(readings: Readings) -> mqtt.Client:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    ready = threading.Event()

    def on_message(_c: mqtt.Client, _u: Any, message: mqtt.MQTTMessage) -> None:
        data = json.loads(message.payload)["data"]
        ended = datetime.fromisoformat(data["ended_at"]).timestamp()
        readings.delays_s.append(time.time() - ended)

    client.on_connect = lambda c, *_: c.subscribe("edgecv/v1/+/+/incident", qos=1)
    client.on_subscribe = lambda *_: ready.set()
    client.on_message = on_message
    client.connect("127.0.0.1", _BROKER_PORT)
    client.loop_start()
    ready.wait(20)
    return client


def _watch(readings: Readings, seconds: float, daemon: subprocess.Popen[bytes]) -> None:
    begun = time.monotonic()
    while (now := time.monotonic() - begun) < seconds and daemon.poll() is None:
        time.sleep(5.0)
        try:
            text = httpx.get(f"http://127.0.0.1:{_WEB_PORT}/metrics", timeout=10).text
        except httpx.HTTPError:
            continue
        values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
        readings.last = {name: float(value) for name, value in values.items()}
        for name, value in readings.last.items():
            if name.startswith("edgecv_worker_memory_bytes"):
                readings.memory.setdefault(name.split('"')[1], []).append((now, value / 2**20))


def _report(readings: Readings, cameras: int) -> int:
    def total(name: str) -> float:
        return sum(value for key, value in readings.last.items() if key.startswith(f"edgecv_{name}_total"))

    print(f"{cameras} cameras: {total('frames'):.0f} frames analysed, {total('dropped_packets'):.0f} dropped")
    print(f"restarts {total('worker_restarts'):.0f}, connections {total('connections'):.0f}")
    worst = 0.0
    for camera, series in sorted(readings.memory.items()):
        after = np.array([pair for pair in series if pair[0] > _WARM_UP_S])
        slope = float(np.polyfit(after[:, 0] / 60.0, after[:, 1], 1)[0]) if len(after) > 5 else float("nan")
        worst = max(worst, slope)
        print(f"{camera}: {series[-1][1]:.0f} MB resident, {slope:+.2f} MB a minute after warm-up")
    delays = np.array(readings.delays_s)
    if len(delays):
        quantiles = np.quantile(delays, [0.5, 0.99])
        print(
            f"{len(delays)} incidents; at the broker {quantiles[0]:.2f} s after the last sighting, "
            f"p99 {quantiles[1]:.2f} s"
        )
    met = total("dropped_packets") == 0 and worst < 1.0 and len(delays) > 0 and float(np.quantile(delays, 0.99)) <= 1.5
    print("limits met" if met else "limits NOT met: no drops, under 1 MB a minute, p99 within 1.5 s")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
