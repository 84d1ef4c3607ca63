"""MQTT topic filters, checked."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator


def _filter(text: str) -> str:
    levels = text.split("/")
    if not text or len(text.encode()) > 65535 or "\0" in text:
        raise ValueError("must be an MQTT topic such as sensors/+/state")
    for index, level in enumerate(levels):
        if "#" in level and (level != "#" or index != len(levels) - 1):
            raise ValueError("has '#' where it may not stand: it is a level of its own, and the last")
        if "+" in level and level != "+":
            raise ValueError("has '+' within a level; it is a level of its own")
    return text


TopicFilter = Annotated[str, AfterValidator(_filter)]
"""A topic to subscribe to (MQTT 5 section 4.7)."""
