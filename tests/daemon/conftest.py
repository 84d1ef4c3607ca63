"""Fixtures of the daemon's tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import pytest
import yaml
from running import Daemon, RtspServer, ServiceManager, needs_gstreamer
from soak_test.stage import looped
from upstream.conftest import MortalBroker


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
def broker(tmp_path: Path) -> Iterator[MortalBroker]:
    """Not started yet."""
    folder = tmp_path / "broker"
    folder.mkdir()
    folder.chmod(0o777)
    made = MortalBroker(folder)
    yield made
    made.down()


@pytest.fixture
def service_manager(tmp_path: Path) -> Iterator[ServiceManager]:
    manager = ServiceManager(tmp_path)
    yield manager
    manager.close()


@pytest.fixture
def demo_box(demo_run) -> dict[str, Any]:
    """The demo's box file, its names made absolute."""
    box = yaml.safe_load(demo_run.files.box.read_text())
    for camera in box["cameras"].values():
        camera["source"] = str(demo_run.files.video)
        camera["calibration"] = str(demo_run.files.box.parent / camera["calibration"])
    return box


@pytest.fixture(scope="session")
def long_demo(demo_run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo ten times over: a camera that does not end."""
    target = tmp_path_factory.mktemp("long") / "demo.mp4"
    with av.open(str(demo_run.files.video)) as reader:
        assert reader.duration is not None
        return looped(demo_run.files.video, target, 10 * reader.duration / av.time_base)
