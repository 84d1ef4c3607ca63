"""FHIR R4 resources, checked by fhir.resources, and of them only ids, states and times.

fhir.resources speaks R4B, which for the resources read here is R4 (https://hl7.org/fhir/R4B/diff.html).
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from pydantic import ValidationError

from edgecv.handlers.handler import MalformedError
from edgecv.handlers.payload_values import read_json
from edgecv.untrusted import EARLIEST_S, LATEST_S

ID = re.compile(r"^[A-Za-z0-9.-]{1,64}$")
RESOURCES = ("DiagnosticReport", "ServiceRequest", "MedicationRequest", "MedicationAdministration")


@cache
def _model(kind: str) -> Any:
    module = importlib.import_module(f"fhir.resources.R4B.{kind.lower()}")  # takes a second, and is an optional package
    return getattr(module, kind)


def timing_repeat(values: Mapping[str, Any]) -> Any:
    """FHIR's element ``Timing.repeat`` of plain values that are known to be right."""
    return importlib.import_module("fhir.resources.R4B.timing").TimingRepeat.model_validate(values)


def read_resource(topic: str, payload: bytes, types: tuple[str, ...]) -> Any:
    """The resource of a request to ``METHOD /fhir/TYPE[/ID]``.

    Raises:
        MalformedError: it is not of the type wanted, or not FHIR; the reason holds nothing of its content.
    """
    path = topic.split(" ", 1)[-1].strip("/").split("/")
    kind = path[1] if len(path) > 1 else ""
    if kind not in types:
        raise MalformedError(f"is none of {', '.join(types)}")
    document = read_json(payload)
    if not isinstance(document, dict) or document.get("resourceType") != kind:
        raise MalformedError(f"is no {kind}, though it was sent as one")
    model = _model(kind)
    try:
        resource = model.model_validate(document)
    except ValidationError as error:
        first = str((error.errors(include_input=False, include_url=False)[0]["loc"] or ("",))[0])
        is_field = first in model.model_fields
        raise MalformedError(f"is no {kind} of FHIR R4: {first if is_field else 'an element'} is wrong") from None
    except Exception:  # what the library runs into with odd values
        raise MalformedError(f"is no {kind} of FHIR R4") from None
    if resource.id is None or not ID.match(str(resource.id)):
        raise MalformedError(f"is a {kind} without an id")
    if len(path) > 2 and path[2] != resource.id:
        raise MalformedError("has another id than its address")
    return resource


def reference_id(reference: Any, kind: str) -> str | None:
    """The id that a reference to a kind of resource names, relative or absolute; None for another kind or none."""
    text = getattr(reference, "reference", None)
    parts = str(text or "").split("/")
    if len(parts) > 3 and parts[-2] == "_history":  # of a version of it
        parts = parts[:-2]
    if len(parts) < 2 or parts[-2] != kind or not ID.match(parts[-1]):
        return None
    return parts[-1]


def seconds(moment: Any) -> float | None:
    """Seconds since 1970 of a FHIR instant or dateTime; None for none, for one that names no time of day, and for one
    outside of the years 2000 to 2100, which no clock that was set says.
    """
    if not isinstance(moment, datetime):
        return None
    try:
        timestamp_s = (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
    except (OverflowError, ValueError):
        return None
    return timestamp_s if EARLIEST_S <= timestamp_s < LATEST_S else None
