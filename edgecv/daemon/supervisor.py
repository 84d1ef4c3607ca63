"""The daemon's first process: starts a worker for each camera and device and their helpers, and keeps them running.

It decodes nothing and sends nothing itself, so that nothing a camera or a broker does can stop it.
"""

from __future__ import annotations

import logging
import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import wait
from pathlib import Path
from types import FrameType

from edgecv._version import __version__
from edgecv.config import Box, load_box
from edgecv.config.box import BOX
from edgecv.config.known_secrets import register_secret
from edgecv.config.secrets import read_secret
from edgecv.config.state import state_directory
from edgecv.daemon.child import Child, Death
from edgecv.daemon.delivery_worker import DRAIN_S, CourierBeat, CourierSpec, courier_main
from edgecv.daemon.evidence_worker import EvidenceHeartbeat, evidence_child
from edgecv.daemon.health import BoxHealth, CameraHealth
from edgecv.daemon.housekeeping import Housekeeping, prepare_state
from edgecv.daemon.instance_lock import take_state
from edgecv.daemon.logs import LogForm, configure_logging
from edgecv.daemon.metrics_server import make_app, metrics_server
from edgecv.daemon.process_specs import all_orders, child_of
from edgecv.daemon.state_publisher import StatePublisher
from edgecv.daemon.systemd_notify import Notifier
from edgecv.daemon.worker_messages import Heartbeat
from edgecv.errors import ConfigError, EdgecvError
from edgecv.messages import box as box_messages
from edgecv.messages import camera as messages
from edgecv.serving import WebServer
from edgecv.storage.damaged_database import is_damage
from edgecv.storage.incident_store import INCIDENTS

_log = logging.getLogger("edgecv.supervisor")
_TICK_S = 0.25
_WORKERS_S = 6.0
"""Of the ten seconds that a stop may take, what workers get..."""
_EVIDENCE_S = 0.5
"""...and what the evidence process gets after them at least."""
_FULL_DISK_S = 600.0
"""How long the end of recorded files waits for a disk that is full."""


_ENDS = {"evidence": messages.EVIDENCE_ENDS, "courier": messages.COURIER_ENDS, "console": messages.CONSOLE_ENDS}


