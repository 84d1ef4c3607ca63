"""Reading what came: a CloudEvent or a device's state, checked against the contract."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from edgecv.config.base import MAX_NAME_CHARS
from edgecv.console.intake.event_contract import (
    check_device_event,
    check_evidence,
    check_id,
    check_record,
    check_state,
)
from edgecv.console.settings import UNCLAIMED_BYTES
from edgecv.console.storage.record_columns import not_ahead
from edgecv.incidents.cloudevents import DEVICE_TYPE, EVIDENCE_TYPE, INCIDENT_TYPE, UPDATE_TYPE
from edgecv.untrusted import UntrustedError, check_text, read_json, read_time

Kind = Literal["incident", "evidence", "update", "device", "state"]
_TYPES = {"incident": INCIDENT_TYPE, "evidence": EVIDENCE_TYPE, "update": UPDATE_TYPE, "device": DEVICE_TYPE}
_REASON_CHARS = 300


@dataclass(frozen=True, slots=True)
class Arrival:
    """Something that came, understood or not.

    Attributes:
        kind: what it is; None where it was not understood.
        site: whose box; from the topic, which the broker's rules guard, and never from the content.
        device: whose.
        id: of the incident (an update's too) or event; of a state, nothing.
        at_s: the event's own time, seconds since 1970; that of its arrival where its clock is ahead.
        data: the content.
        raw: as it came; of what was not understood, the beginning.
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


def read_arrival(site: str, device: str, kind: str, raw: bytes | str, now_s: float) -> Arrival:
    """Understand what came; never raises for what is in it.

    Args:
        site: from the topic.
        device: from the topic.
        kind: the topic's last level.
        raw: a CloudEvent in JSON, or of kind ``state`` the state itself.
        now_s: when it came, seconds since 1970.
    """
    try:
        return _understood(site, device, kind, raw, now_s)
    except UntrustedError as error:
        reason = str(error)
    except Exception as error:  # whatever it is, the message is kept aside and the next one read
        reason = f"{type(error).__name__}: {error}"
    if len(raw) > UNCLAIMED_BYTES:
        reason = f"{reason[:_REASON_CHARS]}; of its {len(raw)} bytes the first {UNCLAIMED_BYTES} are kept"
    start = raw[:UNCLAIMED_BYTES]
    text = _storable(start.decode(errors="replace") if isinstance(start, bytes) else start)
    site, device, kind = (_level(part) for part in (site, device, kind))
    return Arrival(None, site, device, "", now_s, {}, text, _topic(site, device, kind), _storable(reason))


def _understood(site: str, device: str, kind: str, raw: bytes | str, now_s: float) -> Arrival:
    for name, role in ((site, "the site"), (device, "the device")):
        if not check_text(name, MAX_NAME_CHARS, role) or re.search(r"[/+#\x00-\x1f\x7f]", name):
            raise UntrustedError(f"{role} is not one level of a topic")
    event = read_json(raw)
    text = raw.decode() if isinstance(raw, bytes) else raw
    topic = _topic(site, device, kind)
    if kind == "state":
        return Arrival("state", site, device, "", now_s, check_state(event), text, topic)
    if not isinstance(event, dict):
        raise UntrustedError("a message is an object")
    if kind not in _TYPES or event.get("type") != _TYPES[kind]:
        raise UntrustedError(f"the message's type does not belong on topic level '{_level(kind)}'")
    event_id, at_s = check_id(event.get("id")), not_ahead(read_time(event.get("time"), "time"), now_s)
    data, subject = _content(kind, event.get("data"), event_id)
    if kind in {"incident", "update"} and (data["site"], data["device"]) != (site, device):
        raise UntrustedError("site and device of the record are not those of its topic")
    return Arrival(kind, site, device, subject, at_s, data, text, topic)  # type: ignore[arg-type]


def _content(kind: str, data: object, event_id: str) -> tuple[Mapping[str, Any], str]:
    """What a message holds, checked, and the id of what it is about."""
    if kind == "device":
        return check_device_event(data), event_id
    if kind == "evidence":
        content, subject = check_evidence(data), "incident"
    else:
        content, subject = check_record(data), "id"
    if kind == "update":
        return content, str(content["id"])  # the update's own is no use, for an alarm is kept as it is now
    if content[subject] != event_id:
        raise UntrustedError(f"data.{subject} is not the id of its envelope")
    return content, event_id


def _topic(site: str, device: str, kind: str) -> str:
    return f"edgecv/v1/{site}/{device}/{kind}"


def _level(name: str) -> str:
    """A topic's level as far as it can be kept; one that was cut is nobody's name."""
    return _storable(name if len(name) <= MAX_NAME_CHARS else f"{name[: MAX_NAME_CHARS - 1]}…").replace("/", "\ufffd")


def _storable(text: str) -> str:
    """Text as every database takes it: without NUL and halves of surrogate pairs."""
    return text.encode(errors="replace").decode().replace("\x00", "\ufffd")
