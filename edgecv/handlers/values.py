"""Reading payloads: JSON, values by JSONPath, times however devices write them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import jsonpath
from pydantic import AfterValidator

from edgecv.config.base import SomeText
from edgecv.handlers.handler import MalformedError

_MILLISECONDS_FROM = 1e11  # as seconds that would be the year 5138
_LAST_S = 253402300799.0


def _compiled(path: str) -> str:
    try:
        jsonpath.compile(path)
    except jsonpath.JSONPathError as error:
        raise ValueError(f"is no JSONPath such as $.temperature ({str(error).splitlines()[0]})") from None
    return path


JsonPath = Annotated[SomeText, AfterValidator(_compiled)]
"""A JSONPath (RFC 9535), such as ``$.object.level``."""

Find = Callable[[Any], Any]


def finder(path: str) -> Find:
    """A function that gives the first value a JSONPath finds, or None; a plain key costs no search."""
    plain = path.removeprefix("$.")
    if path.startswith("$.") and plain.isidentifier():
        return lambda found: found.get(plain) if isinstance(found, dict) else None
    compiled = jsonpath.compile(path)

    def find(document: Any) -> Any:
        match = compiled.match(document)
        return None if match is None else match.obj

    return find


def read_json(payload: bytes) -> Any:
    """The JSON of a payload.

    Raises:
        MalformedError: it is none, or nested too deeply.
    """
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        raise MalformedError("is not JSON") from None


def a_number(value: Any, what: str) -> float:
    """A finite number; text that is one counts, for many devices send ``"21.5"``.

    Raises:
        MalformedError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise MalformedError(f"{what} is not a number")
    try:
        found = float(value)
    except (ValueError, OverflowError):
        raise MalformedError(f"{what} is not a number") from None
    if not math.isfinite(found):
        raise MalformedError(f"{what} is not a finite number")
    return found


def a_time_s(value: Any, what: str = "the time") -> float | None:
    """Seconds since 1970 of an RFC 3339 text or a number of seconds or milliseconds; None for None.

    Raises:
        MalformedError: it is neither.
    """
    if value is None:
        return None
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise MalformedError(f"{what} is no RFC 3339 time") from None
        try:
            return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
        except (OverflowError, ValueError):
            raise MalformedError(f"{what} is beyond every calendar") from None
    found = a_number(value, what)
    found = found / 1000.0 if abs(found) > _MILLISECONDS_FROM else found
    if not 0.0 <= found <= _LAST_S:
        raise MalformedError(f"{what} is beyond every calendar")
    return found


def a_name(value: Any, what: str) -> str:
    """Text or a number that names something, up to 200 characters.

    Raises:
        MalformedError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).strip() or len(str(value)) > 200:
        raise MalformedError(f"{what} is no name")
    return str(value)


def a_time_zone(name: str) -> str:
    """The name of a time zone, checked.

    Raises:
        ValueError: there is none of that name.
    """
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise ValueError("is no time zone; write it as Asia/Shanghai") from None
    return name
