"""``edgecv console --hub`` in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml
from running import free_port
from waiting import wait_for

SITES = {"jialing": ("Jialing Road", ["jialinglu-3"]), "riverside": ("Riverside", ["riverside-1"])}
TOKENS = {"jialinglu-3": "a" * 64, "riverside-1": "b" * 64}


@dataclass(frozen=True)
class HubServer:
    """A running hub."""

    url: str
    file: Path
    log: Path
    evidence: Path


@contextmanager
def running_hub(folder: Path, **more: Any) -> Iterator[HubServer]:
    """A hub of two communities over SQLite; ``more`` are further sections of its file."""
    port = free_port()
    for site, token in TOKENS.items():
        (folder / f"{site}.token").write_text(token + "\n")
    content = {
        "communities": {name: {"title": title, "sites": sites} for name, (title, sites) in SITES.items()},
        "mqtt": {"url": f"mqtt://127.0.0.1:{free_port()}"},  # nobody listens there: it is waited for
        "evidence": {site: {"token_file": f"{site}.token"} for site in TOKENS},
        "directory": "hub",
    }
    content |= more
    content["console"] = {"listen": f"127.0.0.1:{port}", "language": "en"} | more.get("console", {})
    file, log = folder / "hub.yaml", folder / "hub.log"
    file.write_text(yaml.safe_dump(content))
    command = [sys.executable, "-m", "edgecv", "console", "--hub", str(file), "--log", "json"]
    with log.open("wb") as stderr:
        process = subprocess.Popen(command, stdout=stderr, stderr=stderr, env=dict(os.environ))
    server = HubServer(f"http://127.0.0.1:{port}", file, log, folder / "hub" / "evidence")

    def lives() -> bool:
        assert process.poll() is None, log.read_text()
        try:
            return httpx.get(f"{server.url}/healthz", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    try:
        wait_for(lives, "the hub answers")
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        finally:
            process.kill()
            process.wait()
