"""Which resource a message is of that cannot be read as FHIR: its id, its version, and whether it says it is active."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from edgecv.handlers.handler import MalformedError
from edgecv.handlers.medical.fhir import ID, seconds
from edgecv.handlers.medical.version import Version
from edgecv.handlers.payload_values import read_json


@dataclass(frozen=True, slots=True)
class NamedResource:
    """What is left of a resource that cannot be read.

    Attributes:
        id: its own.
        version: its version.
        is_active: whether its status is active.
    """

    id: str
    version: Version
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
    return NamedResource(name, _version(document.get("meta")), document.get("status") == "active")


def _version(meta: object) -> Version:
    if not isinstance(meta, dict):
        return Version()
    version_id = meta.get("versionId")
    try:
        at_s = seconds(datetime.fromisoformat(meta["lastUpdated"]))
    except (KeyError, TypeError, ValueError):
        at_s = None
    return Version(at_s, version_id if isinstance(version_id, str) else None)
