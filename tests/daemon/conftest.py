"""Fixtures of the daemon's tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from running import Daemon, RtspServer, ServiceManager, needs_gstreamer


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Callable[[dict[str, Any]], Daemon]]:
    """Makes a daemon of a box file's content; killed at the end."""
    made: list[Daemon] = []

    def make(box: dict[str, Any]) -> Daemon:
        made.append(Daemon(tmp_path, box))
        return made[-1]

    yield make
    for one in made:
        one.kill()
        if one.log.exists():
            print(one.log.read_text()[-8000:])


@pytest.fixture
def rtsp_server() -> Iterator[Callable[[], RtspServer]]:
    """Makes RTSP servers; killed at the end."""
    needs_gstreamer()
    made: list[RtspServer] = []

    def make() -> RtspServer:
        made.append(RtspServer())
        return made[-1]

    yield make
    for server in made:
        server.down()


@pytest.fixture
def service_manager(tmp_path: Path) -> Iterator[ServiceManager]:
    manager = ServiceManager(tmp_path)
    yield manager
    manager.close()