class Supervisor:
    """Runs a box.

    Args:
        box_file: the box file.
        log_form: how logs are written.
        level: least level of logs.
        until_finished: end when every camera is a recorded file that is over.
        console: entry of the console's process, given the box file; where the box file has such a section.
        rehearsal: devices' traffic is a replay that tells its own time.

    Raises:
        ConfigError: the box file is wrong, the state directory cannot be used, or another daemon uses it.
    """

    def __init__(
        self,
        box_file: Path,
        log_form: LogForm = "auto",
        level: str = "info",
        *,
        until_finished: bool = False,
        console: Callable[..., None] | None = None,
        rehearsal: bool = False,
    ) -> None:
        self._box = load_box(box_file)
        self._log = (log_form, level)
        self._until_finished = until_finished
        self._rehearsal = rehearsal
        self._state = state_directory(self._box).absolute()
        self._notifier = Notifier.from_environment()
        self._specs = all_orders(self._box, self._state, rehearsal=rehearsal)
        self._cores = len(os.sched_getaffinity(0))
        self._children: dict[str, Child] = {}
        self._deaths: dict[str, str] = {}
        self._evidence = evidence_child(self._state, self._log)
        self._courier: Child | None = None
        self._console: Child | None = None
        self._console_main = console
        self._ready = False
        self._unstored: str | None = None
        self._code = 0
        self._stop = self._reload = False
        self._next_watchdog = self._next_status = self._sealed_by = 0.0
        configure_logging(log_form, level, context={"worker": "supervisor"})
        self._lock = take_state(self._state)
        damages: list[str] = []
        key = prepare_state(self._state, damages.append)
        self._housekeeping = Housekeeping(lambda: self._box, self._state, key)
        self._states = StatePublisher(self._state, self._box.site)
        for damage in damages:
            self._announce(BOX, "database_damaged", damage)
        self._web = self._make_web()

    def run(self) -> int:
        """Run until told to stop; the exit code."""
        with self._signals():
            _log.info("edgecv %s watches %s of %s", __version__, ", ".join(self._specs), self._box.site)
            for spec in self._specs.values():
                self._children[spec.id] = child_of(spec, self._log)
            self._courier = self._courier_of(self._box)
            self._console = self._console_of(self._box)
            self._housekeeping.start()
            self._web.start()
            _log.info("health and metrics on port %d", self._web.port)
            while not self._stop:
                self._step()
                if self._until_finished and self._is_over():
                    break
                if self._reload:
                    self._reload = False
                    self._do_reload()
            self._shut_down()
        return self._code

    def _is_over(self) -> bool:
        """Whether every camera's file is over and all they gave is sealed, or the disk has not taken it for long."""
        if not all(self._children[name].finished for name in self._box.camera_ids):
            self._sealed_by = time.monotonic() + _FULL_DISK_S
            return False
        try:
            is_sealed = not self._states.unsealed()
        except (sqlite3.Error, OSError, EdgecvError):
            is_sealed = False
        return is_sealed or time.monotonic() > self._sealed_by

    def _step(self) -> None:
        waiting: list[object] = [c.pipe for c in self._all_children() if c.pipe is not None]
        waiting += [c.sentinel for c in self._all_children() if c.sentinel is not None]
        if waiting:
            wait(waiting, timeout=_TICK_S)  # type: ignore[arg-type]
        else:
            time.sleep(_TICK_S)
        for name, child in self._children.items():
            death = child.step(may_start=may_start(self._children.values(), self._cores))
            if death is not None:
                self._report_death(name, death)
            elif child.beat is not None:
                self._deaths.pop(name, None)
        for helper in self._helpers():
            death = helper.step()
            if death is not None and death.repeated:
                self._announce(BOX, f"{helper.name}_dies", _ENDS[helper.name](why=death.reason))
        self._report()

    def _report(self) -> None:
        """Tell systemd and the upstream how things are."""
        now = time.monotonic()
        health = self.health()
        if not self._ready and health.ready:
            self._ready = True
            _log.info("ready: %s", health.line())
            self._notifier.ready(health.line())
        interval_s = self._notifier.watchdog_interval_s
        if interval_s is not None and now >= self._next_watchdog and health.alive:
            self._next_watchdog = now + min(interval_s, 5.0)
            self._notifier.watchdog()
        if now >= self._next_status:
            self._next_status = now + 1.0
            self._notifier.status(health.line())
            try:
                self._states.update(health)
                self._unstored = None
            except (sqlite3.Error, OSError, EdgecvError) as error:
                if str(error) != self._unstored:  # a full disk would be told every second
                    _log.error("states cannot be stored: %s", error)
                self._unstored = str(error)
                if is_damage(error):
                    _log.error("the database is damaged; the next start sets it aside and begins a new one")
                    self._stop, self._code = True, 1

    def health(self) -> BoxHealth:
        """How the box is now."""
        everyone = {
            name: CameraHealth(
                name,
                child.beat if isinstance(child.beat, Heartbeat) else None,
                self._deaths.get(name),
                child.restarts,
                child.memory_bytes(),
                child.finished,
            )
            for name, child in list(self._children.items())
        }
        cameras = tuple(health for name, health in everyone.items() if name not in self._box.settings.devices)
        devices = tuple(health for name, health in everyone.items() if name in self._box.settings.devices)
        courier = self._courier
        beat = None if courier is None else courier.beat
        housekeeping = self._housekeeping
        drawn = (
            self._evidence.beat if isinstance(self._evidence.beat, EvidenceHeartbeat) else EvidenceHeartbeat(0, None)
        )
        problems = [problem for problem in (housekeeping.problem, drawn.problem) if problem is not None]
        unsaved = sum(camera.beat.gauges.get("unsaved_records", 0.0) for camera in cameras if camera.beat is not None)
        if unsaved:
            problems.append(box_messages.RECORDS_IN_MEMORY(count=round(unsaved)))
        return BoxHealth(
            site=self._box.site,
            version=__version__,
            cameras=cameras,
            devices=devices,
            targets=beat.targets if isinstance(beat, CourierBeat) else {},
            depths=housekeeping.depths,
            totals=housekeeping.totals,
            disk=housekeeping.disk,
            unsealed=drawn.waiting,
            problems=tuple(problems),
            ready=bool(everyone) and all(health.settled for health in everyone.values()),
            alive=all(child.is_fresh() for child in self._all_children()),
        )

    def _report_death(self, name: str, death: Death) -> None:
        self._deaths[name] = messages.WORKER_ENDED(why=death.reason) if death.reason.startswith("by ") else death.reason
        if death.repeated:
            text = messages.ENDS_REPEATEDLY(why=death.reason)
            _log.error("%s: %s", name, text)
            self._announce(name, "worker_dies", text)

    def _announce(self, device: str, kind: str, text: str) -> None:
        """Send an event upstream; a disk that takes none costs the event alone."""
        try:
            self._states.send_event(device, kind, text)
        except (sqlite3.Error, OSError, EdgecvError) as error:
            _log.error("the event %s of %s cannot be stored: %s", kind, device, error)

    def _do_reload(self) -> None:
        """Read the box file anew; restart only what it changes. A file that is wrong changes nothing."""
        self._notifier.reloading("reading the box file")
        try:
            box = load_box(self._box.path)
            if state_directory(box).absolute() != self._state:
                raise ConfigError(f"{box.path}: storage.directory changed; restart edgecv for that")
            specs = all_orders(box, self._state, rehearsal=self._rehearsal)
        except EdgecvError as error:
            for line in str(error).splitlines():
                _log.error("not reloaded: %s", line)
            self._notifier.ready(f"not reloaded: {error}")
            return
        removed = [name for name in self._children if name not in specs]
        changed = [n for n, s in specs.items() if n in self._specs and s != self._specs[n]]
        self._end([self._children.pop(name) for name in (*removed, *changed)], time.monotonic() + _WORKERS_S)
        for name, spec in specs.items():
            if name in self._children:
                self._children[name].tell(spec.new_set_up())
                self._children[name].set_arguments((spec,))
            else:
                self._children[name] = child_of(spec, self._log)
        self._children = {name: self._children[name] for name in specs}
        if box.settings.upstream != self._box.settings.upstream or box.site != self._box.site:
            if self._courier is not None:
                self._end([self._courier], time.monotonic() + DRAIN_S + 1.0)
            self._courier = self._courier_of(box)
        if box.settings.console != self._box.settings.console or box.site != self._box.site:
            if self._console is not None:
                self._end([self._console], time.monotonic() + _WORKERS_S)
            self._console = self._console_of(box)
        if box.settings.service != self._box.settings.service:
            _log.warning("changes of the section service take effect with the next start")
        self._box, self._specs = box, specs
        self._states.site = box.site
        _log.info("reloaded: %s restarted, %s removed", ", ".join(changed) or "none", ", ".join(removed) or "none")
        self._notifier.ready(self.health().line())

    def _shut_down(self) -> None:
        self._notifier.stopping("finishing evidence")
        begun = time.monotonic()
        if self._console is not None:
            self._console.terminate()  # its pages end while cameras finish
        self._end(list(self._children.values()), begun + _WORKERS_S)
        # it finishes what is quickly done; what it leaves, the next start takes up
        self._evidence.terminate()
        if not self._evidence.finish(max(begun + _WORKERS_S, time.monotonic() + _EVIDENCE_S)):
            _log.info("some evidence is not drawn yet; the next start draws it")
        if self._console is not None:
            self._end([self._console], begun + _WORKERS_S + 0.5)
        if self._courier is not None:
            self._end([self._courier], time.monotonic() + DRAIN_S + 0.2)
        self._housekeeping.stop()
        self._web.stop()
        self._states.close()
        _log.info("stopped in %.1f s", time.monotonic() - begun)

    @staticmethod
    def _end(children: list[Child], until: float) -> None:
        for child in children:
            child.terminate()
        for child in children:
            if not child.finish(until):
                _log.error("%s did not end in time and was killed", child.name)

    def _helpers(self) -> list[Child]:
        return [child for child in (self._evidence, self._courier, self._console) if child is not None]

    def _all_children(self) -> list[Child]:
        return [*self._children.values(), *self._helpers()]

    def _courier_of(self, box: Box) -> Child | None:
        upstream = box.settings.upstream
        if upstream is None or not (upstream.all_targets() or upstream.evidence):
            return None
        return Child("courier", courier_main, (CourierSpec(box.site, upstream, box.path, self._state),), self._log)

    def _console_of(self, box: Box) -> Child | None:
        if box.settings.console is None or self._console_main is None:
            return None
        return Child("console", self._console_main, (box.path,), self._log)

    def _make_web(self) -> WebServer:
        service = self._box.settings.service
        token = None
        if service.token_file is not None:
            token = read_secret(service.token_file, self._box.path, "service.token_file")
            register_secret(token)
        app = make_app(self.health, self._state / INCIDENTS, token, untouched=service.evidence == "untouched")
        return metrics_server(app, service.listen)

    @contextmanager
    def _signals(self) -> Iterator[None]:
        def on_stop(_number: int, _frame: FrameType | None) -> None:
            self._stop = True

        def on_reload(_number: int, _frame: FrameType | None) -> None:
            self._reload = True

        before = {number: signal.signal(number, on_stop) for number in (signal.SIGTERM, signal.SIGINT)}
        before[signal.SIGHUP] = signal.signal(signal.SIGHUP, on_reload)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def may_start(children: Iterable[Child], cores: int) -> bool:
    """Whether one more may start now: half of the cores are left to the cameras that watch already."""
    return sum(child.is_starting for child in children) < max(1, cores // 2)
