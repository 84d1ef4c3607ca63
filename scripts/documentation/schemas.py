"""JSON schemas of everything that travels: incident, alarm, each kind of alarm's details, events, the console's API."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from documentation.models import described
from edgecv.console.intake import event_contract
from edgecv.console.web.api import make_api
from edgecv.console.web.request_context import Console
from edgecv.handlers import all_kinds, find_kind, schemas
from edgecv.incidents.alarm import Alarm
from edgecv.incidents.record import Incident

_DIALECT = {"$schema": "https://json-schema.org/draft/2020-12/schema"}


def all_schemas() -> dict[str, dict[str, Any]]:
    """Each schema under its file name, without ``.json``."""
    found: dict[str, dict[str, Any]] = {
        "incident": described(Incident),
        "alarm": described(Alarm),
    }
    for name in ("_Evidence", "_DeviceEvent", "_BlindMinutes", "_Sensitivity", "_State"):
        model = getattr(event_contract, name, None) or getattr(event_contract, name.removeprefix("_"))
        found[_file_name(name)] = described(model)
    found["event"] = envelope()
    for kind in all_kinds():
        handler = find_kind(kind)
        if handler.section == "devices":
            found |= {f"details-{kind}-{event}": schema for event, schema in schemas(handler).items()}
    return {name: _DIALECT | schema for name, schema in found.items()}


def _file_name(model: str) -> str:
    words = "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in model.removeprefix("_"))
    return words.strip("-")


def envelope() -> dict[str, Any]:
    """The CloudEvents 1.0 envelope as edgecv fills it."""
    text = {"type": "string"}
    kinds = ["io.edgecv.incident.v1", "io.edgecv.update.v1", "io.edgecv.evidence.v1", "io.edgecv.device.v1"]
    properties = {
        "specversion": {"const": "1.0"},
        "id": {**text, "description": "with source unique; the same incident always gives the same pair"},
        "source": {**text, "pattern": "^urn:edgecv:[^:]+:[^:]+$", "description": "urn:edgecv:SITE:DEVICE"},
        "type": {"enum": kinds},
        "subject": {**text, "description": "the kind of incident, alarm or device event"},
        "time": {**text, "format": "date-time"},
        "datacontenttype": {"const": "application/json"},
        "data": {"type": "object", "description": "by type: incident or alarm, alarm, evidence, device event"},
    }
    return {"title": "Event", "type": "object", "properties": properties, "required": list(properties)}


def openapi() -> dict[str, Any]:
    """The OpenAPI document that a console serves at ``/api/v1/openapi.json``."""
    # the description needs the routes and models alone, no part of a running console
    return make_api(cast(Console, SimpleNamespace())).openapi()
