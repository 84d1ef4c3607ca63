"""What lies between devices and the box: messages get lost, come twice, overtake each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from edgecv.simulation.devices.device_trace import Sent

_AGAIN_S = (20.0, 60.0)


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message at the box, ``at_s`` seconds since 1970."""

    at_s: float
    sent: Sent


@dataclass(frozen=True, slots=True)
class Channel:
    """How bad it is.

    Attributes:
        loss: share of messages that never arrive; sure ones are sent again.
        duplicate: share that arrives twice.
        overtaken: share that is held up and overtaken.
        held_up_s: for how long at most, seconds.
    """

    loss: float = 0.0
    duplicate: float = 0.0
    overtaken: float = 0.0
    held_up_s: float = 150.0

    def carry(self, sent: Sequence[Sent], seed: int) -> list[Arrived]:
        """What arrives, in the order of arrival."""
        rng = np.random.default_rng(seed)
        arrived = [arrived for message in sent for arrived in self._one(message, rng)]
        return sorted(arrived, key=lambda arrived: arrived.at_s)

    def _one(self, message: Sent, rng: np.random.Generator) -> Iterator[Arrived]:
        at_s = message.at_s
        while rng.random() < self.loss:
            if not message.sure:
                return
            at_s += rng.uniform(*_AGAIN_S)
        yield Arrived(at_s + self._delay_s(rng), message)
        if rng.random() < self.duplicate:
            yield Arrived(at_s + rng.uniform(0.0, 2.0) + self._delay_s(rng), message)

    def _delay_s(self, rng: np.random.Generator) -> float:
        quick_s = float(rng.uniform(0.05, 0.5))
        return quick_s + (float(rng.uniform(0.0, self.held_up_s)) if rng.random() < self.overtaken else 0.0)
