"""Everything around the daemon: a clip in a loop, an RTSP server, a broker, a box file."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import httpx
import yaml

from edgecv.capture.packets import copied

ROOT = Path(__file__).parents[2]
_SBIN = "/usr/sbin:/usr/local/sbin"  # where Debian puts the broker
_UP_S = 30.0


class Stage:
    """A context manager: server and broker run within it; the daemon runs when it is started.

    Args:
        folder: for everything that is written.
        clip: what the cameras see, again and again.
        box: a box file whose only camera gives facade and calibration, or None.
        cameras: how many.
        seconds: how long one connection may last before the clip is over.
        in_step: every camera begins where the clip does, so that all see the same fall at the same moment.
    """

    def __init__(
        self, folder: Path, clip: Path, box: Path | None, cameras: int, seconds: float, *, in_step: bool = False
    ) -> None:
        self.clip = clip
        self.box = box
        self.state = folder / "state"
        self.log = folder / "daemon.log"
        self.box_file = folder / "box.yaml"
        self.cameras = tuple(f"camera-{n}" for n in range(cameras))
        self.broker_port, self.web_port, self._rtsp_port = free_ports(3)
        self.daemon: subprocess.Popen[bytes] | None = None
        self.server: subprocess.Popen[str] | None = None
        self._broker: subprocess.Popen[bytes] | None = None
        self._client = httpx.Client(timeout=10)  # one for all: each new one loads the authorities of TLS
        self._folder = folder
        lasting = seconds + 120.0
        self._looped = [
            looped(clip, folder / f"loop-{n}.mp4", lasting, n / cameras) for n in range(1 if in_step else cameras)
        ]
        self._write_box(box)

    def __enter__(self) -> Stage:
        broker = shutil.which("mosquitto") or shutil.which("mosquitto", path=_SBIN)
        if broker is None:
            sys.exit("scripts/soak: there is no mosquitto; install it with: sudo apt-get install mosquitto")
        settings = self._folder / "mosquitto.conf"
        settings.write_text(f"listener {self.broker_port} 127.0.0.1\nallow_anonymous true\nuser root\n")
        self._broker = subprocess.Popen([broker, "-c", str(settings)], stderr=subprocess.DEVNULL)
        script = str(ROOT / "scripts" / "servers" / "rtsp_server.py")
        served = [f"c{n}={path}" for n, path in enumerate(self._looped)]
        self.server = subprocess.Popen(
            ["/usr/bin/python3", script, str(self._rtsp_port), *served], stdout=subprocess.PIPE, text=True
        )
        assert self.server.stdout is not None
        if self.server.stdout.readline() != "ready\n":
            self.__exit__(None, None, None)
            sys.exit("scripts/soak: the RTSP server does not start; run scripts/test once, which installs it")
        until = time.monotonic() + _UP_S
        while not _is_listening(self.broker_port):
            if time.monotonic() > until:
                self.__exit__(None, None, None)
                sys.exit("scripts/soak: the broker does not start")
            time.sleep(0.05)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in (self.daemon, self.server, self._broker):
            if process is not None:
                process.kill()
                process.wait()
        if self.server is not None and self.server.stdout is not None:
            self.server.stdout.close()
        self._client.close()

    def start(self) -> None:
        """Start the daemon."""
        command = [sys.executable, "-m", "edgecv", "run", "--config", str(self.box_file), "--log", "json"]
        with self.log.open("ab") as log:
            self.daemon = subprocess.Popen(command, stderr=log)

    def stop(self) -> float:
        """Stop the daemon as systemd does; how long it took, seconds."""
        assert self.daemon is not None
        begun = time.monotonic()
        self.daemon.send_signal(signal.SIGTERM)
        self.daemon.wait(60)
        return time.monotonic() - begun

    def children(self) -> dict[int, str]:
        """The daemon's processes besides itself, by process id."""
        pid = 0 if self.daemon is None else self.daemon.pid
        listed = subprocess.run(
            ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(pid)], capture_output=True, text=True, check=False
        )
        lines = [line.split(None, 1) for line in listed.stdout.splitlines()]
        return {int(line[0]): line[1] for line in lines if len(line) == 2 and "spawn_main" in line[1]}

    def metrics(self) -> dict[str, float]:
        """The daemon's metrics; nothing while it does not answer."""
        try:
            text = self._client.get(f"http://127.0.0.1:{self.web_port}/metrics").text
        except httpx.HTTPError:
            return {}
        pairs = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
        return {name: float(value) for name, value in pairs}

    def _write_box(self, box: Path | None) -> None:
        given: dict[str, Any] = {"site": "soak"}
        camera: dict[str, Any] = {}
        if box is not None:
            given = yaml.safe_load(box.read_text())
            camera = next(iter(given["cameras"].values()))
            if "calibration" in camera:
                camera["calibration"] = str((box.parent / camera["calibration"]).absolute())
        address = f"rtsp://127.0.0.1:{self._rtsp_port}/c"
        given["cameras"] = {
            name: camera | {"source": f"{address}{n % len(self._looped)}"} for n, name in enumerate(self.cameras)
        }
        given["upstream"] = {"mqtt": f"mqtt://127.0.0.1:{self.broker_port}"}
        given["storage"] = {"directory": str(self.state)}
        given["service"] = {"listen": f"127.0.0.1:{self.web_port}", "sensitivity_test_at": None}
        self.box_file.write_text(yaml.safe_dump(given))


def looped(clip: Path, target: Path, seconds: float, begin: float = 0.0) -> Path:
    """The clip again and again for about so long, packets copied.

    Args:
        clip: H.264 or H.265 in MP4.
        target: what is written.
        seconds: how long, in whole clips.
        begin: where it begins, a share of the clip; at the key frame before.
    """
    with av.open(str(clip)) as reader:
        stream = reader.streams.video[0]
        packets = [packet for packet in reader.demux(stream) if packet.size and packet.dts is not None]
        times = [packet.dts for packet in packets if packet.dts is not None]
        length = times[-1] - times[0] + (times[1] - times[0])
        base = stream.time_base
        assert base is not None
        keys = [n for n, packet in enumerate(packets) if packet.is_keyframe]
        first = max((n for n in keys if n <= begin * len(packets)), default=0)
        moved = times[first] - times[0]
        order = [(packet, -moved) for packet in packets[first:]] + [(p, length - moved) for p in packets[:first]]
        with av.open(str(target), "w") as writer:
            out = writer.add_stream_from_template(stream)
            for turn in range(max(1, round(seconds / float(length * base)))):
                for packet, shift in order:
                    writer.mux(copied(packet, base, -(shift + turn * length), out))
    return target


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens on now."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in held]
    for one in held:
        one.close()
    return ports


def _is_listening(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1.0).close()
    except OSError:
        return False
    return True
