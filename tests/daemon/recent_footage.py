"""A connection that is over and whose packets are still in memory, and a fall in it: what evidence is made of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from known_falls import known_fall

from edgecv.capture.packets import PacketRing, stamp_of
from edgecv.capture.stream import LiveStream, StreamSettings
from edgecv.capture.wall_clock import WallClock
from edgecv.config import load_box
from edgecv.daemon.footage import Footage
from edgecv.daemon.worker_spec import WorkerSpec, spec_of
from edgecv.incidents.record import Incident
from edgecv.trajectory import Fall


@dataclass(frozen=True)
class Found:
    """What stands for a finding: its record is known already."""

    incident: Incident
    fall: Fall


@dataclass(frozen=True)
class Scene:
    """The demo as a worker knows it when it is over."""

    spec: WorkerSpec
    footage: Footage
    found: tuple[Found, ...]


def demo_scene(demo_run: Any, state: Path, until_s: float = 13.5) -> Scene:
    """The demo's packets in a ring until then, its incidents as they were replayed."""
    box = load_box(demo_run.files.box)
    spec, _ = spec_of(box, demo_run.files.camera_id, state)
    with LiveStream(StreamSettings(str(demo_run.files.video))) as stream:
        ring = PacketRing(stream.base)
        for packet in stream.packets():
            if (stamp_of(packet) or 0) * stream.base < until_s:
                ring.add(packet)
        first_pts = stamp_of(ring.between(0, 0)[0]) or 0
        footage = Footage(stream, spec.camera, ring, WallClock(), None, first_pts=first_pts)
    footage.reached_s, footage.ended = until_s, True
    incidents = [Incident.model_validate(raw) for raw in demo_run.incidents]
    return Scene(spec, footage, tuple(Found(incident, known_fall()) for incident in incidents))
