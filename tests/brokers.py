"""A real broker and an independent reader: Debian's mosquitto and mosquitto_sub."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from running import free_port
from services import missing
from waiting import SLOW_MACHINE_S

USER, PASSWORD = "box", "s3cr:et/@"
PATHS = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"


@dataclass(frozen=True)
class Broker:
    """A running mosquitto on the loopback interface."""

    host_port: str
    port: int
    process: subprocess.Popen[bytes]

    @contextmanager
    def listener(self, *topics: str) -> Iterator[Callable[[int], list[dict[str, Any]]]]:
        """mosquitto_sub, already subscribed; call what is yielded with the number of messages to wait for."""
        # stdbuf: into a pipe mosquitto_sub would keep its lines to itself until it ends
        command = [
            "stdbuf",
            "-oL",
            tool("mosquitto_sub"),
            "-V",
            "5",
            "-h",
            "127.0.0.1",
            "-p",
            str(self.port),
            "-q",
            "1",
            "-d",
        ]
        # a replay may come before the message
        command += ["-u", USER, "-P", PASSWORD, "-F", "%j", "-W", "180"]
        for topic in topics:
            command += ["-t", topic]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert process.stdout is not None
        lines = process.stdout
        try:
            assert any("Subscribed" in line for line in iter(lines.readline, "")), "mosquitto_sub did not subscribe"

            def receive(count: int) -> list[dict[str, Any]]:
                heard: list[dict[str, Any]] = []
                while len(heard) < count:
                    line = lines.readline()
                    assert line, f"only {len(heard)} of {count} messages arrived"
                    if line.startswith("{"):
                        heard.append(json.loads(line))
                return heard

            yield receive
        finally:
            process.kill()
            process.wait()
            lines.close()


def tool(name: str) -> str:
    found = shutil.which(name, path=PATHS)
    if found is None:
        missing(name, "mosquitto mosquitto-clients openssl")
    return found


@contextmanager
def running_broker(folder: Path, *settings: str, port: int | None = None) -> Iterator[Broker]:
    port = port or free_port()
    config = folder / f"mosquitto-{port}.conf"
    lines = [f"listener {port} 127.0.0.1", *settings]
    if not any(setting.startswith("persistence ") for setting in settings):
        lines.append("persistence false")
    if os.getuid() == 0:
        lines.append("user root")  # else it gives up root and cannot read the files in tmp_path
    config.write_text("\n".join(lines) + "\n")
    log = folder / f"mosquitto-{port}.log"
    with log.open("wb") as stderr:
        process = subprocess.Popen([tool("mosquitto"), "-c", str(config)], stdout=stderr, stderr=stderr)
    try:
        deadline = time.monotonic() + SLOW_MACHINE_S
        while True:
            assert process.poll() is None, f"mosquitto ended: {log.read_text()}"
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert time.monotonic() < deadline, f"mosquitto does not listen: {log.read_text()}"
            time.sleep(0.02)
        yield Broker(f"127.0.0.1:{port}", port, process)
    finally:
        process.kill()
        process.wait()
