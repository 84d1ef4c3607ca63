"""What a device handler is: a kind, its settings, the events it may raise, and what it does with what devices send."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from edgecv.config.base import Section
from edgecv.config.devices import DeviceSettings
from edgecv.handlers.handler_context import HandlerContext
from edgecv.handlers.sources.source import Source

S = TypeVar("S", bound=DeviceSettings)


class Details(BaseModel):
    """Base of an alarm's ``details``: immutable, nothing unknown; its JSON schema is what receivers may rely on."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class MalformedError(ValueError):
    """A device sent what its handler cannot read; ``reason`` is one of few, for each is counted with one example.

    Args:
        reason: in few words, without any value.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Input:
    """One message of a device.

    Attributes:
        topic: where it came: an MQTT topic, the path of a web hook, the name of a polled point.
        payload: as it was sent.
        arrived_s: box time, seconds since 1970.
    """

    topic: str
    payload: bytes
    arrived_s: float


class Kind:
    """What every handler declares of itself; cameras do it too, though their worker is driven by pictures."""

    kind: ClassVar[str]
    """As in the box file and in the entry point."""
    section: ClassVar[str] = "devices"
    """Where in the box file its devices stand."""
    settings: ClassVar[type[Section]]
    events: ClassVar[Mapping[str, type[BaseModel]]]
    """The details of each kind of alarm it may raise."""
    needs: ClassVar[Sequence[str]] = ()
    """Modules of optional packages."""


class Handler(Kind, ABC, Generic[S]):
    """Looks after one device of the box file, or after thousands of one kind, in a process of its own.

    What it must not forget it puts into its context; alarms, state and the receipt of an input are committed together,
    and only then is the input acknowledged. So every input is handled at least once, and an alarm whose id comes from
    what was sent is raised once. An error it raises loses nothing but the one message, which is counted and kept as an
    example.

    Args:
        settings: its section of the box file.
        context: its stored state, its alarms and its events.
    """

    keeps_examples: ClassVar[bool] = True
    """Whether one unreadable message of each sort may be kept; False where it may hold what must not stay here."""

    def __init__(self, settings: S, context: HandlerContext) -> None:
        self.config = settings
        self.context = context

    @property
    def desk(self) -> HandlerContext:
        """The context under its name until 0.2; deprecated."""
        return self.context

    @abstractmethod
    def sources(self) -> Sequence[Source]:
        """Where its devices speak."""

    @abstractmethod
    def receive(self, message: Input) -> None:
        """Take one message.

        Raises:
            MalformedError: it cannot be read.
        """

    def tick(self) -> None:
        """Called about once a second of the context's time: what is due though nothing came."""

    def notices(self) -> tuple[str, ...]:
        """What whoever looks at the device's state should know though all is as it should be, in words."""
        return ()

    def problems(self) -> tuple[str, ...]:
        """What is not as it should be though it works, in words."""
        return ()


def schemas(handler: type[Kind]) -> dict[str, dict[str, Any]]:
    """The JSON schema of each kind of alarm's details."""
    return {kind: model.model_json_schema() for kind, model in handler.events.items()}
