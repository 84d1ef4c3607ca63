"""An application served in a thread, with the limits of this room."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from edgecv.serving.limits import BACKLOG, GOODBYE_S, HANDSHAKE_S, HEAD_BYTES, KEEP_ALIVE_S, Limits
from edgecv.serving.listener import BoundedListener
from edgecv.serving.protocol import bounded_protocol


class WebServer:
    """Serves an application in a thread.

    Args:
        app: the application.
        listen: HOST:PORT; port 0 takes any.
        at: the key in the configuration that names it, for messages.
        limits: what clients may take.
        is_proxy: whether an address is that of a trusted proxy, from which all clients come.
        tls: ``ssl_certfile`` and ``ssl_keyfile`` where it speaks TLS.

    Raises:
        ConfigError: the address cannot be listened on.
    """

    def __init__(
        self,
        app: ASGIApp,
        listen: str,
        at: str,
        limits: Limits,
        *,
        is_proxy: Callable[[str], bool] = lambda _: False,
        tls: Mapping[str, Any] | None = None,
    ) -> None:
        self._socket = BoundedListener(listen, at, limits, is_proxy)
        self.port = self._socket.port
        config = uvicorn.Config(
            app,
            http=bounded_protocol(limits),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # ``forwarded`` believes fewer
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=1,
            h11_max_incomplete_event_size=HEAD_BYTES,
            **(tls or {}),
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)

    @property
    def alive(self) -> bool:
        """Whether it serves."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Serve."""
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Accept nothing more; running answers have a second."""
        self._server.should_exit = True

    def stop(self, wait_s: float = 2.0) -> None:
        """End, and wait for that so many seconds."""
        self.ask_to_stop()
        if self._thread.ident is not None:
            self._thread.join(wait_s)
        self._socket.close()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=_Loop) as runner:
            runner.run(self._server.serve(sockets=[self._socket]))


class _Loop(asyncio.SelectorEventLoop):
    """The event loop that does not wait a minute for a TLS handshake, as asyncio and uvicorn would."""

    async def create_server(self, *args: Any, **options: Any) -> Any:
        """Listen."""
        if options.get("ssl") is not None:
            options |= {"ssl_handshake_timeout": HANDSHAKE_S, "ssl_shutdown_timeout": GOODBYE_S}
        return await super().create_server(*args, **options)
