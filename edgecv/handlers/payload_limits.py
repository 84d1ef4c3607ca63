"""Bounds of what a handler puts into alarms, events and stored state: every database, page and broker can hold it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from edgecv.incidents.alarm import Alarm
from edgecv.untrusted import UntrustedError, check_text, check_value, read_time

MAX_SUBJECT_CHARS = 300
"""A device's name of 200 characters and what it is called in the box file."""
MAX_SENTENCE_CHARS = 2000
"""A sentence of the box file with a name and a value in it."""
MAX_DETAILS_CHARS = 64 * 1024
"""Of JSON. The longest are the reports of one visit: 200 ids of 64 characters."""
MAX_KEY_CHARS = 700
"""Of a key of stored state: a kind, a name and the name of a rule."""
MAX_STATE_CHARS = 256 * 1024
"""Of one stored value: the doses or reports of one person are 50 KB."""

encode = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode


def _text(most: int) -> AfterValidator:
    return AfterValidator(lambda text: check_text(text, most))


def _moment(text: str) -> str:
    read_time(text)
    return text


def _details(details: dict[str, Any]) -> dict[str, Any]:
    check_details(details)
    return details


class BoundedAlarm(Alarm):
    """An alarm within the bounds of this module; it is written like any other."""

    subject: Annotated[str, _text(MAX_SUBJECT_CHARS)]
    started_at: Annotated[str, AfterValidator(_moment)]
    ended_at: Annotated[str, AfterValidator(_moment)] | None = None
    text: Annotated[str, _text(MAX_SENTENCE_CHARS)]
    details: Annotated[dict[str, Any], AfterValidator(_details), Field(max_length=200)]


def check_details(details: Mapping[str, Any]) -> None:
    """Check figures of an alarm or event.

    Raises:
        UntrustedError: they nest too deeply, are too long, or hold what JSON or a database does not.
    """
    check_value(dict(details))
    if len(encode(dict(details))) > MAX_DETAILS_CHARS:
        raise UntrustedError(f"details have more than {MAX_DETAILS_CHARS} characters")


def check_state(key: str, value: Any) -> None:
    """Check what a handler stores under a key.

    Raises:
        UntrustedError: key or value are beyond their bounds, or no JSON.
    """
    check_text(key, MAX_KEY_CHARS, "a name")
    try:
        written = encode(value)
    except (ValueError, TypeError, RecursionError) as error:
        raise UntrustedError(f"its state is no JSON ({type(error).__name__})") from error
    if len(written) > MAX_STATE_CHARS:
        raise UntrustedError(f"its state has more than {MAX_STATE_CHARS} characters")
