"""A target that is a webhook: each CloudEvent one signed POST, in order."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

import httpx

from edgecv.config.secrets import read_secret
from edgecv.config.upstream import Target
from edgecv.incidents.cloudevents import CONTENT_TYPE, UNSENDABLE, encode
from edgecv.storage.outbox import Message
from edgecv.upstream.http_target import WebLink, exchange, refusal, shown_host, unreached, web_client
from edgecv.upstream.link_protocol import Answer, UndeliveredError

SIGNATURE = "X-Edgecv-Signature"


def signature(key: bytes, body: bytes) -> str:
    """``sha256=HEX``, the HMAC-SHA-256 of the body as it is sent; receivers compare in constant time."""
    return f"sha256={hmac.new(key, body, hashlib.sha256).hexdigest()}"


class WebhookLink(WebLink):
    """The way to one webhook. Devices' states are not sent there.

    Args:
        target: the webhook's section of the box file.
        box_file: the box file, whose folder file names are relative to.
        at: where the target stands in it, for messages.
    """

    def __init__(self, target: Target, box_file: Path, at: str) -> None:
        super().__init__()
        self._target = target
        self._box_file = box_file
        self._at = at
        self._host = shown_host(target.url)
        self._key: bytes | None = None

    def open(self, timeout_s: float) -> None:
        """Read key and token; whether the server is there shows with the first message."""
        target = self._target
        self._key = None
        if target.secret_file is not None:
            self._key = read_secret(target.secret_file, self._box_file, f"{self._at}.secret_file").encode()
        self._client = web_client(
            self._box_file, self._at, ca_file=target.ca_file, token_file=target.token_file, timeout_s=timeout_s
        )

    def deliver(self, messages: Sequence[Message]) -> Iterator[list[Answer]]:
        """POST one after the other."""
        for message in messages:
            yield [Answer(message, self._post(message))]

    def _post(self, message: Message) -> str | None:
        if self._client is None:
            raise UndeliveredError(f"{self._host} is not connected")
        try:
            body = encode(message.event)
        except UNSENDABLE as error:
            return f"cannot be sent ({type(error).__name__})"
        headers = {"Content-Type": CONTENT_TYPE, "Idempotency-Key": quote(f"{message.kind}:{message.id}", safe=":")}
        if self._key is not None:
            headers[SIGNATURE] = signature(self._key, body)
        try:
            answer = exchange(self._client, "POST", self._target.url, content=body, headers=headers)
        except httpx.HTTPError as error:
            raise unreached(error, self._host) from None
        return refusal(answer, self._host)
