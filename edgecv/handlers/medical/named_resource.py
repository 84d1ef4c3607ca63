"""Which resource a message is of that cannot be read as FHIR: its id, its version, and whether it says it is active."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from edgecv.handlers.handler import MalformedError
from edgecv.handlers.medical.fhir import ID, seconds
from edgecv.handlers.payload_values import read_json


@dataclass(frozen=True, slots=True)
class NamedResource:
    """What is left of a resource that cannot be read.

    Attributes:
        id: its own.
        version_s: when the server last changed it, seconds since 1970, or None.
        is_active: whether its status is active.
    """

    id: str
    version_s: float | None
    is_active: bool


def named_resource(topic: str, payload: bytes, kind: str) -> NamedResource | None:
    """The resource of a kind that a message of ``METHOD /fhir/TYPE[/ID]`` is of, or None where it names none."""
    path = topic.split(" ", 1)[-1].strip("/").split("/")
    if len(path) < 2 or path[1] != kind:
        return None
    try:
        document = read_json(payload)
    except MalformedError:
        document = None
    if not isinstance(document, dict):
        document = {}
    names = {str(name) for name in (document.get("id"), *path[2:3]) if name is not None}
    if len(names) != 1 or not ID.match(name := names.pop()):
        return None
    meta = document.get("meta")
    try:
        version_s = seconds(datetime.fromisoformat(meta["lastUpdated"] if isinstance(meta, dict) else ""))
    except (KeyError, TypeError, ValueError):
        version_s = None
    return NamedResource(name, version_s, document.get("status") == "active")
