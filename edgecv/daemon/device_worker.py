"""One device's process: its handler at work, a heartbeat a second from the thread that does it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from edgecv.config import Box
from edgecv.config.devices import DeviceSettings
from edgecv.config.known_secrets import register_secrets_of
from edgecv.daemon.logs import LogForm, configure_logging
from edgecv.daemon.process import begin_child, yield_to_cameras
from edgecv.daemon.worker_messages import Heartbeat, NewSetUp, WorkerState
from edgecv.handlers.handler import Handler
from edgecv.handlers.handler_context import DeviceIdentity, HandlerContext
from edgecv.handlers.handler_runner import HandlerRunner
from edgecv.handlers.registry import find_handler
from edgecv.handlers.sources.source import CONNECTING
from edgecv.messages import handlers as messages
from edgecv.messages import joined

_BEAT_S = 1.0
_MOST_GAUGES = 1000
"""Each is a metric of its own; a shop has dozens of points."""


@dataclass(frozen=True, slots=True)
class DeviceSpec:
    """One device's orders; equal where they are the same, whatever a comment did to the box file's hash.

    Attributes:
        identity: the device.
        settings: its section of the box file.
        rehearsal: the traffic tells its own time.
    """

    identity: DeviceIdentity
    settings: DeviceSettings
    rehearsal: bool = False

    @property
    def id(self) -> str:
        """The device's id."""
        return self.identity.device

    @property
    def memory_mb(self) -> int:
        """What it may use."""
        return self.settings.memory_mb

    @property
    def ends(self) -> bool:
        """Never by itself."""
        return False

    def new_set_up(self) -> NewSetUp:
        """What a process that goes on after a reload is told."""
        return NewSetUp(self.identity.config_sha256)


def device_spec_of(box: Box, device_id: str, state: Path, *, rehearsal: bool = False) -> DeviceSpec:
    """One device's orders.

    Raises:
        ConfigError: its handler cannot be loaded.
    """
    settings = box.settings.devices[device_id]
    events = find_handler(settings.kind).events
    identity = DeviceIdentity(
        site=box.site,
        device=device_id,
        events=events,
        alarms_per_hour=settings.alarms_per_hour,
        box_file=box.path.absolute(),
        state=state,
        config_sha256=box.sha256,
    )
    return DeviceSpec(identity, settings, rehearsal)


def device_main(spec: DeviceSpec, pipe: Connection, log_form: LogForm, level: str) -> None:
    """Entry of the process; returns when told to stop."""
    stop = begin_child(spec.memory_mb, name=spec.id)
    yield_to_cameras()  # a flood of messages must cost no camera its pictures
    configure_logging(log_form, level, context={"device": spec.id})
    register_secrets_of(spec.settings)
    kind = find_handler(spec.settings.kind)

    def make(context: HandlerContext) -> Handler[Any]:
        return kind(spec.settings, context)

    runner = HandlerRunner(spec.identity, make, rehearsal=spec.rehearsal)
    runner.run(stop.is_set, _Beats(runner, pipe, stop.set).beat)


class _Beats:
    """Heartbeats of a runner."""

    def __init__(self, runner: HandlerRunner, pipe: Connection, on_gone: Callable[[], None]) -> None:
        self._runner = runner
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
        runner = self._runner
        problem = runner.problem
        self._connected = self._connected or problem is None
        state: WorkerState = "watching" if problem is None else "unreachable"
        if problem is not None and problem.startswith(CONNECTING):
            state = "connecting"
        context = runner.context
        text = problem or joined((messages.LISTENING(), *runner.notices()))
        gauges = {name: value for name, value in list(context.gauges.items())[:_MOST_GAUGES] if math.isfinite(value)}
        beat = Heartbeat(state, text, self._connected, runner.degraded(), dict(context.counts), gauges)
        try:
            self._pipe.send(beat)
            while self._pipe.poll():
                message = self._pipe.recv()
                if isinstance(message, NewSetUp):
                    context.identity = replace(context.identity, config_sha256=message.config_sha256)
        except (OSError, EOFError):
            self._on_gone()  # the supervisor is gone
