"""Reading what came: a CloudEvent or a device's state, checked as far as it will be used."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from edgecv.console.storage.projection import columns_of, seconds
from edgecv.upstream.cloudevents import DEVICE_TYPE, EVIDENCE_TYPE, INCIDENT_TYPE, UPDATE_TYPE

Kind = Literal["incident", "evidence", "update", "device", "state"]
_TYPES = {"incident": INCIDENT_TYPE, "evidence": EVIDENCE_TYPE, "update": UPDATE_TYPE, "device": DEVICE_TYPE}


@dataclass(frozen=True, slots=True)
class Arrival:
    """Something that came, understood or not.

    Attributes:
        kind: what it is; None where it was not understood.
        site: whose box; from the topic, which the broker's rules guard, and never from the content.
        device: whose.
        id: of the incident (an update's too) or event; of a state, nothing.
        at_s: the event's own time, seconds since 1970.
        data: the content.
        raw: as it came.
        topic: where.
        problem: why it was not understood.
    """

    kind: Kind | None
    site: str
    device: str
    id: str
    at_s: float
    data: Mapping[str, Any]
    raw: str
    topic: str
    problem: str | None = None


def read_arrival(site: str, device: str, kind: str, raw: str, now_s: float) -> Arrival:
    """Understand what came; never raises for what is in it.

    Args:
        site: from the topic.
        device: from the topic.
        kind: the topic's last level.
        raw: a CloudEvent in JSON, or of kind ``state`` the state itself.
        now_s: seconds since 1970.
    """
    topic = f"edgecv/v1/{site}/{device}/{kind}"
    raw = raw.replace("\x00", "\ufffd")  # no database keeps a NUL in text
    try:
        return _understood(site, device, kind, raw, topic, now_s)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        why = f"{type(error).__name__}: {error}"[:300]
        return Arrival(None, site, device, "", now_s, {}, raw, topic, why)


def _understood(site: str, device: str, kind: str, raw: str, topic: str, now_s: float) -> Arrival:
    event = json.loads(raw, parse_constant=_no_constant)
    if kind == "state":
        if not isinstance(event, dict) or not isinstance(event.get("state"), str):
            raise ValueError("a state is an object with 'state'")
        return Arrival("state", site, device, "", now_s, event, raw, topic)
    if kind not in _TYPES or event["type"] != _TYPES[kind]:
        raise ValueError(f"a message of type {event['type']!r} does not belong on topic level '{kind}'")
    data, event_id = event["data"], str(event["id"])
    if "\\u0000" in raw:
        raise ValueError("holds a NUL character")
    if not 1 <= len(event_id) <= 64:
        raise ValueError("an id has 1 to 64 characters")
    if kind == "incident":
        columns = columns_of(data)
        if (columns["site"], columns["device"], columns["id"]) != (site, device, event_id):
            raise ValueError("site, device and id of the record are not those of its topic and envelope")
    elif kind == "update":
        event_id = _updated_alarm(site, device, data)
    elif kind == "evidence":
        str(data["incident"]), str(data["manifest_sha256"]), list(data["files"])
        if data["incident"] != event_id:
            raise ValueError("the incident is not that of its envelope")
    else:
        str(data["kind"]), str(data["text"])
    return Arrival(kind, site, device, event_id, seconds(str(event["time"])), data, raw, topic)  # type: ignore[arg-type]


def _updated_alarm(site: str, device: str, data: Mapping[str, Any]) -> str:
    """The id of the alarm that an update is about; the update's own is no use, for an alarm is kept as it is now."""
    columns = columns_of(data)
    if (columns["site"], columns["device"]) != (site, device):
        raise ValueError("site and device of the alarm are not those of its topic")
    if columns["kind"] == "thrown_object":
        raise ValueError("what was thrown is sealed and has no updates")
    alarm_id = str(columns["id"])
    if not 1 <= len(alarm_id) <= 64:
        raise ValueError("an id has 1 to 64 characters")
    return alarm_id


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
