"""What boxes may send, checked against the contract where it arrives.

A box may be newer than its hub: keys that are not known here are ignored, and bounded with the whole document by
:mod:`edgecv.untrusted`. It may be older, too: what the contract's first version did not have is never missed. All that
is known has to hold, for pages, statistics and other people's programs read it without asking again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, ValidationError

from edgecv.console.settings import EVIDENCE_FILES
from edgecv.incidents.alarm import Alarm
from edgecv.incidents.record import (
    Coded,
    FitRecord,
    Incident,
    Mass,
    Media,
    Motion,
    Origin,
    Record,
    Track,
    VerdictRecord,
)
from edgecv.incidents.record_limits import Count, Name, Sentence
from edgecv.messages import records
from edgecv.untrusted import EARLIEST_S, LATEST_S, UntrustedError, check_value, read_time

THROWN = "thrown_object"
CORRECTED_S = 7 * 86400.0
"""A device's clock is corrected by days while an alarm lasts: it may end before it began."""
STATE_BYTES = 64 * 1024
"""The newest states of all devices are shown on one page."""

_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z._:+-]{0,63}")
Id = Annotated[str, Field(pattern=f"^{_ID.pattern}$")]
"""It becomes a part of an address."""
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
"""A word for programs, which pages translate: handlers of other people bring their own."""
_Text = Annotated[str, Field(max_length=16_000)]
"""What is wrong with each of 64 cameras, in one text."""
_Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Time = Annotated[float, Field(ge=EARLIEST_S, lt=LATEST_S, allow_inf_nan=False)]
_Minutes = Annotated[float, Field(ge=0.0, le=1e6, allow_inf_nan=False)]

_MAY_LACK = frozenset({("fit", "gravity_px_s2"), ("fit", "gravity_sd_px_s2"), ("software",)})
"""Our boxes write these always; the contract does not ask for them."""
_ALARMS_MAY_LACK = frozenset({("tier",), ("subject",), ("text",), ("details",)})
"""Other people's devices that say what happened, where and when are listened to."""


class _Alarm(Alarm):
    """Another device's alarm; it may have the sections of a thrown object, which then mean the same."""

    kind: Code
    site: Name
    device: Name
    subject: Sentence
    text: Sentence
    media: Media | None = None
    track: Track | None = None
    origin: Origin | None = None
    fit: FitRecord | None = None
    motion: Motion | None = None
    mass: Mass | None = None
    verdict: VerdictRecord | None = None


class _Evidence(Record):
    incident: Id
    manifest_sha256: _Sha256
    files: tuple[Name, ...] = Field(max_length=EVIDENCE_FILES)
    clip: Name | None = None
    sha256: Name | None = None


class _DeviceEvent(Record):
    kind: Code
    text: _Text
    text_code: Coded | None = None


class _BlindMinutes(_DeviceEvent):
    from_s: _Time | None = None
    minutes: dict[Name, _Minutes] = Field(default={}, max_length=100)
    blind_minutes: _Minutes = 0.0
    noted_minutes: _Minutes = 0.0


class _Sensitivity(_DeviceEvent):
    drawn: Count = 0
    seen: Count = 0


class _State(Record):
    state: Code
    text: _Text | None = None
    text_code: Coded | None = None


_EVENTS: dict[object, type[_DeviceEvent]] = {"blind_minutes": _BlindMinutes, "sensitivity": _Sensitivity}


def check_record(data: object) -> Mapping[str, Any]:
    """An incident or alarm that holds.

    Args:
        data: parsed JSON.

    Raises:
        UntrustedError: it does not; the message says where, without the content.
    """
    record = _mapping(data)
    thrown = record.get("kind") == THROWN
    _check(Incident if thrown else _Alarm, record)
    check_id(record["id"])
    started_s = read_time(record["started_at"], "data.started_at")
    if record.get("ended_at") is not None:
        ended_s = read_time(record["ended_at"], "data.ended_at")
        if ended_s < started_s - (0.0 if thrown else CORRECTED_S):
            raise UntrustedError("data.ended_at is before data.started_at")
    return record


def check_evidence(data: object) -> Mapping[str, Any]:
    """The message that evidence is complete, if it holds.

    Raises:
        UntrustedError: it does not.
    """
    _check(_Evidence, record := _mapping(data))
    return record


def check_device_event(data: object) -> Mapping[str, Any]:
    """What a device says of itself, if it holds.

    Raises:
        UntrustedError: it does not.
    """
    record = _mapping(data)
    kind = record.get("kind")
    _check(_EVENTS.get(kind, _DeviceEvent) if isinstance(kind, str) else _DeviceEvent, record)
    return record


def check_state(data: object) -> Mapping[str, Any]:
    """A device's state, if it holds.

    Raises:
        UntrustedError: it does not.
    """
    _check(_State, record := _mapping(data))
    if len(json.dumps(record)) > STATE_BYTES:
        raise UntrustedError(f"a state may have {STATE_BYTES} bytes")
    return record


def check_id(value: object) -> str:
    """An id that may be part of an address.

    Raises:
        UntrustedError: it is none.
    """
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise UntrustedError("an id has 1 to 64 letters, digits and any of '._:+-', and begins with a letter or digit")
    return value


_PLAIN = re.compile(r"[A-Za-z0-9_]{1,40}")


def _mapping(data: object) -> Mapping[str, Any]:
    if not isinstance(data, dict):
        raise UntrustedError(records.NO_OBJECT())
    check_value(data)
    return data


def _check(model: type[Record], data: Mapping[str, Any]) -> None:
    try:
        # from JSON and strictly: what is stored is the record as it came, so "14" must not pass for 14
        model.model_validate_json(json.dumps(data), strict=True)
    except ValidationError as error:
        for problem in error.errors(include_url=False, include_context=False, include_input=False):
            if problem["type"] == "extra_forbidden":
                continue
            may_lack = _MAY_LACK | _ALARMS_MAY_LACK if model is _Alarm else _MAY_LACK
            if problem["type"] == "missing" and problem["loc"] in may_lack:
                continue
            at = ".".join(str(part) if _is_plain(part) else "…" for part in ("data", *problem["loc"]))
            raise UntrustedError(f"{at}: {problem['msg']}") from error


def _is_plain(part: int | str) -> bool:
    """Whether it is a place in a list or the name of a field, and not something from the content."""
    return isinstance(part, int) or _PLAIN.fullmatch(part) is not None
