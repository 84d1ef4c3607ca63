"""What the daemon's processes tell their supervisor."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from edgecv.config.known_secrets import hide_secrets
from edgecv.messages import mapped

WorkerState = Literal["starting", "connecting", "watching", "unreachable", "login_refused", "finished", "stopping"]


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A worker or handler is alive: sent once a second by the thread that does the work.

    Attributes:
        state: what it is doing.
        text: the same in words, with the reason where something is wrong.
        picture: whether it has had a picture, or a connection to its devices, since it started.
        degraded: what is not as it should be though it works, in words.
        counts: what only grows since the worker started, by metric name.
        gauges: what goes up and down, by metric name.
        verdicts: judged falls by label.
    """

    state: WorkerState
    text: str
    picture: bool = False
    degraded: tuple[str, ...] = ()
    counts: dict[str, float] = field(default_factory=dict)
    gauges: dict[str, float] = field(default_factory=dict)
    verdicts: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """What it says goes upstream and on pages: secrets end where they are known, in the process that has them."""
        object.__setattr__(self, "text", mapped(self.text, hide_secrets))
        object.__setattr__(self, "degraded", tuple(mapped(text, hide_secrets) for text in self.degraded))


@dataclass(frozen=True, slots=True)
class NewSetUp:
    """To a worker that goes on after a reload: the box file's hash is now this one."""

    config_sha256: str | None
