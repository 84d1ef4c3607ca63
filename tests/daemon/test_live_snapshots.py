"""Pictures for the console: only while somebody wants them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from av.video.frame import VideoFrame
from running import Daemon
from waiting import wait_for

from edgecv.daemon import live_snapshots
from edgecv.daemon.live_snapshots import WANTED_S, LiveSnapshots, SnapshotFiles


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_snapshots, "_EVERY_S", 0.0)


def _picture(width: int = 1920, height: int = 1080) -> VideoFrame:
    rgb = np.zeros((height, width, 3), np.uint8)
    rgb[:, : width // 2] = (200, 30, 30)  # red on the left
    return VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format="yuv420p")


def test_nothing_is_written_while_nobody_looks(tmp_path: Path) -> None:
    LiveSnapshots(SnapshotFiles(tmp_path, "north-1")).offer(_picture())
    assert list(tmp_path.iterdir()) == []


def test_a_wish_is_answered_in_its_size_and_the_picture_goes_when_it_expires(tmp_path: Path) -> None:
    files = SnapshotFiles(tmp_path, "north-1")
    giver = LiveSnapshots(files)
    files.ask("small")
    giver.offer(_picture())
    small = cv2.imread(str(files.picture("small")))
    assert small is not None and small.shape == (540, 960, 3)
    assert small[270, 100, 2] > 150 > small[270, 100, 0] and small[270, 900].max() < 40
    assert not files.picture("full").exists()
    assert files.picture("small").stat().st_mode & 0o077 == 0
    files.ask("full")
    giver.offer(_picture())
    full = cv2.imread(str(files.picture("full")))
    assert full is not None and full.shape == (1080, 1920, 3)
    old = time.time() - WANTED_S - 1.0
    for size in ("small", "full"):
        os.utime(files.wish(size), (old, old))
    giver.offer(_picture())
    assert list((tmp_path / "live").iterdir()) == []


def test_a_connection_that_ends_leaves_no_picture(tmp_path: Path) -> None:
    files = SnapshotFiles(tmp_path, "north-1")
    giver = LiveSnapshots(files)
    files.ask("small")
    giver.offer(_picture())
    giver.close()
    assert not files.picture("small").exists()


def test_at_most_one_picture_a_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_snapshots, "_EVERY_S", 3600.0)
    files = SnapshotFiles(tmp_path, "north-1")
    giver = LiveSnapshots(files)
    files.ask("small")
    giver.offer(_picture())
    files.picture("small").unlink()
    giver.offer(_picture())
    assert not files.picture("small").exists()


def test_a_disk_that_takes_nothing_disturbs_no_camera(tmp_path: Path) -> None:
    files = SnapshotFiles(tmp_path, "north-1")
    files.ask("small")
    files.picture("small").mkdir()  # cannot be replaced by a file
    LiveSnapshots(files).offer(_picture())


def test_a_running_worker_gives_pictures_and_leaves_none(
    daemon: Callable[[dict[str, Any]], Daemon], write_video: Any, noise_frames: Any
) -> None:
    video = write_video("north.mp4", noise_frames(250))
    box = daemon({"site": "home", "cameras": {"north-1": {"source": str(video)}}})
    (box.state / "live").mkdir(parents=True, mode=0o700)
    files = SnapshotFiles(box.state, "north-1")
    box.start("--until-finished")

    def picture() -> bool:
        files.ask("small")
        return files.picture("small").exists()

    wait_for(picture, "the worker writes a picture")
    assert box.wait() == 0
    assert not files.picture("small").exists()
