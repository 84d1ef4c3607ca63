"""Payloads whose parts say what they are: type-length-value, flags for groups, and one of several layouts.

A payload is read whole or refused: past a part that is not known nothing can be found, and half a payload would look
like a cover that says less than it does.
"""

from __future__ import annotations

from collections.abc import Mapping

from edgecv.handlers.handler import MalformedError
from edgecv.handlers.manhole.byte_fields import Entry, Order, read_fields
from edgecv.handlers.manhole.readings import Readings

_UNKNOWN = "holds a part that its layout does not know"
_SHORT = "is shorter than its layout"
_LONG = "is longer than its layout"


def read_tlv(raw: bytes, entries: Mapping[bytes, Entry], order: Order) -> Readings:
    """Parts one after another in any order, each with its key, such as a channel and a type.

    Raises:
        MalformedError: a part is not known, or the payload ends within one.
    """
    size, at, readings = len(next(iter(entries))), 0, Readings()
    while at < len(raw):
        entry = entries.get(raw[at : at + size])
        if entry is None:
            raise MalformedError(_UNKNOWN)
        at += size
        if at + (entry.length or 0) > len(raw):
            raise MalformedError(_SHORT)
        readings = _joined(readings, read_fields(entry.fields, raw, at, order))
        at += entry.length or 0
    return readings


def read_flagged(raw: bytes, flags_at: int, start: int, entries: Mapping[int, Entry], order: Order) -> Readings:
    """Groups in the order of their flags, those that are there.

    Raises:
        MalformedError: a flag is not known, or the payload is shorter or longer than its groups.
    """
    flags = int.from_bytes(raw[flags_at : flags_at + 2], order)
    if len(raw) < max(flags_at + 2, start):
        raise MalformedError(_SHORT)
    if flags & ~sum(1 << bit for bit in entries):
        raise MalformedError(_UNKNOWN)
    at, readings = start, Readings()
    for bit in sorted(entries):
        if flags >> bit & 1:
            length = entries[bit].length or 0
            if at + length > len(raw):
                raise MalformedError(_SHORT)
            readings = _joined(readings, read_fields(entries[bit].fields, raw, at, order))
            at += length
    if at != len(raw):
        raise MalformedError(_LONG)
    return readings


def read_variant(raw: bytes, key_at: int, entries: Mapping[bytes, Entry], order: Order) -> Readings:
    """One of several layouts, told by a key in the payload.

    Raises:
        MalformedError: the key is not known, or the payload is not as long as its layout.
    """
    size = len(next(iter(entries)))
    entry = entries.get(raw[key_at : key_at + size])
    if entry is None:
        raise MalformedError(_UNKNOWN)
    if entry.length is not None and len(raw) != entry.length:
        raise MalformedError(_SHORT if len(raw) < entry.length else _LONG)
    return read_fields(entry.fields, raw, 0, order)


def _joined(readings: Readings, more: Readings) -> Readings:
    """Both; a sensor fails where one of its parts does."""
    both = {**readings, **more}
    for name in ("fault", "too_near", "unmeasured"):
        if name in readings and name in more:
            both[name] = max(readings[name], more[name])
    return both
