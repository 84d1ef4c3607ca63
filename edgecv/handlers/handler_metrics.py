"""Counters and gauges of one handler: each is a metric of the box."""

from __future__ import annotations

_MAX_COUNTERS = 200
"""Names of counters: each is a metric of its own, and a monitoring system keeps every name it ever saw."""
_MORE_COUNTERS = "more_counters"


class HandlerMetrics:
    """Counters and gauges by name; one name is one metric.

    Attributes:
        counts: what only grows.
        gauges: what is measured; the handler sets it.
    """

    def __init__(self) -> None:
        self.counts: dict[str, float] = {}
        self.gauges: dict[str, float] = {}

    def count(self, name: str, by: float = 1.0) -> None:
        """Let a counter grow; names beyond the limit share one counter."""
        if name not in self.counts and len(self.counts) >= _MAX_COUNTERS:
            name = _MORE_COUNTERS
        self.counts[name] = self.counts.get(name, 0.0) + by
