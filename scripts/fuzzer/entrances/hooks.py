"""What programs post to a device's web hook: any bytes over a real connection, answered or closed, never with a 500."""

from __future__ import annotations

import contextlib
import json
import random
import socket
import threading
from pathlib import Path
from typing import ClassVar

from edgecv.handlers.handler_context import DeviceIdentity
from edgecv.handlers.sources.webhook import HookInput, HookSource
from fuzzer.dictionary import TEXTS
from fuzzer.entrance import Case, Entrance, expect
from fuzzer.mutation import json_text, mutated_bytes, mutated_document

_ANSWER_S = 0.3
"""For requests that are not whole none comes at all."""
_NAMES = (
    "content-type",
    "content-length",
    "transfer-encoding",
    "authorization",
    "origin",
    "host",
    "expect",
    "x-arrived",
)
_RESOURCE = {"resourceType": "Encounter", "id": "e1", "period": {"end": "2026-03-02T00:06:48.331Z"}}


class Hooks(Entrance):
    """``devices.ID.hook`` of a box file."""

    name = "hooks"
    smoke = 60
    good_every = 10
    remembers: ClassVar[bool] = False

    def open(self, folder: Path) -> None:
        """A hook whose requests are taken at once."""
        identity = DeviceIdentity("home", "dev", {}, 10, folder / "box.yaml", folder)
        self._source = HookSource(identity, HookInput(listen="127.0.0.1:0"), ["/fhir/{type}/{id}"])
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._take, daemon=True)
        self._thread.start()

    def make(self, rng: random.Random) -> Case:
        """A request as bytes."""
        body = json_text(rng, mutated_document(rng, _RESOURCE)).encode("utf-8", "surrogatepass")[:200_000]
        headers = {"host": "127.0.0.1", "content-type": "application/fhir+json", "content-length": str(len(body))}
        for _ in range(rng.choice((0, 0, 1, 2))):
            headers[rng.choice(_NAMES)] = rng.choice(TEXTS)[:2000]
        path = "/fhir/Encounter/e1" if rng.random() < 0.8 else "/fhir/" + rng.choice(TEXTS)[:2000]
        head = f"{rng.choice(('PUT', 'POST', 'PUT', 'GET', 'x' * 100))} {path} HTTP/1.1\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "connection: close\r\n\r\n"
        raw = head.encode("utf-8", "surrogatepass") + body
        return (mutated_bytes(rng, raw) if rng.random() < 0.3 else raw).decode("latin-1")

    def attempt(self, case: Case) -> None:
        """Send it, and read what comes back."""
        status = self._sent(case.encode("latin-1"))
        expect(status < 500 or status == 503, f"the hook answers {status}")
        expect(self._source.problem is None, "the hook has ended")

    def good(self) -> None:
        """A good resource is taken."""
        body = json.dumps(_RESOURCE).encode()
        head = "PUT /fhir/Encounter/e1 HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n"
        head += f"content-type: application/fhir+json\r\ncontent-length: {len(body)}\r\n\r\n"
        status = self._sent(head.encode() + body, wait_s=20.0)
        expect(status == 200, f"a good resource is answered with {status}")

    def close(self) -> None:
        """End the server."""
        self._stopping.set()
        self._source.close()
        self._thread.join(5.0)

    def _take(self) -> None:
        while not self._stopping.is_set():
            self._source.done(self._source.take(0.1))

    def _sent(self, raw: bytes, wait_s: float = _ANSWER_S) -> int:
        """The status of the answer; 0 where none comes, as to a request that is not whole."""
        came = b""
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", self._source.port), 5.0) as connection,
        ):
            connection.settimeout(wait_s)
            connection.sendall(raw)
            while b"\r\n" not in came and (piece := connection.recv(4096)):
                came += piece
        words = came.partition(b"\r\n")[0].split(b" ")
        return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
