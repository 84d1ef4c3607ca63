"""What the daemon says to systemd, over a real datagram socket."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecv.daemon.systemd_notify import Notifier


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    """A listening manager and its ``NOTIFY_SOCKET``."""
    name = str(tmp_path / "notify") if request.param == "path" else f"@edgecv-test-{uuid4().hex}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(name.replace("@", "\0", 1) if name.startswith("@") else name)
        listening.settimeout(5.0)
        yield listening, name


def heard(listening: socket.socket) -> list[str]:
    return listening.recv(65536).decode().split("\n")


def test_a_start_a_reload_and_a_stop_are_told_in_systemds_words(manager: tuple[socket.socket, str]) -> None:
    listening, name = manager
    notifier = Notifier.from_environment({"NOTIFY_SOCKET": name})
    before_us = time.monotonic_ns() // 1000
    notifier.ready("8 of 8 cameras")
    notifier.reloading("reading the box file")
    notifier.ready()
    notifier.stopping()
    assert heard(listening) == ["READY=1", "STATUS=8 of 8 cameras"]
    reload = heard(listening)
    assert (reload[0], reload[2]) == ("RELOADING=1", "STATUS=reading the box file")
    assert before_us <= int(reload[1].removeprefix("MONOTONIC_USEC=")) <= time.monotonic_ns() // 1000
    assert heard(listening) == ["READY=1"]
    assert heard(listening) == ["STOPPING=1"]


def test_a_status_cannot_smuggle_in_another_message(manager: tuple[socket.socket, str]) -> None:
    listening, name = manager
    notifier = Notifier.from_environment({"NOTIFY_SOCKET": name})
    notifier.status("camera north-1 is\nREADY=1\r\nnot here")
    assert heard(listening) == ["STATUS=camera north-1 is READY=1 not here"]


def test_the_watchdog_is_fed_twice_in_the_time_allowed(manager: tuple[socket.socket, str]) -> None:
    listening, name = manager
    known = {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}
    notifier = Notifier.from_environment(known)
    assert notifier.watchdog_interval_s == 15.0
    notifier.watchdog()
    assert heard(listening) == ["WATCHDOG=1"]


@pytest.mark.parametrize(
    "watchdog",
    [
        {},
        {"WATCHDOG_USEC": "0"},
        {"WATCHDOG_USEC": "soon"},
        {"WATCHDOG_USEC": "-5"},
        {"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"},
    ],
)
def test_no_watchdog_is_fed_that_nobody_asked_for(manager: tuple[socket.socket, str], watchdog: dict[str, str]) -> None:
    listening, name = manager
    notifier = Notifier.from_environment({"NOTIFY_SOCKET": name, **watchdog})
    notifier.watchdog()
    notifier.status("next")
    assert notifier.watchdog_interval_s is None
    assert heard(listening) == ["STATUS=next"]


def test_without_a_manager_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    monkeypatch.setenv("WATCHDOG_USEC", "30000000")
    notifier = Notifier.from_environment()
    assert notifier == Notifier(None, None)
    notifier.ready("nobody hears this")


def test_a_manager_that_is_gone_does_not_hurt(tmp_path: Path) -> None:
    Notifier.from_environment({"NOTIFY_SOCKET": str(tmp_path / "gone")}).ready()
    Notifier.from_environment({"NOTIFY_SOCKET": "/" + "long/" * 100}).ready()


def test_a_manager_that_does_not_listen_is_not_waited_for(manager: tuple[socket.socket, str]) -> None:
    listening, name = manager
    notifier = Notifier.from_environment({"NOTIFY_SOCKET": name})
    # more than a datagram queue holds (net.unix.max_dgram_qlen, a few hundred at most)
    started = time.monotonic()
    for number in range(3000):
        notifier.status(f"{number}")
    assert time.monotonic() - started < 5.0
    assert heard(listening) == ["STATUS=0"]


@given(st.dictionaries(st.sampled_from(["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]), st.text(max_size=200)))
def test_no_environment_makes_it_raise(environment: dict[str, str]) -> None:
    notifier = Notifier.from_environment(environment)
    assert notifier.watchdog_interval_s is None or notifier.watchdog_interval_s > 0
    if notifier.address is None or not notifier.address.startswith("/"):
        notifier.ready("any")
