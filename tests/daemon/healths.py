"""Boxes in this or that state of health, for whoever tells of it."""

from __future__ import annotations

from typing import Any

from edgecv.daemon.health import BoxHealth, CameraHealth
from edgecv.daemon.worker_messages import Heartbeat, WorkerState
from edgecv.storage.outbox import Depth
from edgecv.storage.retention import Disk
from edgecv.upstream.target_sender import TargetStatus


def beat(state: WorkerState = "watching", text: str = "1280x720 h264", **more: Any) -> Heartbeat:
    return Heartbeat(state, text, picture=state == "watching", **more)


def camera(name: str = "north-1", heard: Heartbeat | None = None, **more: Any) -> CameraHealth:
    given = {"death": None, "restarts": 0, "memory_bytes": 100 * 2**20} | more
    return CameraHealth(name, heard, **given)


def box(*cameras: CameraHealth, **more: Any) -> BoxHealth:
    given: dict[str, Any] = {
        "targets": {"mqtt": TargetStatus("mqtt", connected=True, delivered=7)},
        "depths": {"mqtt": Depth(0, 0.0, 0)},
        "totals": {("north-1", "incident"): 4},
        "disk": Disk(1000, 400),
    }
    return BoxHealth("home", "1.2.3", cameras, **(given | more))
