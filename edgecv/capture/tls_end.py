"""One end of a TLS connection that one thread reads while another one writes."""

from __future__ import annotations

import select
import socket
import ssl
import threading


class TlsEnd:
    """OpenSSL takes no two calls on one connection at once, and a reader that waits within one would keep writers out.

    So each call is short and under a lock, and waiting is done outside of it.

    Args:
        plain: connected.
        context: whom we trust.
        host: the name we connected to.

    Raises:
        OSError: the handshake fails, or takes too long.
    """

    def __init__(self, plain: socket.socket, context: ssl.SSLContext, host: str) -> None:
        self._secure = context.wrap_socket(plain, server_hostname=host)
        self._timeout_s = self._secure.gettimeout()
        self._secure.setblocking(False)
        self._lock = threading.Lock()

    def settimeout(self, timeout_s: float | None) -> None:
        """Longest wait of a call, seconds; None for any."""
        self._timeout_s = timeout_s

    def recv(self, most_bytes: int) -> bytes:
        """What came; nothing at the end."""
        while True:
            with self._lock:
                try:
                    return self._secure.recv(most_bytes)
                except ssl.SSLWantReadError:
                    is_reading = True
                except ssl.SSLWantWriteError:
                    is_reading = False
            self._wait(is_reading)

    def sendall(self, data: bytes) -> None:
        """Send everything."""
        while data:
            with self._lock:
                try:
                    data = data[self._secure.send(data) :]
                    continue
                except ssl.SSLWantReadError:
                    is_reading = True
                except ssl.SSLWantWriteError:
                    is_reading = False
            self._wait(is_reading)

    def shutdown(self, how: int) -> None:
        """End it, whatever waits."""
        self._secure.shutdown(how)

    def close(self) -> None:
        """Release it."""
        self._secure.close()

    def _wait(self, is_reading: bool) -> None:
        poll = select.poll()
        poll.register(self._secure, select.POLLIN if is_reading else select.POLLOUT)
        if not poll.poll(None if self._timeout_s is None else self._timeout_s * 1000.0):
            raise TimeoutError("the camera does not answer")

    def __enter__(self) -> TlsEnd:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
