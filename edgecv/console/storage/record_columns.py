"""From a record to the columns that lists, filters and statistics ask for; every kind of device shares them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from edgecv.console.settings import AHEAD_S
from edgecv.untrusted import read_time


def seconds(text: str) -> float:
    """An RFC 3339 time as seconds since 1970; one without an offset is UTC.

    Raises:
        ValueError: it is not such a time.
    """
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()


def not_ahead(at_s: float, now_s: float) -> float:
    """A time that somebody else's clock says, seconds since 1970: no later than ``AHEAD_S`` after ours."""
    return at_s if at_s <= now_s + AHEAD_S else now_s


def columns_of(record: Mapping[str, Any], now_s: float) -> dict[str, Any]:
    """The columns of a record: what it does not say is None, so that other kinds of devices need no code here.

    Args:
        record: the contract's JSON, checked.
        now_s: when it came, seconds since 1970.

    Raises:
        UntrustedError: a time is none.
    """
    origin, mass = _section(record, "origin"), _section(record, "mass")
    floor, window = origin.get("floor"), origin.get("window")
    started_s = not_ahead(read_time(record["started_at"]), now_s)
    ended_s = None if record.get("ended_at") is None else not_ahead(read_time(record["ended_at"]), now_s)
    return {
        "source_id": str(record["id"]),
        "kind": str(record["kind"]),
        "site": str(record["site"]),
        "device": str(record["device"]),
        "building": str(origin.get("facade") or record["site"]),
        "floor": None if floor is None else int(floor),
        "floor_name": _text(origin.get("floor_name")),
        "window": _text(window),
        "p": _probability(origin, floor, window),
        "mass_class": _text(mass.get("class")),
        "hazard": _text(mass.get("hazard")),
        "label": str(_section(record, "verdict").get("label") or record["kind"]),
        "started_s": started_s,
        "ended_s": None if ended_s is None else max(ended_s, started_s),
        "subject": _text(record.get("subject")),
        "text": _text(record.get("text")),
    }


def _section(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = record.get(name)
    return section if isinstance(section, Mapping) else {}


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _probability(origin: Mapping[str, Any], floor: object, window: object) -> float | None:
    """Of the named window, or of the whole floor where only that is named."""
    if floor is None:
        return None
    matching = [
        float(candidate["p"])
        for candidate in origin.get("candidates") or ()
        if candidate.get("floor") == floor and (window is None or candidate.get("window") == window)
    ]
    return min(1.0, sum(matching)) if matching else None
