"""Reading payloads: JSON, values by JSONPath, times however devices write them."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import jsonpath
from pydantic import AfterValidator

from edgecv import untrusted
from edgecv.config.base import NonBlankText
from edgecv.handlers.handler import MalformedError
from edgecv.incidents.record_limits import LARGEST
from edgecv.untrusted import EARLIEST_S, LATEST_S, MAX_INTEGER, UntrustedError

_TIME_CHARS = 64
_MILLISECONDS_FROM = 1e11  # as seconds that would be the year 5138
MAX_NAME_CHARS = 200
"""Of what a device calls itself: MQTT topics of four levels are half as long."""
_NOT_IN_NAMES = frozenset({"Cc", "Cs", "Zl", "Zp"})  # controls, half surrogate pairs, line ends


def _compiled(path: str) -> str:
    try:
        jsonpath.compile(path)
    except jsonpath.JSONPathError as error:
        raise ValueError(f"is no JSONPath such as $.temperature ({str(error).splitlines()[0]})") from None
    return path


JsonPath = Annotated[NonBlankText, AfterValidator(_compiled)]
"""A JSONPath (RFC 9535), such as ``$.object.level``."""

Find = Callable[[Any], Any]


def finder(path: str) -> Find:
    """A function that gives the first value a JSONPath finds, or None; a plain key costs no search."""
    plain = path.removeprefix("$.")
    if path.startswith("$.") and plain.isidentifier():
        return lambda document: document.get(plain) if isinstance(document, dict) else None
    compiled = jsonpath.compile(path)

    def find(document: Any) -> Any:
        match = compiled.match(document)
        return None if match is None else match.obj

    return find


def read_json(payload: bytes) -> Any:
    """The JSON of a payload, within the limits of ``edgecv.untrusted``.

    Raises:
        MalformedError: it is none, or beyond one of those limits.
    """
    try:
        return untrusted.read_json(payload)
    except UntrustedError as error:
        raise MalformedError(in_few_words(error)) from None


def in_few_words(error: UntrustedError) -> str:
    """Why something is not accepted, without places and values: messages are counted by it."""
    return str(error).removeprefix("it ").split(":")[0].split(" at ")[0]


def a_number(value: Any, field: str) -> float:
    """A number of at most ``LARGEST``; text that is one counts, for many devices send ``"21.5"``.

    Raises:
        MalformedError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise MalformedError(f"{field} is not a number")
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise MalformedError(f"{field} is not a number") from None
    if not math.isfinite(number):
        raise MalformedError(f"{field} is not a finite number")
    if abs(number) > LARGEST:
        raise MalformedError(f"{field} is beyond {LARGEST:g}")
    return number


def a_counter(value: Any, field: str = "the counter") -> int | None:
    """A whole number that grows with each message, 0 to ``MAX_INTEGER``; None for None.

    Raises:
        MalformedError: it is none.
    """
    if value is None:
        return None
    number = a_number(value, field)
    if not 0 <= number <= MAX_INTEGER or number != int(number):
        raise MalformedError(f"{field} is out of range")
    return int(number)


def a_time_s(value: Any, field: str = "the time") -> float | None:
    """Seconds since 1970 of an RFC 3339 text or a number of seconds or milliseconds; None for None.

    A time outside of the years 2000 to 2100 is that of a clock that was never set: it is None too, and what is told
    with it happened when it came.

    Raises:
        MalformedError: it is neither text nor number, or no time.
    """
    if value is None:
        return None
    if isinstance(value, str):
        number = _seconds(value, field)
    else:
        number = a_number(value, field)
        number = number / 1000.0 if abs(number) > _MILLISECONDS_FROM else number
    return number if EARLIEST_S <= number < LATEST_S else None


def _seconds(text: str, field: str) -> float:
    try:
        moment = datetime.fromisoformat(text) if len(text) <= _TIME_CHARS else None
    except ValueError:
        moment = None
    if moment is None:
        raise MalformedError(f"{field} is no RFC 3339 time")
    try:
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
    except (OverflowError, ValueError):  # beyond every calendar
        return 0.0


def a_name(value: Any, field: str) -> str:
    """Text or a number that names something, up to ``MAX_NAME_CHARS`` characters in one line.

    Raises:
        MalformedError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise MalformedError(f"{field} is no name")
    name = str(value)
    if not name.strip() or len(name) > MAX_NAME_CHARS or any(unicodedata.category(c) in _NOT_IN_NAMES for c in name):
        raise MalformedError(f"{field} is no name")
    return name


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
