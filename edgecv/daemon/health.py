"""How the box is, put together from heartbeats: for systemd, for the upstream, for metrics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edgecv.daemon.worker_messages import Heartbeat
from edgecv.messages import box, joined
from edgecv.messages import camera as messages
from edgecv.storage.outbox import Depth
from edgecv.storage.retention import Disk
from edgecv.upstream.target_sender import TargetStatus


@dataclass(frozen=True, slots=True)
class CameraHealth:
    """One camera, or one other device: of that a picture is a connection, and watching is listening.

    Attributes:
        id: its id.
        beat: its worker's last heartbeat, or None before the first and after its death.
        death: why its worker ended, until it beats again.
        restarts: of its worker since the supervisor started.
        memory_bytes: of its worker.
        finished: whether its recorded file is over.
    """

    id: str
    beat: Heartbeat | None
    death: str | None
    restarts: int
    memory_bytes: int
    finished: bool = False

    @property
    def settled(self) -> bool:
        """Whether it has had a picture, or it is known why it has none."""
        if self.finished or self.death is not None:
            return True
        return self.beat is not None and (self.beat.picture or self.beat.state in {"unreachable", "login_refused"})

    @property
    def watching(self) -> bool:
        """Whether pictures are being analysed now."""
        return self.beat is not None and self.beat.state == "watching"

    def state(self) -> dict[str, Any]:
        """Its retained state upstream."""
        if self.finished or (self.beat is not None and self.beat.state == "finished"):
            return {"state": "finished", "text": messages.FILE_OVER()}
        if self.beat is None:
            return {"state": "offline", "text": self.death or messages.STARTING()}
        if not self.watching:
            return {"state": "offline", "text": self.beat.text}
        if self.beat.degraded:
            return {"state": "degraded", "text": joined(self.beat.degraded)}
        return {"state": "online", "text": self.beat.text}


@dataclass(frozen=True, slots=True)
class BoxHealth:
    """The whole box at one moment."""

    site: str
    version: str
    cameras: tuple[CameraHealth, ...]
    targets: dict[str, TargetStatus]
    depths: dict[str, Depth]
    totals: dict[tuple[str, str], int]
    disk: Disk
    devices: tuple[CameraHealth, ...] = ()
    unsealed: int = 0
    problems: tuple[str, ...] = ()
    ready: bool = False
    alive: bool = True

    def state(self) -> dict[str, Any]:
        """The box's own retained state upstream."""
        state: dict[str, Any] = {"state": "degraded" if self.problems else "online"}
        state["text"] = joined(self.problems) if self.problems else box.WELL()
        state |= {"version": self.version, "cameras": [camera.id for camera in self.cameras]}
        return state | ({"devices": [device.id for device in self.devices]} if self.devices else {})

    def line(self) -> str:
        """One line for ``systemctl status``."""
        watching = sum(camera.watching for camera in self.cameras)
        parts = [f"{watching} of {len(self.cameras)} cameras watching"]
        if self.devices:
            parts.append(f"{sum(d.watching for d in self.devices)} of {len(self.devices)} devices listening")
        everyone = (*self.cameras, *self.devices)
        parts += [f"{c.id}: {c.state()['text']}" for c in everyone if not c.watching and not c.finished]
        parts += [f"{name}: {t.problem}" for name, t in self.targets.items() if t.problem]
        waiting = {name: depth.waiting for name, depth in self.depths.items() if depth.waiting}
        parts += [f"{count} waiting for {name}" for name, count in waiting.items()]
        return "; ".join([*parts, *self.problems])
