"""Handlers of another package, each bad in its own way."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from edgecv.handlers import Details, DeviceSettings, Handler, HandlerContext, Input


class BadDetails(Details):
    """Nothing."""


class BadSettings(DeviceSettings):
    """How it is bad."""

    how: str = Field(description="raises, hangs, floods, dies or eats")
    note: str = Field(description="a file it adds a line to whenever it starts")


class BadHandler(Handler[BadSettings]):
    """Bad as its section says."""

    kind = "bad"
    settings = BadSettings
    events: ClassVar[Any] = {"bad": BadDetails}

    def __init__(self, settings: BadSettings, context: HandlerContext) -> None:
        super().__init__(settings, context)
        with Path(settings.note).open("a") as file:
            file.write("started\n")
        if settings.how == "dies":
            os._exit(7)
        self._eaten: list[bytes] = []
        self._turn = 0

    def sources(self) -> Sequence[Any]:
        return []

    def receive(self, message: Input) -> None:
        """Nothing comes."""

    def tick(self) -> None:
        self._turn += 1
        if self.config.how == "raises":
            raise RuntimeError("bad")
        if self.config.how == "hangs":
            time.sleep(3600)
        if self.config.how == "eats":
            self._eaten.append(b"x" * 300_000_000)
        if self.config.how == "floods":
            for n in range(2000):
                self.context.alarm("bad", "x", self.context.now_s, "flood", {}, content=f"{self._turn}/{n}")
                self.context.send_event("flood", "flood")
