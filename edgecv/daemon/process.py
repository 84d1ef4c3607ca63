"""What every child process of the daemon does first."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import multiprocessing
import os
import pickle
import resource
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType

_PR_SET_PDEATHSIG = 1
_AT_THE_START = 10  # nice; less of a share than this and a box that is always late would never see its camera again


def run_child(work: bytes, pipe: Connection) -> None:
    """Entry of every child: learn what to do, which imports all that it needs, and do it.

    Imports take two seconds of a core. A thread that yields to the cameras which watch already does them; the process
    itself yields to nobody.

    Args:
        work: pickled ``(target, arguments before the pipe, arguments after it)``.
        pipe: to the supervisor.
    """
    # the supervisor's signal alone: sent to the whole group it must end nobody. Held back until here, see Child
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})
    with ThreadPoolExecutor(1, "importer", initializer=yield_to_cameras, initargs=(_AT_THE_START,)) as importer:
        target, arguments, rest = importer.submit(pickle.loads, work).result()
    target(*arguments, pipe, *rest)


def begin_child(memory_mb: int | None = None, *, name: str | None = None) -> threading.Event:
    """Die with the supervisor, leave Ctrl-C and SIGHUP to it, and return an event that SIGTERM sets.

    Args:
        memory_mb: what the supervisor allows; a process that runs past it faster than it is watched finds no more.
        name: what ``top`` and ``ps -o comm`` call the process, cut to fifteen bytes.
    """
    if name is not None:
        Path("/proc/self/comm").write_bytes(name.encode()[:15])
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    parent = multiprocessing.parent_process()
    if parent is not None and os.getppid() != parent.pid:  # the supervisor was gone before we could ask
        os._exit(1)
    if memory_mb is not None:
        most = (2 * memory_mb + 1024) * 2**20
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    stop = threading.Event()

    def on_term(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, on_term)
    gc.freeze()  # what was imported stays: neither a full collection nor the end of the process need look at it again
    return stop


def yield_to_cameras(nice: int = 10) -> None:
    """Run only where the cameras' workers leave room, in long turns: this thread, and those that it starts.

    Args:
        nice: by how much less it matters than it does now; 19 is as little as can be.
    """
    with contextlib.suppress(OSError):  # forbidden in some containers; nobody depends on it
        os.nice(nice)
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def give_back_memory() -> None:
    """Let the system have what was freed: pictures of evidence need 100 MB once, and glibc keeps that for ever."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:  # other C libraries give it back by themselves
        trim(0)
