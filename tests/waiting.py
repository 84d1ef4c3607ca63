"""Waiting for what other processes do: until it is so, never for a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

SLOW_MACHINE_S = 90.0


def wait_for(what: Callable[[], Any], why: str = "what was to happen", seconds: float = SLOW_MACHINE_S) -> Any:
    """Wait until something is true and return it."""
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s in vain: {why}"
        time.sleep(0.02)
    return found
