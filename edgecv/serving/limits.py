"""Numbers of the HTTP servers that were chosen, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass

BACKLOG = 128
"""Connections the kernel holds for us while we accept others."""
HEAD_BYTES = 16 * 1024
"""Request line and headers together; browsers send 1 to 2 KB, and h11 parses in time that grows with it."""
HANDSHAKE_S = 10.0
"""For a TLS handshake: two round trips, and a phone's bad radio."""
GOODBYE_S = 5.0
"""How long a connection may take to close once nothing more is to be said: to read the rest of an answer, or to send
the rest of a body that was refused, whose sender would otherwise see a reset and no reason."""
KEEP_ALIVE_S = 5
"""How long a quiet connection waits for its next request; pages ask for their parts within a second."""
TICK_S = 1.0
"""How often a connection's deadlines are looked at."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What clients of one server may take.

    Attributes:
        connections: at once, TLS handshakes included; below the 1024 descriptors that a process has by default.
        per_address: of those, from one address; an office behind one address has some tabs open, each a stream and a
            few requests. Trusted proxies are exempt, for all come from their address.
        head_s: for request line and headers to come, seconds.
        body_bytes_s: a body's slowest pace, bytes per second: a gigabyte of evidence may take its time, a form that
            drips may not.
        body_window_s: over how many seconds the pace is measured; a radio that is lost for a moment is forgiven.
        answer_s: how long a client may take to read 48 KB of an answer, seconds.
    """

    connections: int = 512
    per_address: int = 128
    head_s: float = 10.0
    body_bytes_s: float = 1024.0
    body_window_s: float = 10.0
    answer_s: float = 30.0


SMALL = Limits(connections=128, per_address=64)
"""For servers that programs ask: metrics, health and hooks."""
