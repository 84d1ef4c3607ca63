"""The console as a child of ``edgecv run``: a process of its own, so that no page can hold up a camera."""

from __future__ import annotations

import multiprocessing
import os
import signal
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from edgecv.config import load_box
from edgecv.config.known_secrets import register_secrets_of
from edgecv.console.server import ConsoleServer
from edgecv.daemon.logs import LogForm, configure_logging
from edgecv.daemon.process import begin_child

_BEAT_S = 1.0


@dataclass(frozen=True, slots=True)
class ConsoleHeartbeat:
    """The console is alive."""


def console_main(box_file: Path, pipe: Connection, log_form: LogForm, level: str) -> None:
    """Entry of the process; returns when told to stop."""
    stop = begin_child()
    configure_logging(log_form, level, context={"worker": "console"})
    box = load_box(box_file, with_calibrations=False)
    register_secrets_of(box.settings)
    server = ConsoleServer(box, _reload_supervisor)
    server.start()
    try:
        while server.alive and not stop.wait(_BEAT_S):
            pipe.send(ConsoleHeartbeat())
    except OSError:
        pass  # the supervisor is gone
    finally:
        server.stop()


def _reload_supervisor() -> None:
    """Ask the process that started this one to read the box file anew, as ``systemctl reload`` does."""
    parent = multiprocessing.parent_process()
    if parent is not None and parent.pid is not None and parent.pid == os.getppid():
        os.kill(parent.pid, signal.SIGHUP)
