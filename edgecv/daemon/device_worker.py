"""One device's process: its handler at work, a heartbeat a second from the thread that does it."""

from __future__ import annotations

import math
import pickle
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from edgecv.config import Box
from edgecv.config.devices import DeviceSettings
from edgecv.daemon.logs import LogForm, configure_logging, register_secrets_of
from edgecv.daemon.process import begin_child, yield_to_cameras
from edgecv.daemon.worker_messages import Heartbeat, NewSetUp, WorkerState
from edgecv.handlers.handler import Handler
from edgecv.handlers.handler_context import Desk, DeviceIdentity
from edgecv.handlers.handler_runner import Host
from edgecv.handlers.registry import find_handler
from edgecv.handlers.sources.source import CONNECTING

_BEAT_S = 1.0
_MOST_GAUGES = 1000
"""Each is a metric of its own; a shop has dozens of points."""


@dataclass(frozen=True, slots=True)
class DeviceSpec:
    """One device's orders.

    Attributes:
        who: the device.
        settings: its section of the box file.
        rehearsal: the traffic tells its own time.
    """

    who: DeviceIdentity
    settings: DeviceSettings
    rehearsal: bool = False

    @property
    def id(self) -> str:
        """The device's id."""
        return self.who.device

    @property
    def memory_mb(self) -> int:
        """What it may use."""
        return self.settings.memory_mb

    @property
    def ends(self) -> bool:
        """Never by itself."""
        return False

    def fingerprint(self) -> bytes:
        """The same bytes for the same orders; the box file's hash does not count."""
        return pickle.dumps(replace(self, who=replace(self.who, config_sha256=None, events={})))

    def new_set_up(self) -> NewSetUp:
        """What a process that goes on after a reload is told."""
        return NewSetUp(self.who.config_sha256)


def device_spec_of(box: Box, device_id: str, state: Path, *, rehearsal: bool = False) -> DeviceSpec:
    """One device's orders.

    Raises:
        ConfigError: its handler cannot be loaded.
    """
    settings = box.settings.devices[device_id]
    events = find_handler(settings.kind).events
    who = DeviceIdentity(
        site=box.site,
        device=device_id,
        events=events,
        alarms_per_hour=settings.alarms_per_hour,
        box_file=box.path.absolute(),
        state=state,
        config_sha256=box.sha256,
    )
    return DeviceSpec(who, settings, rehearsal)


def device_main(spec: DeviceSpec, pipe: Connection, log_form: LogForm, level: str) -> None:
    """Entry of the process; returns when told to stop."""
    stop = begin_child(spec.memory_mb, name=spec.id)
    yield_to_cameras()  # a flood of messages must cost no camera its pictures
    configure_logging(log_form, level, context={"device": spec.id})
    register_secrets_of(spec.settings)
    kind = find_handler(spec.settings.kind)

    def make(desk: Desk) -> Handler[Any]:
        return kind(spec.settings, desk)

    host = Host(spec.who, make, rehearsal=spec.rehearsal)
    host.run(stop.is_set, _Beats(host, pipe, stop.set).beat)


class _Beats:
    """Heartbeats of a host."""

    def __init__(self, host: Host, pipe: Connection, on_gone: Callable[[], None]) -> None:
        self._host = host
        self._pipe = pipe
        self._on_gone = on_gone
        self._next_s = 0.0
        self._connected = False

    def beat(self) -> None:
        """Send one, where it is time for one."""
        now_s = time.monotonic()
        if now_s < self._next_s:
            return
        self._next_s = now_s + _BEAT_S
        host = self._host
        problem = host.problem
        self._connected = self._connected or problem is None
        state: WorkerState = "watching" if problem is None else "unreachable"
        if problem is not None and problem.startswith(CONNECTING):
            state = "connecting"
        desk = host.desk
        text = problem or "; ".join(("listening", *host.notices()))
        gauges = {name: value for name, value in list(desk.gauges.items())[:_MOST_GAUGES] if math.isfinite(value)}
        beat = Heartbeat(state, text, self._connected, host.degraded(), dict(desk.counts), gauges)
        try:
            self._pipe.send(beat)
            while self._pipe.poll():
                message = self._pipe.recv()
                if isinstance(message, NewSetUp):
                    desk.who = replace(desk.who, config_sha256=message.config_sha256)
        except (OSError, EOFError):
            self._on_gone()  # the supervisor is gone
