"""What the daemon tells systemd: ready, how it is, that it is alive, that it reloads or stops (``sd_notify``)."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass

LONGEST_STATUS_CHARS = 400
"""``systemctl status`` shows one line; more than a few hundred characters nobody reads."""


@dataclass(frozen=True, slots=True)
class Notifier:
    """Sends notes to the service manager; does nothing where there is none, never raises and never waits.

    Each note is a datagram of its own, so a manager that restarted meanwhile gets the next one.

    Attributes:
        address: the manager's socket; a name that starts with a NUL is abstract. None where nobody listens.
        watchdog_interval_s: how often :meth:`watchdog` should be called: half of what the manager allows. None where
            it watches nothing.
    """

    address: str | None = None
    watchdog_interval_s: float | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Notifier:
        """Read ``NOTIFY_SOCKET``, ``WATCHDOG_USEC`` and ``WATCHDOG_PID``; what cannot be understood counts as unset."""
        variables = os.environ if environment is None else environment
        named = variables.get("NOTIFY_SOCKET", "")
        if not named.startswith(("/", "@")) or len(named) < 2:
            return cls()
        address = f"\0{named[1:]}" if named.startswith("@") else named
        return cls(address, _watchdog_interval_s(variables))

    def ready(self, status: str = "") -> None:
        """The daemon has started, or has reloaded."""
        self._send("READY=1", _status(status))

    def status(self, text: str) -> None:
        """One line for people, shown by ``systemctl status``."""
        self._send(_status(text))

    def watchdog(self) -> None:
        """The daemon is alive and does its work."""
        if self.watchdog_interval_s is not None:
            self._send("WATCHDOG=1")

    def reloading(self, status: str = "") -> None:
        """The daemon begins to reload; :meth:`ready` says that it has."""
        now_us = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._send("RELOADING=1", f"MONOTONIC_USEC={now_us}", _status(status))

    def stopping(self, status: str = "") -> None:
        """The daemon begins to stop."""
        self._send("STOPPING=1", _status(status))

    def _send(self, *assignments: str) -> None:
        text = "\n".join(line for line in assignments if line)
        if self.address is None or not text:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as manager:
                manager.setblocking(False)
                manager.sendto(text.encode("utf-8", "replace"), self.address)
        except (OSError, ValueError):
            # a manager that is gone or busy must not hurt the daemon; its watchdog notices if this goes on
            return


def _watchdog_interval_s(variables: Mapping[str, str]) -> float | None:
    microseconds, process = variables.get("WATCHDOG_USEC", ""), variables.get("WATCHDOG_PID", "")
    if not _is_count(microseconds) or int(microseconds) == 0:
        return None
    if process and process != str(os.getpid()):
        return None  # another process is watched
    return int(microseconds) / 2e6


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 20


def _status(text: str) -> str:
    """``STATUS=`` on one line: a line break would begin another assignment."""
    plain = " ".join(text.split())
    return f"STATUS={plain[:LONGEST_STATUS_CHARS]}" if plain else ""
