"""What was changed on a page reaches the daemon that the console runs under."""

from __future__ import annotations

import multiprocessing
import signal
from types import FrameType

from edgecv.console.console_process import _reload_supervisor


def test_a_change_makes_the_supervisor_read_the_box_file_anew() -> None:
    heard: list[int] = []

    def on_reload(number: int, _frame: FrameType | None) -> None:
        heard.append(number)

    before = signal.signal(signal.SIGHUP, on_reload)
    try:
        child = multiprocessing.get_context("spawn").Process(target=_reload_supervisor)
        child.start()
        child.join(120.0)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert child.exitcode == 0
    assert heard == [signal.SIGHUP]


def test_a_console_without_a_supervisor_signals_nobody() -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGHUP, lambda number, _frame: heard.append(number))
    try:
        _reload_supervisor()
    finally:
        signal.signal(signal.SIGHUP, before)
    assert heard == []
