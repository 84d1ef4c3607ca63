"""A day of traffic and its truth."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

MIDNIGHT_S = datetime(2026, 3, 2, tzinfo=UTC).timestamp()
"""When every simulated day begins, a Monday."""
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Sent:
    """One message as a device sends it.

    Attributes:
        at_s: true time, seconds since 1970.
        topic: MQTT topic, or the path of a web hook.
        payload: JSON's types, or bytes as they are.
        sure: sent again until it has arrived, as by a device that waits for an answer.
        method: PUT or POST where it goes to a web hook.
    """

    at_s: float
    topic: str
    payload: Any
    sure: bool = False
    method: str | None = None

    def raw(self) -> bytes:
        """The bytes on the wire."""
        if isinstance(self.payload, bytes):
            return self.payload
        return json.dumps(self.payload, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Expected:
    """One alarm that is right.

    Attributes:
        kind: of the alarm.
        subject: what it is about.
        started_s: when it truly began, seconds since 1970.
        slack_s: how far the alarm's start may be from that, for devices only speak now and then.
        planned: logged, not alarmed.
        ended: whether it is over by the end of the day; None where that is not told.
    """

    kind: str
    subject: str
    started_s: float
    slack_s: float
    planned: bool = False
    ended: bool | None = None


@dataclass(frozen=True, slots=True)
class Day:
    """What devices of one kind send in a day, with the box file's section for them and the truth."""

    settings: Mapping[str, Any]
    sent: Sequence[Sent]
    truth: Sequence[Expected]
    device: str = "simulated"
    notes: Sequence[str] = field(default_factory=tuple)


def stamp_text(seconds: float) -> str:
    """RFC 3339 in UTC, as devices write it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
