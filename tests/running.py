"""The daemon as a process, and cameras to watch: a real RTSP server."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import yaml
from services import missing
from waiting import SLOW_MACHINE_S

from edgecv.incidents.record import Incident
from edgecv.storage.database import DATABASE

SYSTEM_PYTHON = "/usr/bin/python3"
_SERVER = Path(__file__).parents[1] / "scripts" / "servers" / "rtsp_server.py"


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Daemon:
    """``edgecv run`` in a process of its own."""

    def __init__(self, folder: Path, box: dict[str, Any]) -> None:
        self.box_file = folder / "box.yaml"
        self.state = folder / "state"
        self.port = free_port()
        self.log = folder / "daemon.log"
        self.environment: dict[str, str] = {}
        self.process: subprocess.Popen[bytes] | None = None
        self.write(box)

    def write(self, box: dict[str, Any]) -> None:
        """Write the box file; how full the machine's own disk is decides nothing."""
        own = {
            "storage": {"directory": str(self.state), "disk_share": 0.999},
            "service": {"listen": f"127.0.0.1:{self.port}"},
        }
        merged = own | box
        merged["storage"] = own["storage"] | box.get("storage", {})
        merged["service"] = own["service"] | box.get("service", {})
        self.box_file.write_text(yaml.safe_dump(merged))

    def start(self, *options: str) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "edgecv", "run", "--config", str(self.box_file), "--log", "json", *options],
                stderr=log,
                env={**os.environ, **self.environment},
            )

    def wait(self) -> int:
        """Wait for its own end."""
        assert self.process is not None
        return self.process.wait(SLOW_MACHINE_S * 2)

    def stop(self) -> float:
        """SIGTERM; how long it took."""
        assert self.process is not None
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        assert code == 0, self.log.read_text()[-3000:]
        return time.monotonic() - begun

    def kill(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def children(self) -> list[int]:
        """Process ids of its workers and their helpers."""
        return [pid for pid, _ in self._children()]

    def workers(self) -> list[int]:
        """Process ids of its cameras' workers; one that has just been started has no name yet."""
        cameras = [name[:15] for name in yaml.safe_load(self.box_file.read_text())["cameras"]]
        return [pid for pid, name in self._children() if name in cameras]

    def _children(self) -> list[tuple[int, str]]:
        assert self.process is not None
        listed = subprocess.run(
            ["ps", "-ww", "-o", "pid=,comm=,args=", "--ppid", str(self.process.pid)],
            capture_output=True,
            text=True,
            check=False,
        )
        lines = [line.split() for line in listed.stdout.splitlines() if "spawn_main" in line]
        return [(int(line[0]), line[1]) for line in lines]

    def running_workers(self) -> bool:
        """Whether any process still holds its database open, after it was killed itself."""
        for folder in Path("/proc").glob("[0-9]*/fd"):
            try:
                if any(str(self.state / DATABASE) in str(link.readlink()) for link in folder.iterdir()):
                    return True
            except OSError:
                continue
        return False

    def rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        """Ask its database."""
        if not (self.state / DATABASE).exists():
            return []
        database = sqlite3.connect(f"file:{self.state / DATABASE}?mode=ro", uri=True, timeout=20)
        database.row_factory = sqlite3.Row
        try:
            return database.execute(query, values).fetchall()
        except sqlite3.OperationalError:
            return []  # not made yet
        finally:
            database.close()

    def incidents(self, device: str | None = None) -> list[Incident]:
        rows = self.rows("SELECT record FROM incidents WHERE tier = 'incident' ORDER BY rowid")
        found = [Incident.model_validate_json(row["record"]) for row in rows]
        return [incident for incident in found if device is None or incident.device == device]

    def incidents_of(self, kind: str) -> list[Incident]:
        """Incidents of a kind of which other devices have theirs too."""
        query = "SELECT record FROM incidents WHERE tier = 'incident' AND kind = ? ORDER BY rowid"
        return [Incident.model_validate_json(row["record"]) for row in self.rows(query, kind)]

    def told(self) -> list[dict[str, Any]]:
        """Device events, in order."""
        rows = self.rows("SELECT event FROM messages WHERE kind = 'device' ORDER BY seq")
        return [json.loads(row["event"]) for row in rows]

    def get(self, path: str) -> httpx.Response | None:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=10)
        except httpx.HTTPError:
            return None

    def metric(self, name: str, **labels: str) -> float | None:
        """One metric's value."""
        answer = self.get("/metrics")
        wanted = "".join(f'{key}="{value}"' for key, value in labels.items())
        for line in [] if answer is None else answer.text.splitlines():
            if line.startswith((f"{name}{{{wanted}}}", f"{name} ")):
                return float(line.rsplit(" ", 1)[1])
        return None

    def camera_state(self, camera: str) -> dict[str, Any]:
        answer = self.get("/readyz")
        return {} if answer is None else answer.json()["cameras"].get(camera, {})


class RtspServer:
    """A camera's server, that can be silenced, killed and started again."""

    def __init__(self, port: int | None = None) -> None:
        self.port = port or free_port()
        self.process: subprocess.Popen[str] | None = None

    def url(self, name: str) -> str:
        return f"rtsp://127.0.0.1:{self.port}/{name}"

    def up(self, password: str | None = None, **files: Path) -> None:
        environment = {**os.environ, "GST_DEBUG": "0"}
        if password is not None:
            environment["CAMERA_PASSWORD"] = password
        named = [f"{name}={path}" for name, path in files.items()]
        self.process = subprocess.Popen(
            [SYSTEM_PYTHON, str(_SERVER), str(self.port), *named], stdout=subprocess.PIPE, text=True, env=environment
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n", "the RTSP server did not start"

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def down(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            assert self.process.stdout is not None
            self.process.stdout.close()
        self.process = None


def needs_gstreamer() -> None:
    probe = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"
    known = shutil.which(SYSTEM_PYTHON) is not None
    if known and subprocess.run([SYSTEM_PYTHON, "-c", probe], capture_output=True, check=False).returncode == 0:
        return
    missing("GStreamer's RTSP server", "gir1.2-gst-rtsp-server-1.0 python3-gi")


class ServiceManager:
    """What systemd is to the daemon: a socket that its notes come to."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self._path))

    def environment(self, watchdog_s: float) -> dict[str, str]:
        return {"NOTIFY_SOCKET": str(self._path), "WATCHDOG_USEC": str(int(watchdog_s * 1e6))}

    def until(self, wanted: str, seconds: float = SLOW_MACHINE_S) -> list[str]:
        """All notes until one holds what is wanted."""
        heard: list[str] = []
        deadline = time.monotonic() + seconds
        while not heard or wanted not in heard[-1]:
            left = deadline - time.monotonic()
            assert left > 0, f"{wanted} did not come; heard {heard[-5:]}"
            self._socket.settimeout(left)
            heard.append(self._socket.recv(4096).decode())
        return heard

    def during(self, seconds: float) -> list[str]:
        """All notes of the next seconds."""
        heard: list[str] = []
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                heard.append(self._socket.recv(4096).decode())
            except TimeoutError:
                break
        return heard

    def drop(self) -> None:
        """Forget what has come."""
        self._socket.setblocking(False)
        try:
            while True:
                self._socket.recv(4096)
        except BlockingIOError:
            pass

    def close(self) -> None:
        self._socket.close()
