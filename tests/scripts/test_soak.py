"""The soak's figures and limits, and a short one in earnest."""

from __future__ import annotations

import json
from pathlib import Path

import av
import pytest
from running import needs_gstreamer
from soak_test.clip import busy_clip, busy_scene
from soak_test.listener import Arrival
from soak_test.measurements import Readings, measure
from soak_test.report import delay_s, limits_missed, lines_of, slope_mb_a_minute, total
from soak_test.stage import Stage
from soak_test.time_in_sight import SeenPath

from edgecv.capture import VideoFile
from edgecv.config.load import load_box


def arrival(incident_id: str, seconds: float, clock: str = "rtcp") -> Arrival:
    return Arrival(incident_id, "camera-0", clock, 0.1, seconds, SeenPath(10.0, 20.0, 1.5))


def readings(*, slope: float = 0.1, dropped: float = 0.0, delays: tuple[float, ...] = (0.5, 0.9)) -> Readings:
    """Half an hour of two cameras."""
    made = Readings(("camera-0", "camera-1"), seconds=1800.0, daemon_cpu_s=900.0, server_cpu_s=90.0)
    for name in made.cameras:
        # 40 MB more within the warm-up are no leak
        made.memory[name] = [(t, 160.0 + min(t, 60.0) + slope * t / 60.0) for t in map(float, range(0, 1800, 5))]
        made.metrics[f'edgecv_frames_total{{camera="{name}"}}'] = 45_000.0
        made.metrics[f'edgecv_connections_total{{camera="{name}"}}'] = 1.0
    made.metrics['edgecv_dropped_packets_total{camera="camera-1"}'] = dropped
    made.arrivals = [arrival(str(n), seconds) for n, seconds in enumerate(delays)]
    return made


def test_a_run_within_all_limits_misses_none() -> None:
    well = readings()
    assert limits_missed(well) == []
    assert lines_of(well) == [
        "2 cameras, 30.0 minutes: 90000 frames analysed, 0 left out, 0 packets dropped",
        "restarts 0, connections 2",
        "CPU: the daemon 0.50 cores, the RTSP server 0.05",
        "camera-0: 223 MB resident, +0.10 MB a minute after warm-up",
        "camera-1: 223 MB resident, +0.10 MB a minute after warm-up",
        "2 incidents; at the broker 0.70 s after the thing was gone, p99 0.90 s "
        "(wall time 2 by rtcp; at most 0.10 s off)",
    ]


def test_a_machine_that_was_not_all_there_is_told() -> None:
    shared = readings()
    shared.work_ms = [2.0] * 97 + [2.9, 3.1, 8.0]
    assert (
        "the machine: in 2 of 100 readings the same work took 1.5 times as long as usual or more, at most 4.0 times"
        in lines_of(shared)
    )


def test_each_limit_is_told_when_it_is_missed() -> None:
    assert limits_missed(readings(dropped=3.0)) == ["3 packets dropped"]
    assert limits_missed(readings(slope=1.5)) == [f"camera-{n} grows by 1.50 MB a minute" for n in range(2)]
    assert limits_missed(readings(delays=(0.5,) * 20 + (4.0,)))[0].startswith("p99 of the delay is")
    assert limits_missed(readings(delays=())) == ["no incident reached the broker"]
    dead = readings()
    dead.ended = -9
    assert limits_missed(dead) == ["the daemon ended by itself with exit code -9"]
    blind = readings()
    blind.metrics['edgecv_frames_total{camera="camera-1"}'] = 0.0
    assert limits_missed(blind) == ["no picture of camera-1"]
    thinned = readings()
    thinned.metrics['edgecv_thinned_frames_total{camera="camera-0"}'] = 4.0
    assert limits_missed(thinned) == ["4 frames left out"]
    restarted = readings()
    restarted.metrics['edgecv_worker_restarts_total{camera="camera-0"}'] = 2.0
    assert limits_missed(restarted) == ["2 restarts"]


def test_a_daemon_that_never_answered_has_not_met_the_limits() -> None:
    missed = limits_missed(Readings(("camera-0",)))
    assert missed == ["no picture of camera-0", "no incident reached the broker"]


def test_memory_is_not_judged_before_it_can_be() -> None:
    short = [(float(t), 100.0 + t) for t in range(0, 60, 2)]
    assert slope_mb_a_minute(short) is None
    made = readings()
    made.memory = {"camera-0": short}
    assert limits_missed(made) == []
    assert "camera-0: 158 MB resident, too short for a slope" in lines_of(made)


def test_a_message_that_is_repeated_counts_when_it_came_first() -> None:
    made = Readings(("camera-0",), arrivals=[arrival("a", 0.5), arrival("b", 0.7), arrival("a", 30.0)])
    assert delay_s(made, 1.0) == 0.7


@pytest.mark.service
def test_two_cameras_for_half_a_minute(demo_run, tmp_path: Path) -> None:
    """``scripts/soak --cameras 8 --minutes 30`` is the same for longer, and holds itself to its limits."""
    needs_gstreamer()
    with Stage(tmp_path, demo_run.files.video, demo_run.files.box, 2, 60.0) as stage:
        found = measure(stage, 30.0)
    print(*lines_of(found), sep="\n")
    assert found.ended is None
    assert total(found, "worker_restarts") == 0.0
    assert total(found, "connections") == 2.0
    assert all(found.metrics[f'edgecv_frames_total{{camera="{name}"}}'] > 100.0 for name in found.cameras)
    assert {a.device for a in found.arrivals} == set(found.cameras)
    assert set(found.memory) == set(found.cameras)
    assert found.daemon_cpu_s > found.server_cpu_s > 0.0
    # the delay is honest: the last sighting's time is the camera's own, which the server here takes from this machine's
    # clock, and nothing can be at the broker before it was seen
    assert {a.clock for a in found.arrivals} == {"rtcp"}
    assert all(a.delay_s > -a.clock_error_s for a in found.arrivals)
    logged = [json.loads(line) for line in stage.log.read_text().splitlines() if line.startswith("{")]
    recorded = {line["incident"] for line in logged if "incident" in line}
    assert {a.id for a in found.arrivals} <= recorded
    # how many frames were left out and how late the messages came is the machine's; that it is told is ours
    assert any(line.startswith("2 cameras, 0.") and "left out" in line for line in lines_of(found))
    assert delay_s(found, 0.5) is not None


def test_a_clip_rendered_in_parts_is_the_whole_scene_and_is_rendered_once(tmp_path: Path) -> None:
    scene = busy_scene(5.0, (320, 180))
    clip, box = busy_clip(tmp_path, scene, part_s=2.0)
    with av.open(str(clip)) as reader:
        stream = reader.streams.video[0]
        packets = [packet for packet in reader.demux(stream) if packet.size]
        base = float(stream.time_base or 0)
    assert [round(packet.pts * base / 0.04) for packet in packets if packet.pts is not None] == list(range(125))
    with VideoFile(clip) as video:
        assert len(list(video)) == 125
    assert str(load_box(box).settings.cameras["busy"].source).endswith(clip.name)
    assert {path.suffix for path in tmp_path.iterdir()} == {".mp4", ".yaml"}
    assert not list(tmp_path.glob(".*"))
    made = clip.stat()
    busy_clip(tmp_path, scene, part_s=2.0)
    assert clip.stat() == made
