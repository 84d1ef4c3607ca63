"""Who the couriers deliver to in these tests: a durable MQTT subscriber and a scripted web server, both real."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from waiting import SLOW_MACHINE_S, wait_for


@dataclass
class Reader:
    """A subscriber; where it is durable, the broker remembers its session and what came while it was away.

    A durable one gets messages with QoS 0: it then never writes to a broker that has just been killed, and so reads to
    the end what that broker had handed on before it acknowledged.
    """

    port: int
    durable: bool = False
    heard: list[mqtt.MQTTMessage] = field(default_factory=list)

    def __post_init__(self) -> None:
        client = mqtt.Client(CallbackAPIVersion.VERSION2, "reader" if self.durable else "", protocol=mqtt.MQTTv5)
        client.reconnect_delay_set(1, 1)
        self.subscribed = threading.Event()
        client.on_connect = lambda c, *_: c.subscribe("#", 0 if self.durable else 1)
        client.on_subscribe = lambda *_: self.subscribed.set()
        client.on_message = lambda _c, _u, message: self.heard.append(message)
        kept = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        kept.SessionExpiryInterval = 3600 if self.durable else 0
        client.connect("127.0.0.1", self.port, clean_start=not self.durable, properties=kept)
        client.loop_start()
        self._client = client
        assert self.subscribed.wait(SLOW_MACHINE_S)

    def ids(self, kind: str = "incident") -> list[str]:
        """Ids of the events of a kind, in the order they came."""
        return [json.loads(m.payload)["id"] for m in list(self.heard) if m.topic.endswith(f"/{kind}")]

    def wait_for(self, count: int) -> None:
        """Return when so many different incidents have come."""
        wait_for(lambda: len(set(self.ids())) >= count)

    def states(self, device: str = "box") -> list[dict[str, Any]]:
        """The states of a device, in the order they came."""
        return [json.loads(m.payload or b"{}") for m in list(self.heard) if m.topic.endswith(f"/{device}/state")]

    def close(self) -> None:
        """Go away."""
        self._client.disconnect()
        self._client.loop_stop()


@contextmanager
def reader(port: int, *, durable: bool = False) -> Iterator[Reader]:
    """A subscriber to everything, already subscribed."""
    made = Reader(port, durable)
    try:
        yield made
    finally:
        made.close()


@dataclass(frozen=True)
class Request:
    """One request as it came over the wire."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    at_s: float


class WebReceiver:
    """A web server that answers as it is told, and 204 when it is told nothing."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.always: Callable[[Request], int | None] = lambda _: None
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                headers = {key.lower(): value for key, value in self.headers.items()}
                request = Request(self.command, self.path, headers, body, time.monotonic())
                code, extra = receiver.answers.pop(0) if receiver.answers else (receiver.always(request) or 204, {})
                receiver.requests.append(request)
                self.send_response(code)
                for key, value in ({"Content-Length": "0"} | extra).items():
                    self.send_header(key, value)
                self.end_headers()

            do_POST = do_PUT = answer  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
