"""An alarm: what a device other than a camera has to report, of one shape for all kinds.

It has the incident's outer fields and travels and is kept like one; what is particular to its kind stands in
``details``, whose schema the handler declares.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from edgecv.incidents.record import Coded, Incident, Software, Tier
from edgecv.incidents.record import Record as Section

_NAMESPACE = uuid.UUID("0c5b6a3e-5f0d-5c7e-8a44-1d3c0a5e7b20")  # never changes


class Alarm(Section):
    """One thing that happened to one device; the ``data`` of one CloudEvents message."""

    id: str
    kind: str
    tier: Tier
    site: str
    device: str
    """The device's id in the box file."""
    subject: str
    """Which of what it looks after: a cover, a refrigerator, a schedule."""
    started_at: str
    ended_at: str | None = None
    """Null while it lasts."""
    text: str
    """In one sentence, as it is now."""
    text_code: Coded | None = None
    details: dict[str, Any]
    software: Software

    def to_json(self) -> str:
        """One line of JSON, stable for identical content."""
        return self.model_dump_json(by_alias=True)


Record = Incident | Alarm
"""Whatever the store keeps."""


def alarm_id(*content: str) -> str:
    """A UUID that is the same for the same content, so that one alarm raised twice has one id."""
    return str(uuid.uuid5(_NAMESPACE, json.dumps(content, separators=(",", ":"))))


def read_record(kind: str, text: str) -> Record:
    """A record from its JSON."""
    return (Incident if kind == "thrown_object" else Alarm).model_validate_json(text)
