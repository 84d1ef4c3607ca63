"""Where inputs come from, whatever the protocol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

CONNECTING = "connecting to "
"""How a problem begins that is none yet."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """An input that is not acknowledged yet.

    Attributes:
        topic: where it came.
        payload: as it was sent.
        arrived_s: when, seconds since 1970, where the traffic of a rehearsal says so; else None.
        receipt: the source's own note of it.
        is_time: no input at all, but the time of a rehearsal.
        refusal: why the source itself could not read it; it is set aside.
    """

    topic: str
    payload: bytes
    arrived_s: float | None = None
    receipt: Any = None
    is_time: bool = False
    refusal: str | None = None


class Source(Protocol):
    """One connection to devices, used by one thread."""

    @property
    def problem(self) -> str | None:
        """Why nothing can come at present, or None while it can."""

    def take(self, seconds: float) -> Sequence[Arrival]:
        """What has come; waits up to so many seconds. Connects again by itself."""

    def done(self, arrivals: Sequence[Arrival]) -> None:
        """They are on the disk: acknowledge them."""

    def refused(self, arrival: Arrival, reason: str) -> None:
        """It could not be read; told before it is done."""

    def close(self) -> None:
        """Disconnect; what was not acknowledged comes again."""
