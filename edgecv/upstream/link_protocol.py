"""What a target's sender asks of a link: open it, deliver messages over it, report why that fails."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from edgecv.storage.outbox import Message


class UndeliveredError(Exception):
    """The target takes nothing at present; the same messages are tried again for as long as it takes.

    Args:
        problem: in plain words, for the target's status; never holds a secret.
        retry_after_s: how long the target asked to be left alone, seconds.
    """

    def __init__(self, problem: str, retry_after_s: float = 0.0) -> None:
        super().__init__(problem)
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome of one message.

    Attributes:
        message: the message.
        refusal: why the target will not have this one, in plain words; ``None`` when it was taken.
        skipped: it was not for this target, and nothing was sent.
    """

    message: Message
    refusal: str | None = None
    skipped: bool = False


class Link(Protocol):
    """One target's transport, driven by one thread: ``open``, then the others, then ``close``, again and again."""

    def open(self, timeout_s: float) -> None:
        """Connect, in at most about so many seconds.

        Raises:
            UndeliveredError: the target cannot be reached or does not let us in.
            ConfigError: a file that the box file names is not as it must be.
        """

    def show(self, states: Mapping[str, Mapping[str, Any]]) -> None:
        """Make the devices' newest states known, where the target wants them."""

    def deliver(self, messages: Sequence[Message]) -> Iterator[list[Answer]]:
        """Send messages in order and yield answers in the same order, as they come.

        Raises:
            UndeliveredError: the messages that were not yielded are not delivered.
        """

    def idle(self, seconds: float) -> None:
        """Let up to so many seconds pass, keeping the connection alive.

        Raises:
            UndeliveredError: the connection is gone.
        """

    def close(self, *, clean: bool, timeout_s: float) -> None:
        """Let go; ``clean`` when the box means to stop, so that nobody need worry. Never raises."""
