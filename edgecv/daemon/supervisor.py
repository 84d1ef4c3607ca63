"""The daemon's first process: starts a worker for each camera and device and their helpers, and keeps them running.

It decodes nothing and sends nothing itself, so that nothing a camera or a broker does can stop it.
"""

from __future__ import annotations

import logging
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import wait
from pathlib import Path
from types import FrameType

from edgecv._version import __version__
from edgecv.config import load_box
from edgecv.config.box import BOX
from edgecv.config.known_secrets import register_secret
from edgecv.config.secrets import read_secret
from edgecv.config.state import state_directory
from edgecv.daemon.box_processes import BoxProcesses
from edgecv.daemon.health import BoxHealth
from edgecv.daemon.housekeeping import Housekeeping, prepare_state
from edgecv.daemon.instance_lock import take_state
from edgecv.daemon.logs import LogForm, configure_logging
from edgecv.daemon.metrics_server import make_app, metrics_server
from edgecv.daemon.process_specs import all_orders
from edgecv.daemon.state_publisher import StatePublisher
from edgecv.daemon.systemd_notify import Notifier
from edgecv.errors import ConfigError, EdgecvError
from edgecv.messages import box as box_messages
from edgecv.serving import WebServer
from edgecv.storage.damaged_database import is_damage
from edgecv.storage.incident_store import INCIDENTS

_log = logging.getLogger("edgecv.supervisor")
_TICK_S = 0.25
_FULL_DISK_S = 600.0
"""How long the end of recorded files waits for a disk that is full."""


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
        self._until_finished = until_finished
        self._rehearsal = rehearsal
        self._state = state_directory(self._box).absolute()
        self._notifier = Notifier.from_environment()
        self._specs = all_orders(self._box, self._state, rehearsal=rehearsal)
        self._processes = BoxProcesses(self._state, (log_form, level), console, self._announce)
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
            self._processes.begin(self._box, self._specs)
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
        if not self._processes.finished(self._box.camera_ids):
            self._sealed_by = time.monotonic() + _FULL_DISK_S
            return False
        try:
            is_sealed = not self._states.unsealed()
        except (sqlite3.Error, OSError, EdgecvError):
            is_sealed = False
        return is_sealed or time.monotonic() > self._sealed_by

    def _step(self) -> None:
        processes = self._processes.all()
        waiting: list[object] = [process.pipe for process in processes if process.pipe is not None]
        waiting += [process.sentinel for process in processes if process.sentinel is not None]
        if waiting:
            wait(waiting, timeout=_TICK_S)  # type: ignore[arg-type]
        else:
            time.sleep(_TICK_S)
        self._processes.step()
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
        everyone = self._processes.worker_health()
        cameras = tuple(health for name, health in everyone.items() if name not in self._box.settings.devices)
        devices = tuple(health for name, health in everyone.items() if name in self._box.settings.devices)
        housekeeping, drawn = self._housekeeping, self._processes.evidence_status()
        problems = [problem for problem in (housekeeping.problem, drawn.problem) if problem is not None]
        unsaved = sum(camera.beat.gauges.get("unsaved_records", 0.0) for camera in cameras if camera.beat is not None)
        if unsaved:
            problems.append(box_messages.RECORDS_IN_MEMORY(count=round(unsaved)))
        return BoxHealth(
            site=self._box.site,
            version=__version__,
            cameras=cameras,
            devices=devices,
            targets=self._processes.target_status(),
            depths=housekeeping.depths,
            totals=housekeeping.totals,
            disk=housekeeping.disk,
            unsealed=drawn.waiting,
            problems=tuple(problems),
            ready=bool(everyone) and all(health.settled for health in everyone.values()),
            alive=self._processes.alive(),
        )

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
        changed, removed = self._processes.change((self._box, self._specs), (box, specs))
        if box.settings.service != self._box.settings.service:
            _log.warning("changes of the section service take effect with the next start")
        self._box, self._specs = box, specs
        self._states.site = box.site
        _log.info("reloaded: %s restarted, %s removed", ", ".join(changed) or "none", ", ".join(removed) or "none")
        self._notifier.ready(self.health().line())

    def _shut_down(self) -> None:
        self._notifier.stopping("finishing evidence")
        begun = time.monotonic()
        self._processes.end(begun)
        self._housekeeping.stop()
        self._web.stop()
        self._states.close()
        _log.info("stopped in %.1f s", time.monotonic() - begun)

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
