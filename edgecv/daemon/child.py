"""One child process: started, monitored, killed when it hangs or needs too much memory, restarted after a pause."""

from __future__ import annotations

import logging
import multiprocessing
import os
import pickle
import signal
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any

from edgecv.daemon.backoff import Backoff
from edgecv.daemon.process import run_child
from edgecv.messages import Message
from edgecv.messages import camera as messages

_log = logging.getLogger("edgecv.supervisor")
_spawning = multiprocessing.get_context("spawn")
SILENT_S = 10.0
"""A child silent for so long hangs; for systemd's watchdog a heartbeat counts half as long."""
_STARTING_S = 120.0
"""Longest wait for the first heartbeat: interpreter and libraries on a busy box."""
_OTHERS_WAIT_S = 5.0
"""How long others wait to be started for a child's first heartbeat."""
_HEALTHY_S = 60.0
"""A child that ran for so long begins the pauses between restarts anew."""
_CRASH_LOOP_DEATHS, _CRASH_LOOP_S = 5, 600.0
"""A child that ended so often within this time is in a crash loop..."""
_CRASH_LOOP_PAUSE_S = 60.0
"""...and is restarted once a minute, which costs the others little."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0
"""Ceilings of the first and of the longest pause before a restart: a camera is blind meanwhile."""
_MIN_CPU_SHARE = 0.0005
"""Share of a core that a starved child still gets; beside three cameras that take all of it nice 19 gets 0.004."""
_MAX_CPU_SHARE = 0.5
"""Share of the longest silence: 60 s of a core for one picture of evidence, which takes two, is an endless loop."""
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Death:
    """A child ended when it should not have; ``repeated`` where it does so again and again."""

    reason: str
    repeated: bool


class Child:
    """A process that the supervisor keeps running.

    Args:
        name: for logs and metrics.
        target: run in the new process with ``arguments`` and a pipe to here.
        arguments: of ``target``, before the pipe; ``rest`` after it.
        memory_mb: resident memory it may use, or None.
        ends: whether it may end by itself, with exit code 0.
        silent_s: it hangs when it was silent for so long; half of that is still a sign of life.
        starved_s: where others may take its processor for long: it may be silent for so long while it uses a little
            of one. Who uses none waits for something that does not come, who uses much of one turns in a circle.
    """

    def __init__(
        self,
        name: str,
        target: Callable[..., None],
        arguments: tuple[Any, ...],
        rest: tuple[Any, ...] = (),
        memory_mb: int | None = None,
        *,
        ends: bool = False,
        silent_s: float = SILENT_S,
        starved_s: float | None = None,
    ) -> None:
        self.name = name
        self.beat: Any = None
        self.restarts = 0
        self.finished = False
        self._target = target
        self._arguments = arguments
        self._rest = rest
        self._memory_mb = memory_mb
        self._ends = ends
        self._silent_s = silent_s
        self._starved_s = silent_s if starved_s is None else starved_s
        self._cpu_s = 0.0  # processor time at the last sign of life
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None
        self._started = self._last_beat = 0.0
        self._has_beaten = False
        self._backoff = Backoff(_FIRST_PAUSE_S, _LONGEST_PAUSE_S)
        self._deaths: deque[float] = deque(maxlen=_CRASH_LOOP_DEATHS)
        self._retry = 0.0
        self._kill_reason: str | None = None
        self._crash_loop_reported = False

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        return self._process.pid if self._process is not None and self._process.is_alive() else None

    @property
    def pipe(self) -> Connection | None:
        """Where its heartbeats come from."""
        return self._pipe

    @property
    def sentinel(self) -> int | None:
        """Ready when it has ended."""
        return None if self._process is None else self._process.sentinel

    def is_fresh(self) -> bool:
        """Whether it gives a sign of life, or is paused or starting and none is due."""
        if self._process is None or self.finished:
            return True
        age_s = time.monotonic() - self._last_beat
        return age_s < (self._starved_s / 2.0 if self._has_beaten else _STARTING_S)

    @property
    def is_starting(self) -> bool:
        """Whether it has given no sign of life yet, and others had better wait: what it imports takes a core."""
        is_new = self._process is not None and not self._has_beaten
        return is_new and time.monotonic() - self._started < _OTHERS_WAIT_S

    def step(self, *, may_start: bool = True) -> Death | None:
        """Start it when its time has come, take its heartbeats, kill it when it hangs or has grown too large.

        Args:
            may_start: whether its time may come now.
        """
        now = time.monotonic()
        if self.finished:
            return None
        if self._process is None:
            if may_start and now >= self._retry:
                self._start()
            return None
        self.listen()
        if not self._process.is_alive():
            return self._ended()
        if self._has_beaten and now - self._started > _HEALTHY_S:
            self._backoff.reset()
            self._crash_loop_reported = False
        silent_s = now - self._last_beat
        if silent_s > (self._silent_s if self._has_beaten else _STARTING_S) and not self._is_starved(silent_s):
            self._kill(messages.NO_SIGN_OF_LIFE(time=silent_s))
        elif self._memory_mb is not None and self.memory_bytes() > self._memory_mb * 2**20:
            self._kill(messages.TOO_MUCH_MEMORY(most=self._memory_mb))
        return None

    def listen(self) -> None:
        """Take the heartbeats that have come."""
        try:
            while self._pipe is not None and self._pipe.poll():
                self.beat = self._pipe.recv()
                self._last_beat = time.monotonic()
                self._has_beaten = True
                if self._starved_s > self._silent_s:
                    self._cpu_s = self._cpu_time_s()
        except (OSError, EOFError):
            pass  # it is ending; its sentinel tells

    def memory_bytes(self) -> int:
        """Its resident memory; 0 where it does not run."""
        try:
            with open(f"/proc/{self.pid}/statm", encoding="ascii") as file:  # noqa: PTH123 - ten times a second
                return int(file.read().split()[1]) * _PAGE
        except (OSError, ValueError, IndexError):
            return 0

    def _cpu_time_s(self) -> float:
        """Processor time of all its threads so far, seconds; 0 where it does not run."""
        try:
            with open(f"/proc/{self.pid}/stat", encoding="utf-8", errors="replace") as file:  # noqa: PTH123
                fields = file.read().rpartition(")")[2].split()  # the name before may hold anything
            return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S
        except (OSError, ValueError, IndexError):
            return 0.0

    def _is_starved(self, silent_s: float) -> bool:
        if not self._has_beaten or silent_s > self._starved_s or self._starved_s <= self._silent_s:
            return False
        used_s = self._cpu_time_s() - self._cpu_s
        return _MIN_CPU_SHARE * silent_s < used_s < _MAX_CPU_SHARE * self._silent_s

    def tell(self, message: Any) -> None:
        """Send it a message; lost where it is not running, which is then told anew by its arguments."""
        try:
            if self._pipe is not None:
                self._pipe.send(message)
        except (OSError, ValueError):
            pass

    def set_arguments(self, arguments: tuple[Any, ...]) -> None:
        """What it is given when it is started next."""
        self._arguments = arguments

    def terminate(self) -> None:
        """Ask it to end."""
        if self._process is not None and self._process.is_alive():
            self._process.terminate()

    def finish(self, until: float) -> bool:
        """Wait for its end until a monotonic time, then kill it; whether it ended by itself."""
        process = self._process
        if process is None:
            return True
        while process.is_alive() and time.monotonic() < until:
            self.listen()
            process.join(0.05)
        graceful = not process.is_alive()
        if not graceful:
            process.kill()
            process.join(2.0)
        self.listen()
        self._forget()
        return graceful

    def _start(self) -> None:
        here, there = _spawning.Pipe(duplex=True)
        work = pickle.dumps((self._target, self._arguments, self._rest))
        process = _spawning.Process(target=run_child, args=(work, there), name=self.name, daemon=False)
        # the new interpreter inherits the mask, and would die of a SIGHUP before it could ignore it
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
        try:
            process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        there.close()
        self._process, self._pipe = process, here
        self._started = self._last_beat = time.monotonic()
        self._has_beaten, self._kill_reason = False, None

    def _kill(self, reason: str) -> None:
        assert self._process is not None
        self._kill_reason = reason
        _log.error("%s %s; killing and restarting it", self.name, reason)
        self._process.kill()
        self._process.join(2.0)

    def _ended(self) -> Death | None:
        assert self._process is not None
        code = self._process.exitcode
        self.listen()
        self._forget()
        if code == 0 and self._ends:
            self.finished = True
            return None
        reason = self._kill_reason or _ending(code)
        self._deaths.append(time.monotonic())
        often = len(self._deaths) == _CRASH_LOOP_DEATHS and self._deaths[-1] - self._deaths[0] < _CRASH_LOOP_S
        pause_s = _CRASH_LOOP_PAUSE_S if often else self._backoff.next_s()
        self._retry = time.monotonic() + pause_s
        self.restarts += 1
        self.beat = None
        _log.error("%s ended: %s; restarting it in %.1f s", self.name, reason, pause_s)
        newly = often and not self._crash_loop_reported
        self._crash_loop_reported = often
        return Death(reason, newly)

    def _forget(self) -> None:
        if self._pipe is not None:
            self._pipe.close()
        if self._process is not None and not self._process.is_alive():
            self._process.close()
        self._process = self._pipe = None


def _ending(code: int | None) -> Message:
    if code is not None and code < 0:
        try:
            return messages.BY_SIGNAL(signal=signal.Signals(-code).name)
        except ValueError:
            return messages.BY_SIGNAL(signal=str(-code))
    return messages.WITH_EXIT_CODE(exit_code=-1 if code is None else code)
