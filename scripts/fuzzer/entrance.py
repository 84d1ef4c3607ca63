"""What an entrance is: a maker of inputs, a way in, and a check that the next good input is still taken."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar

Case = Any
"""One input, of JSON's types, so that it can be kept in a file and made smaller; bytes are text in Latin-1."""


class ViolationError(AssertionError):
    """An input had an effect that none may have; the message says which, without the input."""


class Entrance(ABC):
    """One way into the product. ``open`` comes first, then any number of cases."""

    name: ClassVar[str]
    weight: ClassVar[float] = 1.0
    """Share of a run's time."""
    smoke: ClassVar[int] = 100
    """Inputs of a short run; some seconds."""
    good_every: ClassVar[int] = 1
    """After how many inputs the good one is tried."""

    remembers: ClassVar[bool] = True
    """Whether an input changes what the next one meets, so that a failing one calls for fresh state."""

    @abstractmethod
    def open(self, folder: Path) -> None:
        """Begin with fresh state in an empty folder."""

    @abstractmethod
    def make(self, rng: random.Random) -> Case:
        """An input; the same generator gives the same."""

    @abstractmethod
    def attempt(self, case: Case) -> None:
        """Let an input in.

        Raises:
            ViolationError: its effect is one that none may have. Any other exception means the same.
        """

    def good(self) -> None:  # noqa: B027 - entrances without memory have nothing to check
        """Let a good input in.

        Raises:
            ViolationError: it is not taken.
        """

    def close(self) -> None:  # noqa: B027 - entrances without resources have nothing to close
        """Give back what ``open`` took."""


def expect(holds: bool, otherwise: str) -> None:
    """Stop with a violation unless something holds.

    Raises:
        ViolationError: it does not.
    """
    if not holds:
        raise ViolationError(otherwise)
