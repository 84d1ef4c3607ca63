from __future__ import annotations

from daemon.healths import beat, box, camera
from prometheus_client.parser import text_string_to_metric_families

from edgecv.daemon.metrics import metrics_text
from edgecv.storage.outbox import Depth
from edgecv.upstream.target_sender import TargetStatus


def read(*cameras: object, **more: object) -> dict[tuple[str, str], float]:
    """Values by name and labels, read by Prometheus' own parser."""
    text = metrics_text(lambda: box(*cameras, **more)).decode()  # type: ignore[arg-type]
    return {
        (sample.name, ",".join(f"{k}={v}" for k, v in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_cameras_are_counted_each_under_its_name() -> None:
    counts = {"frames": 100.0, "decode_seconds": 0.5, "analysis_seconds": 0.1, "dropped_packets": 3.0}
    heard = beat(counts=counts, gauges={"lag_seconds": 0.25}, verdicts={"bird": 2})
    found = read(camera(heard=heard, restarts=1), camera("south-1", death="by signal SIGKILL"))
    assert found["edgecv_frames_total", "camera=north-1"] == 100.0
    assert found["edgecv_dropped_packets_total", "camera=north-1"] == 3.0
    assert found["edgecv_decode_ms", "camera=north-1"] == 5.0
    assert found["edgecv_analysis_ms", "camera=north-1"] == 1.0
    assert found["edgecv_lag_seconds", "camera=north-1"] == 0.25
    assert found["edgecv_verdicts_total", "camera=north-1,label=bird"] == 2.0
    assert found["edgecv_worker_restarts_total", "camera=north-1"] == 1.0
    assert found["edgecv_worker_memory_bytes", "camera=north-1"] == 100 * 2**20
    assert (found["edgecv_camera_watching", "camera=north-1"], found["edgecv_camera_watching", "camera=south-1"]) == (
        1.0,
        0.0,
    )
    assert ("edgecv_frames_total", "camera=south-1") not in found


def test_outbox_disk_and_readiness_are_the_boxs() -> None:
    found = read(
        targets={"mqtt": TargetStatus("mqtt", connected=False, delivered=7)},
        depths={"mqtt": Depth(3, 60.0, 1)},
        ready=True,
        problems=("a", "b"),
    )
    assert found["edgecv_target_connected", "target=mqtt"] == 0.0
    assert found["edgecv_delivered_total", "target=mqtt"] == 7.0
    assert found["edgecv_outbox_messages", "target=mqtt"] == 3.0
    assert found["edgecv_outbox_age_seconds", "target=mqtt"] == 60.0
    assert found["edgecv_outbox_parked", "target=mqtt"] == 1.0
    assert found["edgecv_disk_bytes", "what=free"] == 400.0
    assert found["edgecv_stored_incidents", "camera=north-1,tier=incident"] == 4.0
    assert (found["edgecv_ready", ""], found["edgecv_problems", ""]) == (1.0, 2.0)


def test_a_cameras_name_cannot_break_the_format() -> None:
    found = read(camera('no"rth\\1', beat()))
    assert found["edgecv_camera_watching", 'camera=no"rth\\1'] == 1.0
