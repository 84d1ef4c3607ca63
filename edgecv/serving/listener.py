"""A listening socket that accepts no more connections than the limits allow, TLS handshakes included."""

from __future__ import annotations

import logging
import socket
from collections import Counter
from collections.abc import Callable
from typing import Any

from edgecv.errors import ConfigError
from edgecv.serving.limits import BACKLOG, Limits
from edgecv.serving.source import source_of
from edgecv.serving.throttled_log import ThrottledLog

_log = ThrottledLog(logging.getLogger("edgecv.web"))


class BoundedListener(socket.socket):
    """Closes at once what comes beyond the limits. For one event loop alone.

    Args:
        listen: HOST:PORT; port 0 takes any.
        at: the key in the configuration, for messages.
        limits: how many.
        is_exempt: whether an address may have more than its share: a proxy, from which all come.

    Raises:
        ConfigError: the address cannot be listened on.
    """

    def __init__(self, listen: str, at: str, limits: Limits, is_exempt: Callable[[str], bool]) -> None:
        host, _, port = listen.rpartition(":")
        host = host.strip("[]")
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            opened = socket.create_server((host, int(port)), family=family, backlog=BACKLOG)
        except OSError as error:
            raise ConfigError(
                f"{at} = {listen}: cannot be listened on ({error.strerror}); choose another port"
            ) from error
        super().__init__(fileno=opened.detach())
        self.port = int(self.getsockname()[1])
        self._limits = limits
        self._is_exempt = is_exempt
        self._held: Counter[str] = Counter()

    def accept(self) -> tuple[socket.socket, Any]:
        """The next connection.

        Raises:
            ConnectionAbortedError: it is one too many and was closed.
        """
        accepted, peer = super().accept()
        address = str(peer[0])
        source = source_of(address)
        if self._held.total() >= self._limits.connections:
            reason = f"{self._limits.connections} connections are open already"
        elif self._held[source] >= self._limits.per_address and not self._is_exempt(address):
            reason = f"{self._limits.per_address} connections of that address, or network of IPv6, are open already"
        else:
            self._held[source] += 1
            return _Accepted(accepted.detach(), lambda: self._release(source)), peer
        accepted.close()
        _log.warning("listener", "port %d: a connection from %s was closed at once: %s", self.port, address, reason)
        raise ConnectionAbortedError(reason)

    def _release(self, source: str) -> None:
        self._held[source] -= 1
        if self._held[source] <= 0:
            del self._held[source]


class _Accepted(socket.socket):
    """A connection that is counted until it is closed."""

    def __init__(self, fileno: int, on_close: Callable[[], None]) -> None:
        super().__init__(fileno=fileno)
        self._on_close: Callable[[], None] | None = on_close

    def close(self) -> None:
        """Close it; it counts no more."""
        super().close()
        if self._on_close is not None:
            self._on_close()
            self._on_close = None
