"""How long to wait before trying again: ever longer, never quite the same."""

from __future__ import annotations

from tenacity import RetryCallState, Retrying, wait_exponential, wait_random


class Backoff:
    """Exponential back-off with jitter.

    Args:
        first_s: about the first wait, seconds.
        longest_s: about the longest, seconds.
    """

    def __init__(self, first_s: float, longest_s: float) -> None:
        self._wait = wait_exponential(first_s, longest_s) + wait_random(0.0, first_s)
        self._longest_s = longest_s
        self._tries = 0

    def next_s(self, *, slow: bool = False) -> float:
        """Seconds to wait now; ``slow`` waits the longest at once."""
        self._tries += 1
        state = RetryCallState(Retrying(), None, (), {})
        state.attempt_number = self._tries
        return self._longest_s if slow else float(self._wait(state))

    def reset(self) -> None:
        """It went well for a while: begin anew."""
        self._tries = 0
