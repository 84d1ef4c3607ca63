"""All processes of a box: one for each camera and device, and their helpers, which draw, deliver and show."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from edgecv.config import Box
from edgecv.config.box import BOX
from edgecv.daemon.child import Child, Death
from edgecv.daemon.delivery_worker import DRAIN_S, CourierBeat, CourierSpec, courier_main
from edgecv.daemon.evidence_worker import EvidenceHeartbeat, evidence_child
from edgecv.daemon.health import CameraHealth
from edgecv.daemon.logs import LogForm
from edgecv.daemon.process_specs import Orders, child_of
from edgecv.daemon.worker_messages import Heartbeat
from edgecv.messages import camera as messages
from edgecv.upstream.target_sender import TargetStatus

_log = logging.getLogger("edgecv.supervisor")
_WORKERS_S = 6.0
"""Of the ten seconds that a stop may take, what workers get..."""
_EVIDENCE_S = 0.5
"""...and what the evidence process gets after them at least."""
_ENDS = {"evidence": messages.EVIDENCE_ENDS, "courier": messages.COURIER_ENDS, "console": messages.CONSOLE_ENDS}
Announce = Callable[[str, str, str], None]


class BoxProcesses:
    """The processes of a box; none runs before the first step.

    Args:
        state: the state directory.
        log: form and least level of logs.
        console: entry of the console's process, given the box file; where the box file has such a section.
        announce: sends an event upstream: device, kind and text.
    """

    def __init__(
        self, state: Path, log: tuple[LogForm, str], console: Callable[..., None] | None, announce: Announce
    ) -> None:
        self._state = state
        self._log = log
        self._console_main = console
        self._announce = announce
        self._cores = len(os.sched_getaffinity(0))
        self._workers: dict[str, Child] = {}
        self._deaths: dict[str, str] = {}
        self._evidence = evidence_child(state, log)
        self._courier: Child | None = None
        self._console: Child | None = None

    def begin(self, box: Box, orders: dict[str, Orders]) -> None:
        """Take up the orders of a box."""
        self._workers = {name: child_of(one, self._log) for name, one in orders.items()}
        self._courier = self._courier_of(box)
        self._console = self._console_of(box)

    def all(self) -> list[Child]:
        """Every process, workers first."""
        return [*self._workers.values(), *self._helpers()]

    def step(self) -> None:
        """Start whose time has come, take heartbeats, kill what hangs, tell what ended."""
        for name, child in self._workers.items():
            death = child.step(may_start=may_start(self._workers.values(), self._cores))
            if death is not None:
                self._report_death(name, death)
            elif child.beat is not None:
                self._deaths.pop(name, None)
        for helper in self._helpers():
            death = helper.step()
            if death is not None and death.repeated:
                self._announce(BOX, f"{helper.name}_dies", _ENDS[helper.name](why=death.reason))

    def finished(self, camera_ids: Iterable[str]) -> bool:
        """Whether the recorded files of all these cameras are over."""
        return all(self._workers[name].finished for name in camera_ids)

    def worker_health(self) -> dict[str, CameraHealth]:
        """How each camera and device is, by id."""
        return {
            name: CameraHealth(
                name,
                child.beat if isinstance(child.beat, Heartbeat) else None,
                self._deaths.get(name),
                child.restarts,
                child.memory_bytes(),
                child.finished,
            )
            for name, child in list(self._workers.items())
        }

    def target_status(self) -> dict[str, TargetStatus]:
        """How deliveries go, by target."""
        beat = None if self._courier is None else self._courier.beat
        return beat.targets if isinstance(beat, CourierBeat) else {}

    def evidence_status(self) -> EvidenceHeartbeat:
        """How far evidence is drawn."""
        beat = self._evidence.beat
        return beat if isinstance(beat, EvidenceHeartbeat) else EvidenceHeartbeat(0, None)

    def alive(self) -> bool:
        """Whether every process gives a sign of life."""
        return all(child.is_fresh() for child in self.all())

    def change(
        self, before: tuple[Box, dict[str, Orders]], after: tuple[Box, dict[str, Orders]]
    ) -> tuple[list[str], list[str]]:
        """Restart only what other orders change; the ids restarted, and those removed."""
        (old_box, old), (box, orders) = before, after
        removed = [name for name in self._workers if name not in orders]
        changed = [name for name, one in orders.items() if name in old and one != old[name]]
        _end([self._workers.pop(name) for name in (*removed, *changed)], time.monotonic() + _WORKERS_S)
        for name, one in orders.items():
            if name in self._workers:
                self._workers[name].tell(one.new_set_up())
                self._workers[name].set_arguments((one,))
            else:
                self._workers[name] = child_of(one, self._log)
        self._workers = {name: self._workers[name] for name in orders}
        if box.settings.upstream != old_box.settings.upstream or box.site != old_box.site:
            if self._courier is not None:
                _end([self._courier], time.monotonic() + DRAIN_S + 1.0)
            self._courier = self._courier_of(box)
        if box.settings.console != old_box.settings.console or box.site != old_box.site:
            if self._console is not None:
                _end([self._console], time.monotonic() + _WORKERS_S)
            self._console = self._console_of(box)
        return changed, removed

    def end(self, begun: float) -> None:
        """End all, cameras first, so that what they recorded last is drawn and delivered.

        Args:
            begun: when the stop began, as the monotonic clock has it.
        """
        if self._console is not None:
            self._console.terminate()  # its pages end while cameras finish
        _end(list(self._workers.values()), begun + _WORKERS_S)
        # it finishes what is quickly done; what it leaves, the next start takes up
        self._evidence.terminate()
        if not self._evidence.finish(max(begun + _WORKERS_S, time.monotonic() + _EVIDENCE_S)):
            _log.info("some evidence is not drawn yet; the next start draws it")
        if self._console is not None:
            _end([self._console], begun + _WORKERS_S + 0.5)
        if self._courier is not None:
            _end([self._courier], time.monotonic() + DRAIN_S + 0.2)

    def _report_death(self, name: str, death: Death) -> None:
        self._deaths[name] = messages.WORKER_ENDED(why=death.reason) if death.reason.startswith("by ") else death.reason
        if death.repeated:
            text = messages.ENDS_REPEATEDLY(why=death.reason)
            _log.error("%s: %s", name, text)
            self._announce(name, "worker_dies", text)

    def _helpers(self) -> list[Child]:
        return [child for child in (self._evidence, self._courier, self._console) if child is not None]

    def _courier_of(self, box: Box) -> Child | None:
        upstream = box.settings.upstream
        if upstream is None or not (upstream.all_targets() or upstream.evidence):
            return None
        return Child("courier", courier_main, (CourierSpec(box.site, upstream, box.path, self._state),), self._log)

    def _console_of(self, box: Box) -> Child | None:
        if box.settings.console is None or self._console_main is None:
            return None
        return Child("console", self._console_main, (box.path,), self._log)


def _end(children: list[Child], until: float) -> None:
    for child in children:
        child.terminate()
    for child in children:
        if not child.finish(until):
            _log.error("%s did not end in time and was killed", child.name)


def may_start(children: Iterable[Child], cores: int) -> bool:
    """Whether one more may start now: half of the cores are left to the cameras that watch already."""
    return sum(child.is_starting for child in children) < max(1, cores // 2)
