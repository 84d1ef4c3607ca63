"""JSON, text and times from outside, bounded where they enter.

Whatever a broker, a device, a box or an upload sends passes here first. What this module returns can be stored by every
database, written to every log and compared with every other number: no lone surrogate, no NUL, no infinity, no nesting
that a later walk could not follow.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edgecv.errors import EdgecvError

MAX_JSON_BYTES = 1024 * 1024
"""An incident seen for a minute at 50 frames a second is 300 KB."""
MAX_DEPTH = 32
"""The contract nests five deep, ChirpStack and FHIR below twenty."""
MAX_VALUES = 100_000
"""Values and keys of one document; an incident with 3,000 track points has 15,000."""
MAX_TEXT_CHARS = 65_536
"""Of one string; a report of a medical device in base64 is the longest."""
MAX_INTEGER = 2**53
"""Beyond this JSON's readers disagree (RFC 8259, 6)."""
EARLIEST_S = datetime(2000, 1, 1, tzinfo=UTC).timestamp()
LATEST_S = datetime(2100, 1, 1, tzinfo=UTC).timestamp()
"""Times outside are those of a clock that was never set; calendars overflow at years 1 and 9999."""


_GB2312 = re.compile(rb"(?:[\x00-\x7f]|[\xa1-\xf7][\xa1-\xfe])*")


class UntrustedError(EdgecvError, ValueError):
    """Something from outside that is not accepted; the message says why, without the content."""


def read_json(raw: bytes | str, *, max_bytes: int = MAX_JSON_BYTES) -> Any:
    """Parse JSON from outside.

    Args:
        raw: UTF-8 bytes or text.
        max_bytes: length limit of ``raw``; of a text, its characters.

    Returns:
        dicts, lists, strings, finite floats, integers within ``MAX_INTEGER``, booleans and None.

    Raises:
        UntrustedError: not JSON, or beyond one of the limits of this module.
    """
    if len(raw) > max_bytes:
        raise UntrustedError(f"it has more than {max_bytes} bytes")
    try:
        text = raw.decode() if isinstance(raw, bytes) else raw
        value = json.loads(text, parse_constant=_no_constant, parse_float=_finite, parse_int=_integer)
    except UnicodeDecodeError as error:
        raise UntrustedError(f"it is not UTF-8 at byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise UntrustedError(f"it is not JSON: {error.msg} at character {error.pos}") from error
    except RecursionError as error:
        raise UntrustedError(f"it nests more than {MAX_DEPTH} deep") from error
    check_value(value)
    return value


def check_value(value: Any) -> None:
    """Check a parsed document against the limits of this module.

    Raises:
        UntrustedError: it is beyond one of them.
    """
    level: list[Any] = [value]
    values = 0
    for _ in range(MAX_DEPTH):
        values += len(level)
        if values > MAX_VALUES:
            raise UntrustedError(f"it has more than {MAX_VALUES} values")
        level = [child for parent in level for child in _checked_children(parent)]
        if not level:
            return
    raise UntrustedError(f"it nests more than {MAX_DEPTH} deep")


def check_text(text: str, max_chars: int = MAX_TEXT_CHARS, subject: str = "a text") -> str:
    """Return ``text`` where every database and log can hold it.

    Raises:
        UntrustedError: it is longer than ``max_chars``, or holds a NUL or half a surrogate pair.
    """
    if len(text) > max_chars:
        raise UntrustedError(f"{subject} has more than {max_chars} characters")
    if "\x00" in text:
        raise UntrustedError(f"{subject} holds a NUL character")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UntrustedError(f"{subject} holds half a surrogate pair") from error
    return text


def read_time(text: object, subject: str = "a time") -> float:
    """Seconds since 1970 of an RFC 3339 time between 2000 and 2100; one without an offset is UTC.

    Raises:
        UntrustedError: it is no such time.
    """
    if not isinstance(text, str) or len(text) > 64:
        raise UntrustedError(f"{subject} is no RFC 3339 text")
    try:
        moment = datetime.fromisoformat(text)
        seconds = (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError) as error:
        raise UntrustedError(f"{subject} is no RFC 3339 time") from error
    if not EARLIEST_S <= seconds < LATEST_S:
        raise UntrustedError(f"{subject} is not between the years 2000 and 2100")
    return seconds


def _checked_children(value: Any) -> Iterator[Any]:
    if isinstance(value, str):
        check_text(value)
    elif isinstance(value, float) and not math.isfinite(value):
        raise UntrustedError("a number is not finite")
    elif isinstance(value, int) and abs(value) > MAX_INTEGER:
        raise UntrustedError(f"an integer is beyond {MAX_INTEGER}")
    elif isinstance(value, dict):
        yield from value.keys()
        yield from value.values()
    elif isinstance(value, list | tuple):
        yield from value


def _no_constant(name: str) -> None:
    raise UntrustedError(f"{name} is not JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise UntrustedError("a number is beyond what a float holds")
    return value


def _integer(text: str) -> int:
    if len(text) > 17 or abs(int(text)) > MAX_INTEGER:
        raise UntrustedError(f"an integer is beyond {MAX_INTEGER}")
    return int(text)


def file_text(path: Path | str) -> str:
    """A file's name as text that every record, log and page can hold.

    A name is bytes. Where they are no UTF-8 they are read as GB 2312, which recorders in China write, where they have
    its form: pairs from 0xA1 on; what is left is written out.
    """
    return "/".join(map(_name_text, os.fsencode(path).split(b"/")))


def _name_text(name: bytes) -> str:
    try:
        return name.decode()
    except UnicodeDecodeError:
        if _GB2312.fullmatch(name):
            return name.decode("gb18030", "backslashreplace")
        return name.decode("utf-8", "backslashreplace")


def storable(text: str, most: int) -> str:
    """One line of at most ``most`` characters: half surrogate pairs and control characters are written out."""
    text_utf8 = text[:most].encode("utf-8", "backslashreplace").decode()
    return "".join(c if c.isprintable() or c == " " else repr(c)[1:-1] for c in text_utf8)[:most]
