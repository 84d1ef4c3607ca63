"""The envelope every message travels in: CloudEvents 1.0, structured JSON.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from edgecv.incidents.record import Incident

CONTENT_TYPE = "application/cloudevents+json"
INCIDENT_TYPE = "io.edgecv.incident.v1"


def incident_event(incident: Incident) -> dict[str, Any]:
    """The CloudEvents 1.0 message for an incident, ready for ``encode``.

    ``source`` and ``id`` together are unique, and the same incident always gives the same pair: whoever receives it
    twice can tell. ``source`` is the URN ``urn:edgecv:SITE:DEVICE``, percent-encoded (RFC 8141); ``subject`` is the
    kind of incident, so that a subscriber can filter without opening ``data``.
    """
    return {
        "specversion": "1.0",
        "id": incident.id,
        "source": f"urn:edgecv:{quote(incident.site, safe='')}:{quote(incident.device, safe='')}",
        "type": INCIDENT_TYPE,
        "subject": incident.kind,
        "time": incident.started_at,
        "datacontenttype": "application/json",
        "data": json.loads(incident.to_json()),
    }


def encode(event: dict[str, Any]) -> bytes:
    """A CloudEvent as the bytes on the wire: UTF-8 JSON, the same bytes for the same event."""
    return json.dumps(event, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
