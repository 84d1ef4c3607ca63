"""Filters of the list as they stand in an address: what is not understood there counts as not given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from time import time as now
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from edgecv.console.cases.listing import Filters, Place
from edgecv.console.cases.state_machine import State
from edgecv.untrusted import EARLIEST_S, LATEST_S

_MOST_CHARS, _DAY_CHARS = 100, 32
_PLACE_CHARS = 60
NAMES = ("building", "floor", "device", "mass_class", "kind", "state", "since", "until", "due")


def read_filters(query: Mapping[str, str], timezone: ZoneInfo) -> Filters:
    """The filters of a query; ``since`` and ``until`` are days in that time zone, both included."""
    state = query.get("state")
    return Filters(
        building=_text(query, "building"),
        floor=_floor(query.get("floor", "")),
        device=_text(query, "device"),
        mass_class=_text(query, "mass_class"),
        kind=_text(query, "kind"),
        state=state if state in set(State) else None,
        since_s=_midnight(query.get("since", ""), timezone, 0),
        until_s=_midnight(query.get("until", ""), timezone, 1),
        due_before_s=now() if query.get("due") == "over" else None,
    )


def read_place(query: Mapping[str, str]) -> Place | None:
    """Where the page begins; the newest where it does not say."""
    try:
        return Place.read(query.get("after", "")[:_PLACE_CHARS])
    except ValueError:
        return None


def filter_values(query: Mapping[str, str], names: Sequence[str] = NAMES) -> dict[str, str]:
    """Every filter as it stands in the address; empty where it is not given."""
    return {name: display_value(query, name) for name in names}


def display_value(query: Mapping[str, str], name: str) -> str:
    """A filter as it stands in the address, as far as one can be as long."""
    return query.get(name, "")[:_MOST_CHARS]


def address(path: str, **query: object) -> str:
    """A path with a query; what is empty is left out."""
    chosen = {name: str(value) for name, value in query.items() if value not in (None, "")}
    return f"{path}?{urlencode(chosen)}" if chosen else path


def _text(query: Mapping[str, str], name: str) -> str | None:
    text = query.get(name, "")
    return text if 0 < len(text) <= _MOST_CHARS and text.isprintable() else None


def _floor(text: str) -> int | None:
    try:
        floor = int(text) if len(text) < 6 else None
    except ValueError:
        return None
    return floor


def _midnight(text: str, timezone: ZoneInfo, days_later: int) -> float | None:
    try:
        day = date.fromisoformat(text[:_DAY_CHARS]) + timedelta(days=days_later)
        moment = datetime.combine(day, time(), timezone).timestamp()
    except (ValueError, OverflowError, OSError):
        return None
    return moment if EARLIEST_S <= moment <= LATEST_S else None
