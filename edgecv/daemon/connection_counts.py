"""What a camera's connections count: packets received, frames analysed, verdicts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields


@dataclass(frozen=True, slots=True)
class ConnectionCounts:
    """Counts of one connection, or the sum over several of them; the names are those of the metrics.

    Attributes:
        connections: how many connections these counts are of.
        packets: packets received.
        bytes: bytes received.
        dropped_packets: packets dropped undecoded because the box was late.
        dropped_groups: groups of pictures that they belonged to.
        decode_errors: packets that could not be decoded.
        thinned_frames: pictures decoded and not analysed because the box was late.
        frames: pictures analysed.
        tracks: tracks that ended.
        paths_left_out: paths that had no verdict, because more promising ones took the time.
        decode_seconds: time spent decoding.
        analysis_seconds: time spent analysing.
        verdicts: judged falls by label.
    """

    connections: int = 0
    packets: int = 0
    bytes: int = 0
    dropped_packets: int = 0
    dropped_groups: int = 0
    decode_errors: int = 0
    thinned_frames: int = 0
    frames: int = 0
    tracks: int = 0
    paths_left_out: int = 0
    decode_seconds: float = 0.0
    analysis_seconds: float = 0.0
    verdicts: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: ConnectionCounts) -> ConnectionCounts:
        """The counts of both."""
        return ConnectionCounts(**{name: getattr(self, name) + getattr(other, name) for name in _NAMES})

    def metrics(self) -> dict[str, float]:
        """Everything but the verdicts, by metric name."""
        return {name: float(getattr(self, name)) for name in _NAMES if name != "verdicts"}


_NAMES = tuple(column.name for column in fields(ConnectionCounts))
