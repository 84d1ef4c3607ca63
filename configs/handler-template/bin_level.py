"""Litter bins that say how full they are: an alarm when one is full, over when it was emptied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pydantic import Field

from edgecv.handlers import Details, DeviceSettings, Handler, HandlerContext, Input, MalformedError, MqttInput
from edgecv.handlers.payload_values import a_name, a_number, read_json
from edgecv.handlers.sources.mqtt import MqttSource


class BinSettings(DeviceSettings):
    """The section under ``devices`` of the box file; unknown keys are refused with the nearest known one."""

    mqtt: MqttInput = Field(description="the broker the bins speak to")
    topic: str = Field(description="the topic they speak on")
    full_percent: float = Field(default=90.0, description="a bin as full as this is an alarm")


class FullDetails(Details):
    """The ``details`` of an alarm; `edgecv handlers bin_level --schema` prints their JSON schema."""

    percent: float


class BinLevel(Handler[BinSettings]):
    """All bins of one broker."""

    kind = "bin_level"
    settings = BinSettings
    events: ClassVar[Mapping[str, Any]] = {"bin_full": FullDetails}

    def __init__(self, settings: BinSettings, context: HandlerContext) -> None:
        super().__init__(settings, context)

    def sources(self) -> Sequence[MqttSource]:
        """Where messages come from; each is acknowledged when what came of it is on the disk."""
        return [MqttSource.of(self.context.identity, self.config.mqtt, [self.config.topic])]

    def receive(self, message: Input) -> None:
        """One message: whatever is put, raised and told here is kept together, or not at all if this raises."""
        document = read_json(message.payload)
        if not isinstance(document, dict):
            raise MalformedError("is no bin's message")  # counted, one example kept
        name, percent = a_name(document.get("bin"), "the bin"), a_number(document.get("percent"), "the level")
        alarm = self.context.get(f"full/{name}")  # outlives a crash
        if percent >= self.config.full_percent and alarm is None:
            text = f"bin {name} is {percent:.0f} % full"
            alarm = self.context.alarm("bin_full", name, message.arrived_s, text, {"percent": percent})
            self.context.put(f"full/{name}", alarm)
        elif percent < self.config.full_percent and alarm is not None:
            self.context.update(alarm, f"bin {name} was emptied", ended_s=message.arrived_s)
            self.context.put(f"full/{name}", None)
