"""Times as records hold them."""

from __future__ import annotations

from datetime import UTC, datetime

from edgecv.untrusted import EARLIEST_S, LATEST_S


def stamp(seconds: float) -> str:
    """A time in seconds since 1970 as RFC 3339 in UTC, milliseconds; one before 2000 or after 2099 is the nearest."""
    seconds = min(max(seconds, EARLIEST_S), LATEST_S - 0.001)
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
