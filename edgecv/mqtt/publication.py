"""One packet to publish."""

from __future__ import annotations

from dataclasses import dataclass

JSON_TYPE = "application/json"


@dataclass(frozen=True, slots=True)
class Publication:
    """One MQTT packet, QoS 1.

    Attributes:
        topic: where it goes.
        payload: its bytes; UTF-8 text where ``content_type`` is set.
        retain: whether the broker keeps it for those who subscribe later.
        content_type: its media type, or None to send none.
        user_properties: name and value of MQTT 5 user properties.
    """

    topic: str
    payload: bytes
    retain: bool = False
    content_type: str | None = JSON_TYPE
    user_properties: tuple[tuple[str, str], ...] = ()
