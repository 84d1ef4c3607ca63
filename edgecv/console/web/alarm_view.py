"""What a page shows of another device's alarm: its sentence, and its details by the schema of its kind."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any

from pydantic import BaseModel

from edgecv.console.storage.record_columns import seconds
from edgecv.console.web.language import Language
from edgecv.console.web.translatable import N_
from edgecv.console.web.ui_texts import measured
from edgecv.errors import EdgecvError
from edgecv.handlers.handler import Handler
from edgecv.handlers.registry import all_kinds, find_kind

_MEDICAL = frozenset({"report_late", "dose_missed", "dose_doubled"})
"""Also where their handlers cannot be loaded, as on a hub without FHIR."""
_IDS_AND_TIMES = frozenset({"visit", "reports", "schedule", "patient", "doctor"})
_ENVELOPE = ("id", "kind", "tier", "site", "device", "started_at", "ended_at", "as_of")
_MOST_ROWS, _MOST_CHARACTERS = 60, 500
_YES, _NO = N_("yes"), N_("no")


@dataclass(frozen=True, slots=True)
class AlarmFacts:
    """The sentence, empty where it is not shown, its code as it came, and ``(name, value)`` of each detail."""

    text: str
    text_code: object
    details: tuple[tuple[str, str], ...]


def alarm_of(kind: str, text: str | None, record: Mapping[str, Any], language: Language) -> AlarmFacts | None:
    """What is shown of an alarm; None of a thrown object."""
    if kind == "thrown_object":
        return None
    section = record.get("details")
    details = section if isinstance(section, Mapping) else {}
    private = is_private(kind)
    event = _events().get(kind)
    order = list(event[0].model_fields) if event is not None else []
    names = [name for name in order if name in details] + [name for name in details if name not in order]
    rows = (
        (".".join(path).replace("_", " ")[:_MOST_CHARACTERS], _display_value(path[-1], value, language))
        for name in names
        for path, value in _flat((str(name),), details[name])
        if value is not None and not (private and not _is_id_or_time(path[-1], value))
    )
    return AlarmFacts(
        "" if private else text or "", None if private else record.get("text_code"), tuple(islice(rows, _MOST_ROWS))
    )


def shown_record(kind: str, record: Mapping[str, Any]) -> dict[str, Any]:
    """The record as it may be handed out: of a private kind nothing but ids and times."""
    if not is_private(kind):
        return dict(record)
    section = record.get("details")
    details = _ids_and_times(section) if isinstance(section, Mapping) else {}
    return {name: record[name] for name in _ENVELOPE if name in record} | {"details": details}


def _ids_and_times(details: Mapping[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in details.items():
        if isinstance(value, Mapping):
            inner = _ids_and_times(value)
            fields |= {name: inner} if inner else {}
        elif _is_id_or_time(name, value):
            fields[name] = value
    return fields


def is_private(kind: str) -> bool:
    """Whether of this kind only ids and times are shown: its handler keeps no example of what was sent either."""
    event = _events().get(kind)
    return kind in _MEDICAL or (event is not None and event[1])


@cache
def _events() -> dict[str, tuple[type[BaseModel], bool]]:
    """Of each kind of alarm of the installed handlers: its details, and whether it is private."""
    events: dict[str, tuple[type[BaseModel], bool]] = {}
    for name in all_kinds():
        try:
            handler = find_kind(name)
        except EdgecvError:  # its package is not whole: its alarms are shown without a schema
            continue
        private = issubclass(handler, Handler) and not handler.keeps_examples
        events |= {kind: (model, private) for kind, model in handler.events.items()}
    return events


def _flat(path: tuple[str, ...], value: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, Mapping) and len(path) < 4:
        for name, inner in value.items():
            yield from _flat((*path, str(name)), inner)
    else:
        yield path, value


def _is_id_or_time(name: str, value: Any) -> bool:
    if name in _IDS_AND_TIMES:
        return True
    values = value if isinstance(value, list) else [value]
    return (name.endswith("_at") or name == "answer_by") and all(_time(one) is not None for one in values)


def _display_value(name: str, value: Any, language: Language) -> str:
    if isinstance(value, list):
        return ", ".join(_display_value(name, one, language) for one in value[:_MOST_ROWS])[:_MOST_CHARACTERS]
    if isinstance(value, bool):
        return language.text(_YES if value else _NO)
    if isinstance(value, int | float):
        return measured(value) if isinstance(value, float) and math.isfinite(value) else str(value)
    moment = _time(value) if name.endswith("_at") or name == "answer_by" else None
    return str(value)[:_MOST_CHARACTERS] if moment is None else language.time(moment, "full")


def _time(value: Any) -> float | None:
    try:
        return seconds(value) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None
