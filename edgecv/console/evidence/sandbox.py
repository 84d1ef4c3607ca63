"""What others sent is decoded in a process of its own, one at a time, that sees one bundle and ends in its time."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import Any

from edgecv.console.evidence.landlock import landlock_version

_log = logging.getLogger("edgecv.console")
_COMMAND = (sys.executable, "-B", "-m", "edgecv.console.evidence.sandbox_job")
_KEPT_VARIABLES = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG", "TZ")
"""No other variable, and so no secret, is handed on."""
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
_ANSWER_BYTES = 32 * 1024 * 1024
"""A JPEG of 36 million pixels has 20 MB."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a job may use.

    Attributes:
        memory_bytes: address space; the code itself takes 0.6 GiB of it.
        processor_s: processor time.
        longest_s: by the clock.
    """

    memory_bytes: int
    processor_s: int
    longest_s: float


PICTURE = Limits(2 * 1024**3, 60, 120.0)
"""Decoding 36 million pixels and blurring them takes 1 GiB and some seconds; of a 4K clip, half a minute."""
REPLAY = Limits(3 * 1024**3, 1200, 1800.0)
"""The clip is decoded three times; half a minute of 4K takes five minutes of a slow core."""


class SandboxFailure(Enum):
    """Why a job gave no answer, in plain words that follow "the job"; what pages say of it is in the registry."""

    QUEUE_FULL = "was left out, for too many wait already"
    STOPPING = "was left out, for the console is being stopped"
    TIMED_OUT = "took too long and was ended"
    NOT_STARTED = "cannot be started; the log has more"
    DAMAGED = "failed: the files are damaged, or need more memory than it may have"


class SandboxError(Exception):
    """A job gave no answer.

    Attributes:
        failure: why.
    """

    def __init__(self, failure: SandboxFailure) -> None:
        super().__init__(failure.value)
        self.failure = failure

    @property
    def is_busy(self) -> bool:
        """Whether the job was not even tried."""
        return self.failure in {SandboxFailure.QUEUE_FULL, SandboxFailure.STOPPING}


class Sandbox:
    """Runs jobs, one after the other; may be used from any thread.

    Args:
        limits: of each job.
        waiting: how many may wait at most.
    """

    def __init__(self, limits: Limits, waiting: int) -> None:
        self._limits = limits
        self._places = threading.BoundedSemaphore(waiting + 1)
        self._turn = threading.Lock()
        self._state = threading.Lock()
        self._running: subprocess.Popen[bytes] | None = None
        self._closed = False
        if landlock_version() == 0:
            _log.warning(
                "this kernel has no Landlock: evidence is decoded with limits of memory and time, but by a process "
                "that may read what the console may"
            )

    def run(self, request: Mapping[str, Any]) -> bytes:
        """The answer to a request of :mod:`edgecv.console.evidence.sandbox_tasks`.

        Raises:
            SandboxError: there is none.
        """
        if not self._places.acquire(blocking=False):
            raise SandboxError(SandboxFailure.QUEUE_FULL)
        try:
            with self._turn:
                return self._run(json.dumps(request).encode())
        finally:
            self._places.release()

    def close(self) -> None:
        """End what runs, and begin nothing more."""
        with self._state:
            self._closed = True
            if self._running is not None:
                _kill(self._running)

    def _run(self, request: bytes) -> bytes:
        limits = self._limits
        command = [*_COMMAND, "--memory", str(limits.memory_bytes), "--seconds", str(limits.processor_s)]
        environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ} | _ONE_THREAD
        with tempfile.TemporaryFile() as answer:
            try:
                with self._state:
                    if self._closed:
                        raise SandboxError(SandboxFailure.STOPPING)
                    self._running = process = subprocess.Popen(
                        [*command, "--output", str(_ANSWER_BYTES)],
                        stdin=subprocess.PIPE,
                        stdout=answer,
                        stderr=subprocess.DEVNULL,
                        env=environment,
                        start_new_session=True,
                    )
                process.communicate(request, timeout=limits.longest_s)
            except subprocess.TimeoutExpired:
                _kill(process)
                process.communicate()
                raise SandboxError(SandboxFailure.TIMED_OUT) from None
            except OSError as error:
                _log.warning("a process that decodes evidence cannot be started: %s", error)
                raise SandboxError(SandboxFailure.NOT_STARTED) from error
            finally:
                with self._state:
                    self._running = None
            if process.returncode in {-signal.SIGXCPU, -signal.SIGKILL}:
                raise SandboxError(SandboxFailure.TIMED_OUT)
            if process.returncode != 0:
                raise SandboxError(SandboxFailure.DAMAGED)
            answer.seek(0)
            return answer.read()


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
