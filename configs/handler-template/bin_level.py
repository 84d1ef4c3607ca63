"""Litter bins that say how full they are: an alarm when one is full, over when it was emptied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pydantic import Field

from edgecv.handlers import Desk, Details, DeviceSettings, Handler, Input, MalformedError, MqttInput
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

    def __init__(self, settings: BinSettings, desk: Desk) -> None:
        super().__init__(settings, desk)

    def sources(self) -> Sequence[MqttSource]:
        """Where messages come from; each is acknowledged when what came of it is on the disk."""
        return [MqttSource.of(self.desk.who, self.config.mqtt, [self.config.topic])]

    def receive(self, given: Input) -> None:
        """One message: whatever is put, raised and told here is kept together, or not at all if this raises."""
        document = read_json(given.payload)
        if not isinstance(document, dict):
            raise MalformedError("is no bin's message")  # counted, one example kept
        name, percent = a_name(document.get("bin"), "the bin"), a_number(document.get("percent"), "the level")
        alarm = self.desk.get(f"full/{name}")  # outlives a crash
        if percent >= self.config.full_percent and alarm is None:
            details = {"percent": percent}
            alarm = self.desk.alarm("bin_full", name, given.arrived_s, f"bin {name} is {percent:.0f} % full", details)
            self.desk.put(f"full/{name}", alarm)
        elif percent < self.config.full_percent and alarm is not None:
            self.desk.update(alarm, f"bin {name} was emptied", ended_s=given.arrived_s)
            self.desk.put(f"full/{name}", None)
