"""A connection analyses every picture of its stream and counts; a worker's counts go on over reconnects."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from daemon.recent_footage import demo_scene
from doctor.small_video import write_video

from edgecv.capture.stream import LiveStream, StreamSettings
from edgecv.daemon.camera_connection import CameraConnection
from edgecv.daemon.connection_counts import ConnectionCounts
from edgecv.daemon.worker_spec import WorkerSpec

PICTURES = 30


@pytest.fixture
def spec(demo_run, tmp_path: Path) -> WorkerSpec:
    """The demo's camera at a second of another video."""
    video = write_video(tmp_path / "second.mp4", pictures=PICTURES, size=(480, 272))
    return replace(demo_scene(demo_run, tmp_path / "state").spec, stream=StreamSettings(str(video)))


def connect(spec: WorkerSpec) -> CameraConnection:
    return CameraConnection(LiveStream(spec.stream), spec)


def test_counts_of_two_connections_add_up() -> None:
    first = ConnectionCounts(1, packets=110, frames=100, analysis_seconds=0.5, verdicts=Counter(bird=2, leaf=1))
    second = ConnectionCounts(1, packets=55, frames=50, analysis_seconds=0.25, verdicts=Counter(bird=1, insect=4))
    total = first + second
    assert total == ConnectionCounts(
        2, packets=165, frames=150, analysis_seconds=0.75, verdicts=Counter(bird=3, leaf=1, insect=4)
    )
    assert first.verdicts == Counter(bird=2, leaf=1)


def test_a_connection_without_a_picture_leaves_other_counts_alone() -> None:
    earlier = ConnectionCounts(1, packets=110, frames=100, verdicts=Counter(bird=2))
    assert earlier + ConnectionCounts(1, packets=1) == replace(earlier, connections=2, packets=111)


def test_metrics_are_all_counts_but_the_verdicts() -> None:
    metrics = ConnectionCounts(1, frames=3, verdicts=Counter(bird=2)).metrics()
    assert (metrics["connections"], metrics["frames"], metrics["decode_seconds"]) == (1.0, 3.0, 0.0)
    assert "verdicts" not in metrics


def test_every_picture_of_a_file_is_analysed_and_counted(spec: WorkerSpec) -> None:
    connection = connect(spec)
    times = [analysed.frame.t_s for analysed in connection.frames() if analysed is not None]
    connection.close(lambda: True)
    counts = connection.counts()
    assert times == pytest.approx([n / 25.0 for n in range(PICTURES)], abs=1e-6)
    assert (counts.connections, counts.frames, counts.packets) == (1, PICTURES, PICTURES)
    assert connection.footage.reached_s == times[-1]
    assert connection.footage.ended


def test_a_calibration_of_another_picture_size_is_not_used_and_that_is_noted(spec: WorkerSpec) -> None:
    assert spec.camera.image_size not in {None, (480, 272)}
    connection = connect(spec)
    next(analysed for analysed in connection.frames() if analysed is not None)
    connection.close(lambda: True)
    assert connection.footage.camera.pinhole is None
    assert "480x272" in connection.notes["calibration"]


def test_a_connection_that_is_closed_before_its_first_picture_has_no_findings(spec: WorkerSpec) -> None:
    connection = connect(spec)
    assert connection.flush() == []
    connection.close(lambda: True)
    assert connection.counts().frames == 0
