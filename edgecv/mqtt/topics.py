"""Topics: those of the contract, and which of them a topic filter matches."""

from __future__ import annotations

import paho.mqtt.client as mqtt


def device_topic(site: str, device: str, leaf: str) -> str:
    """A topic of the contract: ``edgecv/v1/SITE/DEVICE/LEAF``."""
    return f"edgecv/v1/{site}/{device}/{leaf}"


def topic_matches(topic_filter: str, topic: str) -> bool:
    """Whether a topic matches a filter with ``+`` and ``#`` (MQTT 5 section 4.7)."""
    return bool(mqtt.topic_matches_sub(topic_filter, topic))
