"""Rules without code: any sensor that speaks JSON over MQTT, its values found by JSONPath and held against limits."""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, Field

from edgecv.config.base import Conflict, NonBlankText, Number, entries, part
from edgecv.config.devices import DeviceSettings, MqttInput
from edgecv.handlers.handler import Details, Handler, Input, MalformedError
from edgecv.handlers.handler_context import HandlerContext
from edgecv.handlers.payload_values import (
    MAX_NAME_CHARS,
    JsonPath,
    a_counter,
    a_name,
    a_number,
    a_time_s,
    finder,
    read_json,
)
from edgecv.handlers.sensor_monitor import SensorMonitor
from edgecv.handlers.sources.mqtt import MqttSource
from edgecv.handlers.sources.source import Source
from edgecv.handlers.thresholds import Limit
from edgecv.handlers.topics import TopicFilter
from edgecv.messages import hygiene as messages

_USUAL_MESSAGE = "{subject}: {rule} is {value} ({limit})"
_PLACES = ("subject", "value", "rule", "limit")


def _message(text: str) -> str:
    try:
        names = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
    except ValueError as error:
        raise ValueError(f"has braces that do not match ({error}); write {{{{ for a brace") from None
    for name in names:
        if name not in _PLACES:
            raise ValueError(f"'{{{name}}}' is nothing it can name; known are {', '.join(f'{{{p}}}' for p in _PLACES)}")
    return text


class Rule(Limit):
    """One limit of one value."""

    name: NonBlankText = Field(description="what it is called in alarms")
    value: JsonPath = Field(description="where the value stands in the payload, a JSONPath")
    no_reading: tuple[Number, ...] = Field(
        default=(), description="values that are no reading, such as those of a distance sensor without an echo"
    )
    message: Annotated[NonBlankText, AfterValidator(_message)] = Field(
        default=_USUAL_MESSAGE, description="the alarm's sentence, with {subject} and so on"
    )


class RulesSettings(DeviceSettings):
    """Sensors over MQTT with rules."""

    mqtt: MqttInput = Field(description="the broker the sensors speak to")
    topics: Annotated[tuple[TopicFilter, ...], Field(min_length=1)] = Field(
        description="a list of topics; + and # allowed"
    )
    subject: JsonPath | None = Field(
        default=None, description="where the sensor's name stands in the payload; the topic when left out"
    )
    time: JsonPath | None = Field(default=None, description="where the sensor's own time stands; arrival when left out")
    counter: JsonPath | None = Field(default=None, description="where a number stands that grows with each message")
    silent_after_s: Annotated[Number, Field(gt=0)] | None = Field(
        default=None, description="a sensor that says nothing for so long is an alarm, seconds"
    )
    rules: Annotated[tuple[Rule, ...], Field(min_length=1)] = Field(description="a list of rules")

    @classmethod
    def conflicts(cls, values: Mapping[str, object]) -> Iterable[Conflict]:
        """Rules have names of their own."""
        seen: set[object] = set()
        for index, rule in enumerate(entries(values, "rules")):
            name = part(rule, "name")
            if isinstance(name, str) and name in seen:
                yield Conflict(("rules", index, "name"), "is another rule's name too; choose another")
            seen.add(name)


class RuleDetails(Details):
    """A value broke its limit."""

    rule: str
    value: float | bool | str
    worst: float | bool | str | None
    limit: str


class SilentDetails(Details):
    """A sensor says nothing."""

    last_event_at: str | None
    limit_s: float


class RulesHandler(Handler[RulesSettings]):
    """Holds what sensors say against the box file's rules."""

    kind = "rules"
    settings = RulesSettings
    events: ClassVar[Mapping[str, type[BaseModel]]] = {"rule_broken": RuleDetails, "rule_silent": SilentDetails}

    def __init__(self, settings: RulesSettings, context: HandlerContext) -> None:
        super().__init__(settings, context)
        self._monitor = SensorMonitor(context, settings.silent_after_s, "rule_silent")
        paths = {"subject": settings.subject, "time": settings.time, "counter": settings.counter}
        self._find = {name: finder(path) for name, path in paths.items() if path is not None}
        self._rules = [(rule, finder(rule.value)) for rule in settings.rules]

    def sources(self) -> Sequence[Source]:
        """The broker."""
        return [MqttSource.of(self.context.identity, self.config.mqtt, self.config.topics)]

    def receive(self, message: Input) -> None:
        """Hold every rule's value against its limit; a message without that value says nothing of it."""
        document = read_json(message.payload)
        subject = message.topic
        if "subject" in self._find:
            subject = self._find["subject"](document)
        subject = a_name(subject, "the subject")
        stamp_s = a_time_s(self._find["time"](document)) if "time" in self._find else None
        counter = a_counter(self._find["counter"](document)) if "counter" in self._find else None
        read = [(rule, _value(rule, value)) for rule, find in self._rules if (value := find(document)) is not None]
        if not read:
            raise MalformedError("holds none of the values of the rules")
        seen = self._monitor.observe(subject, stamp_s, counter)
        if seen is None or not seen.is_newest:
            return
        for rule, value in read:
            if not isinstance(value, bool) and value in rule.no_reading:
                continue
            value_text = f"{value:g}" if isinstance(value, float) else str(value)
            text: str = messages.RULE(name=subject, rule=rule.name, value=value_text, why=rule.in_words())
            if rule.message != _USUAL_MESSAGE:
                text = rule.message.format(subject=subject, value=value_text, rule=rule.name, limit=rule.in_words())
            key = f"{subject}/{rule.name}"
            self._monitor.judge(key, rule, value, seen.event_s, "rule_broken", subject, text, {"rule": rule.name})

    def tick(self) -> None:
        """Who is silent."""
        self._monitor.tick()


def _value(rule: Rule, value: Any) -> float | bool | str:
    if rule.equals is None:
        return a_number(value, f"the value of {rule.name}")
    if not isinstance(value, bool | int | float | str):
        raise MalformedError(f"the value of {rule.name} is neither number nor text nor truth value")
    if isinstance(value, str) and len(value) > MAX_NAME_CHARS:
        raise MalformedError(f"the value of {rule.name} has more than {MAX_NAME_CHARS} characters")
    return value if isinstance(value, bool | str) else a_number(value, f"the value of {rule.name}")
