"""A thread of the console that works until it is told to end."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod

_END_S = 5.0
"""Longest wait for its end: what it is at then is taken up by the next start."""


class BackgroundThread(ABC):
    """Something that runs in a thread of its own.

    Args:
        name: of the thread.
    """

    def __init__(self, name: str) -> None:
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        self._thread.join(_END_S)

    @abstractmethod
    def _run(self) -> None:
        """Work until it is stopping."""
