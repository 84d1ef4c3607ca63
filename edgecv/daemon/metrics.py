"""The box's health as Prometheus metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from edgecv.daemon.health import BoxHealth, CameraHealth

_COUNTS = {
    "frames": "pictures analysed",
    "packets": "packets received",
    "bytes": "bytes received",
    "thinned_frames": "pictures decoded but not analysed because the box was late: every second one",
    "dropped_packets": "packets dropped undecoded because the box was late",
    "dropped_groups": "groups of pictures dropped because the box was late",
    "decode_errors": "packets that could not be decoded",
    "connections": "connections to the camera; all but the first are reconnects",
    "decode_seconds": "time spent decoding",
    "analysis_seconds": "time spent analysing",
    "tracks": "tracks that ended",
    "paths_left_out": "paths that had no verdict because more promising ones took the time, as in heavy snow",
    "incidents": "incidents recorded since the worker started",
    "candidates": "candidates recorded since the worker started",
}


class _Box(Collector):
    def __init__(self, health: Callable[[], BoxHealth]) -> None:
        self._health = health

    def collect(self) -> Iterator[Metric]:
        box = self._health()
        yield from _of_cameras(box.cameras)
        yield from _of_devices(box.devices)
        yield from _of_targets(box)
        disk = GaugeMetricFamily("edgecv_disk_bytes", "the state directory's file system", labels=["what"])
        disk.add_metric(["total"], box.disk.total_bytes)
        disk.add_metric(["free"], box.disk.free_bytes)
        yield disk
        stored = GaugeMetricFamily("edgecv_stored_incidents", "records in the database", labels=["camera", "tier"])
        for (device, tier), count in box.totals.items():
            stored.add_metric([device, tier], count)
        yield stored
        text = "incidents whose evidence is not sealed yet"
        yield GaugeMetricFamily("edgecv_unsealed_incidents", text, value=box.unsealed)
        yield GaugeMetricFamily("edgecv_ready", "1 when every camera has a picture or is reported", value=box.ready)
        yield GaugeMetricFamily("edgecv_problems", "things wrong with the box itself", value=len(box.problems))


def _of_cameras(cameras: tuple[CameraHealth, ...]) -> Iterator[Metric]:
    up = GaugeMetricFamily("edgecv_camera_watching", "1 while pictures are analysed", labels=["camera"])
    restarts = CounterMetricFamily("edgecv_worker_restarts", "restarts of the camera's worker", labels=["camera"])
    memory = GaugeMetricFamily("edgecv_worker_memory_bytes", "resident memory of the worker", labels=["camera"])
    verdicts = CounterMetricFamily("edgecv_verdicts", "judged falls by label", labels=["camera", "label"])
    counts = {name: CounterMetricFamily(f"edgecv_{name}", text, labels=["camera"]) for name, text in _COUNTS.items()}
    each = {
        stage: GaugeMetricFamily(f"edgecv_{stage}_ms", f"mean {stage} of a frame since start", labels=["camera"])
        for stage in ("decode", "analysis")
    }
    gauges: dict[str, GaugeMetricFamily] = {}
    for camera in cameras:
        up.add_metric([camera.id], camera.watching)
        restarts.add_metric([camera.id], camera.restarts)
        memory.add_metric([camera.id], camera.memory_bytes)
        beat = camera.beat
        if beat is None:
            continue
        for name, family in counts.items():
            family.add_metric([camera.id], beat.counts.get(name, 0.0))
        for stage, gauge in each.items():
            gauge.add_metric(
                [camera.id],
                1000.0 * beat.counts.get(f"{stage}_seconds", 0.0) / max(1.0, beat.counts.get("frames", 0.0)),
            )
        for label, count in beat.verdicts.items():
            verdicts.add_metric([camera.id, label], count)
        for name, value in beat.gauges.items():
            if name not in gauges:
                gauges[name] = GaugeMetricFamily(f"edgecv_{name}", name.replace("_", " "), labels=["camera"])
            gauges[name].add_metric([camera.id], value)
    yield from (up, restarts, memory, verdicts, *counts.values(), *each.values(), *gauges.values())


def _of_devices(devices: tuple[CameraHealth, ...]) -> Iterator[Metric]:
    """Handlers count what is theirs: each counter and gauge of a heartbeat is a family of its own."""
    up = GaugeMetricFamily("edgecv_device_listening", "1 while its messages can come", labels=["device"])
    restarts = CounterMetricFamily("edgecv_device_restarts", "restarts of the device's handler", labels=["device"])
    memory = GaugeMetricFamily("edgecv_device_memory_bytes", "resident memory of the handler", labels=["device"])
    families: dict[str, CounterMetricFamily | GaugeMetricFamily] = {}
    for device in devices:
        up.add_metric([device.id], device.watching)
        restarts.add_metric([device.id], device.restarts)
        memory.add_metric([device.id], device.memory_bytes)
        if device.beat is None:
            continue
        for kind, values in ((CounterMetricFamily, device.beat.counts), (GaugeMetricFamily, device.beat.gauges)):
            for name, value in values.items():
                full = f"edgecv_device_{name}"
                families.setdefault(full, kind(full, name.replace("_", " "), labels=["device"]))
                families[full].add_metric([device.id], value)
    yield from (up, restarts, memory, *families.values())


def _of_targets(box: BoxHealth) -> Iterator[Metric]:
    connected = GaugeMetricFamily("edgecv_target_connected", "1 while the target takes messages", labels=["target"])
    delivered = CounterMetricFamily("edgecv_delivered", "messages the target confirmed", labels=["target"])
    for name, status in box.targets.items():
        connected.add_metric([name], status.connected)
        delivered.add_metric([name], status.delivered)
    depth = GaugeMetricFamily("edgecv_outbox_messages", "messages the target has not got yet", labels=["target"])
    age = GaugeMetricFamily("edgecv_outbox_age_seconds", "age of the oldest of them", labels=["target"])
    parked = GaugeMetricFamily("edgecv_outbox_parked", "messages the target refused", labels=["target"])
    for name, waiting in box.depths.items():
        depth.add_metric([name], waiting.waiting)
        age.add_metric([name], waiting.oldest_s)
        parked.add_metric([name], waiting.parked)
    yield from (connected, delivered, depth, age, parked)


def metrics_text(health: Callable[[], BoxHealth]) -> bytes:
    """All metrics in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_Box(health))
    return generate_latest(registry)
