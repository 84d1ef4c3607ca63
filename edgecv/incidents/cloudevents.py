"""The envelope every message travels in: CloudEvents 1.0, structured JSON.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from edgecv.incidents.alarm import Record
from edgecv.messages import to_wire

CONTENT_TYPE = "application/cloudevents+json"
INCIDENT_TYPE = "io.edgecv.incident.v1"
EVIDENCE_TYPE = "io.edgecv.evidence.v1"
UNSENDABLE = (ValueError, TypeError, KeyError, AttributeError, RecursionError)
"""What the forms of messages run into with an event that an older version or another program put in: that one is
refused, and those behind it go on."""
UPDATE_TYPE = "io.edgecv.update.v1"
DEVICE_TYPE = "io.edgecv.device.v1"


def incident_event(incident: Record) -> dict[str, Any]:
    """The CloudEvents 1.0 message for an incident or another device's alarm, ready for ``encode``.

    ``source`` and ``id`` together are unique, and the same incident always gives the same pair: whoever receives it
    twice can tell. ``source`` is the URN ``urn:edgecv:SITE:DEVICE``, percent-encoded (RFC 8141); ``subject`` is the
    kind of incident, so that a subscriber can filter without opening ``data``.
    """
    data = json.loads(incident.to_json())
    return envelope(
        incident.site, incident.device, INCIDENT_TYPE, incident.id, incident.kind, incident.started_at, data
    )


def encode(event: dict[str, Any]) -> bytes:
    """A CloudEvent as the bytes on the wire: UTF-8 JSON, the same bytes for the same event."""
    return json.dumps(event, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def update_event(record: Record, update_id: str, moment: str) -> dict[str, Any]:
    """The message that a record went on: an alarm that was escalated, closed or is over, or a thrown object that was
    weighed by its pictures. ``data`` is the whole record as it is now."""
    data = json.loads(record.to_json())
    return envelope(record.site, record.device, UPDATE_TYPE, update_id, record.kind, moment, data)


def device_event(site: str, device: str, kind: str, text: str, details: Mapping[str, Any]) -> dict[str, Any]:
    """The message of an event of a device itself: a camera lost, covered, turned; its blind minutes.

    Args:
        site: name of the site.
        device: id of the camera, or ``box``.
        kind: in one word, such as ``camera_lost``.
        text: in plain words; of a message its code and parameters are sent too.
        details: figures, of JSON's types.
    """
    data = {"kind": kind, **with_code(text), **details}
    return envelope(site, device, DEVICE_TYPE, str(uuid.uuid4()), kind, now_text(), data)


def with_code(text: str) -> dict[str, Any]:
    """``text``, and of a message ``text_code``, as events and states carry them."""
    wire = to_wire(text)
    return {"text": text} if wire is None else {"text": text, "text_code": wire}


def now_text() -> str:
    """The box's time, RFC 3339 in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def envelope(
    site: str, device: str, event_type: str, event_id: str, subject: str, moment: str, data: object
) -> dict[str, Any]:
    """A CloudEvent of a device.

    Args:
        site: name of the site.
        device: id of the camera or other device; with the site the ``source``.
        event_type: one of the types above.
        event_id: unique for this source.
        subject: kind of the incident or event.
        moment: when it happened, RFC 3339.
        data: the content, of JSON's types.
    """
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": f"urn:edgecv:{quote(site, safe='')}:{quote(device, safe='')}",
        "type": event_type,
        "subject": subject,
        "time": moment,
        "datacontenttype": "application/json",
        "data": data,
    }
