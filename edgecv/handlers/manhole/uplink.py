"""What covers send: ChirpStack's events over MQTT, or JSON of their own.

https://www.chirpstack.io/docs/chirpstack/integrations/events.html: topics ``application/ID/device/EUI/event/KIND``, the
payload protobuf's JSON, in which a counter of 0 is left out.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Any, Literal

from edgecv.handlers.handler import MalformedError
from edgecv.handlers.payload_values import a_counter, a_time_s, read_json

_TOPIC = re.compile(r"application/[^/]+/device/([0-9a-fA-F]{16})/event/(\w+)$")
_LONGEST_TEXT = 2 * 242
_LONGEST_BASE64 = 4 * 81  # of 242 bytes, the largest payload LoRaWAN carries in any region


@dataclass(frozen=True, slots=True)
class Uplink:
    """One message of a cover.

    Attributes:
        cover: its id.
        kind: an uplink, a join, or the network's report of its battery.
        stamp_s: when, seconds since 1970, by the sender; or None.
        counter: its frame counter, or None.
        port: LoRaWAN port, or None.
        raw: the payload's bytes; empty where there are none.
        document: what was decoded elsewhere, or the whole payload.
    """

    cover: str
    kind: Literal["up", "join", "status"]
    stamp_s: float | None
    counter: int | None
    port: int | None
    raw: bytes
    document: Any


def read_chirpstack(topic: str, payload: bytes) -> Uplink | None:
    """One of ChirpStack's events; None for a kind that says nothing of a cover, such as an acknowledgement.

    Raises:
        MalformedError: it is none.
    """
    match = _TOPIC.search(topic)
    if match is None:
        raise MalformedError("came on a topic that is not ChirpStack's")
    kind = match[2]
    if kind not in {"up", "join", "status"}:
        return None
    event = read_json(payload)
    if not isinstance(event, dict):
        raise MalformedError("is no ChirpStack event")
    info = event.get("deviceInfo")
    eui = info.get("devEui", match[1]) if isinstance(info, dict) else match[1]
    if not isinstance(eui, str) or eui.lower() != match[1].lower():
        raise MalformedError("names another device than its topic")
    return Uplink(
        eui.lower(),
        "up" if kind == "up" else "join" if kind == "join" else "status",
        a_time_s(event.get("time")),
        _counter(event.get("fCnt", 0)) if kind == "up" else None,
        read_port(event.get("fPort")),
        read_bytes(event.get("data")),
        event.get("object") if kind == "up" else event,
    )


def _counter(value: Any) -> int:
    counter = a_counter(value, "fCnt")
    if counter is None or counter >= 2**32:
        raise MalformedError("fCnt is out of range")
    return counter


def read_bytes(value: Any, encoding: Literal["base64", "hex"] = "base64") -> bytes:
    """The bytes of a payload; none where there is nothing.

    Args:
        value: as it stands in the event.
        encoding: how it is written.

    Raises:
        MalformedError: it is written otherwise, or longer than LoRaWAN carries.
    """
    if value is None:
        return b""
    if isinstance(value, str) and len(value) > (_LONGEST_TEXT if encoding == "hex" else _LONGEST_BASE64):
        raise MalformedError("data has more bytes than LoRaWAN carries")
    if isinstance(value, str) and encoding == "hex":
        return _hex(value)
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise MalformedError("data is not base64") from None


def _hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise MalformedError("data is not hexadecimal") from None


def read_port(value: Any) -> int | None:
    """A LoRaWAN port, or None."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 255 else None
