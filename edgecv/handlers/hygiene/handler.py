"""Holds a shop's sensors against its rules: how far, for how long, and when it is good again."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pydantic import BaseModel

from edgecv.handlers.handler import Details, Handler, Input, MalformedError
from edgecv.handlers.handler_context import HandlerContext
from edgecv.handlers.hygiene.plausible import implausible
from edgecv.handlers.hygiene.settings import HygieneSettings, Point, Register
from edgecv.handlers.payload_values import a_counter, a_number, a_time_s, finder, read_json
from edgecv.handlers.sensor_monitor import SensorMonitor
from edgecv.handlers.sources.modbus import ModbusSource
from edgecv.handlers.sources.mqtt import MqttSource
from edgecv.handlers.sources.source import Source
from edgecv.handlers.thresholds import Limit
from edgecv.messages import hygiene as messages
from edgecv.mqtt import topic_matches

_TEXTS = {
    "temperature_c": messages.TEMPERATURE,
    "humidity_percent": messages.HUMIDITY,
    "grease_percent": messages.GREASE,
    "particles_ug_m3": messages.PARTICLES,
    "switch": messages.SWITCH,
}

_MOST_PROBLEMS = 8
"""So many registers are named in a device's state; a gateway that is set up wrongly says the same of all."""
_EXCEPTIONS = {
    1: messages.EXCEPTION_FUNCTION,
    2: messages.EXCEPTION_ADDRESS,
    3: messages.EXCEPTION_ADDRESS,
    4: messages.EXCEPTION_DEVICE,
    6: messages.EXCEPTION_DEVICE,
    10: messages.EXCEPTION_UNIT,
    11: messages.EXCEPTION_UNIT,
}
"""What to check, by the exception's code (Modbus Application Protocol 1.1b3, 7)."""


class LimitDetails(Details):
    """A limit was broken."""

    rule: str
    basis: str | None
    quantity: str
    value: float
    worst: float | None
    limit: str


class FaultDetails(Details):
    """A sensor says what cannot be."""

    value: bool
    worst: bool | None
    limit: str


class SilentDetails(Details):
    """A sensor says nothing."""

    last_event_at: str | None
    limit_s: float


class HygieneHandler(Handler[HygieneSettings]):
    """One shop."""

    kind = "hygiene"
    settings = HygieneSettings
    needs = ("pymodbus",)
    events: ClassVar[Mapping[str, type[BaseModel]]] = {
        "hygiene_limit": LimitDetails,
        "hygiene_sensor": FaultDetails,
        "hygiene_silent": SilentDetails,
    }

    def __init__(self, settings: HygieneSettings, context: HandlerContext) -> None:
        super().__init__(settings, context)
        self._monitor = SensorMonitor(context, settings.silent_after_s, "hygiene_silent", settings.points)
        self._fault = Limit(equals=True, for_s=settings.fault_s)
        self._register_problems: dict[str, str] = {}
        self._find = {
            name: {
                key: finder(path) for key in ("value", "time", "counter") if (path := getattr(point, key)) is not None
            }
            for name, point in settings.points.items()
        }

    def sources(self) -> Sequence[Source]:
        """The broker, and each Modbus server."""
        config = self.config
        sources: list[Source] = []
        topics = [point.topic for point in config.points.values() if point.topic is not None]
        if config.mqtt is not None and topics:
            sources.append(MqttSource.of(self.context.identity, config.mqtt, topics))
        for name, server in config.modbus.items():
            registers = {
                point_name: point.modbus
                for point_name, point in config.points.items()
                if point.modbus is not None and point.modbus.server == name
            }
            sources.append(ModbusSource(name, server, registers))
        return sources

    def receive(self, message: Input) -> None:
        """A value of each point that listens there."""
        document = read_json(message.payload)
        point = self.config.points.get(message.topic)
        if point is not None and point.modbus is not None:
            self._take_register(message.topic, point, point.modbus, document)
            return
        has_value = False
        for name, point in self.config.points.items():
            if point.topic is None or not topic_matches(point.topic, message.topic):
                continue
            find = self._find[name]
            value = find["value"](document)
            if value is None:
                continue
            has_value = True
            stamp_s = a_time_s(find["time"](document)) if "time" in find else None
            counter = find["counter"](document) if "counter" in find else None
            self._take(name, point, value, stamp_s, a_counter(counter))
        if not has_value:
            raise MalformedError("holds no value of a point")

    def tick(self) -> None:
        """Who is silent."""
        self._monitor.tick()

    def problems(self) -> tuple[str, ...]:
        """Registers that answer with an exception or say what cannot be, and what to check."""
        return tuple(text for _, text in sorted(self._register_problems.items()))[:_MOST_PROBLEMS]

    def _take_register(self, name: str, point: Point, register: Register, document: Any) -> None:
        """A value that was asked for; the rules hold even for one that cannot be."""
        if not isinstance(document, dict) or "value" not in document:
            exception = document.get("exception") if isinstance(document, dict) else None
            self._register_problems[name] = _exception_in_words(name, exception)
            raise MalformedError("a Modbus device answers with an exception")
        value, registers = document["value"], document.get("registers")
        problem = None
        if isinstance(registers, list) and not _is_no_reading(point, float(value)):
            problem = implausible(name, point.quantity, float(value), registers, register.coding, point.valid)
        if problem is None:
            self._register_problems.pop(name, None)
        else:
            self._register_problems[name] = problem
        is_believed = not isinstance(registers, list) or not register.coding.is_swapped(registers)
        self._take(name, point, value if is_believed else 0.0, None, None, problem, is_believed=is_believed)

    def _take(
        self,
        name: str,
        point: Point,
        value: Any,
        stamp_s: float | None,
        counter: int | None,
        problem: str | None = None,
        *,
        is_believed: bool = True,
    ) -> None:
        """Hold a value against what can be, and against the rules.

        Args:
            name: of the point.
            point: the point.
            value: as it came.
            stamp_s: the sensor's own time, seconds since 1970, or None.
            counter: its own counter, or None.
            problem: what is wrong with how its register is read, or None.
            is_believed: whether the rules are held against it all the same.
        """
        measured = float(value) if isinstance(value, bool) else a_number(value, point.quantity)
        observation = self._monitor.observe(name, stamp_s, counter)
        if observation is None or not observation.is_newest:
            return
        if _is_no_reading(point, measured):
            return
        context, monitor = self.context, self._monitor
        if is_believed:
            context.gauges[f"{point.quantity}_{name}"] = measured
        if point.valid is not None or point.modbus is not None:
            is_possible = point.valid is None or point.valid[0] <= measured <= point.valid[1]
            fails = problem is not None or not is_possible
            text = problem or messages.FAULT(name=name, value=measured)
            monitor.judge(f"{name}/fault", self._fault, fails, observation.event_s, "hygiene_sensor", name, text, {})
            if not is_possible or not is_believed:
                return
        for rule in point.rules:
            text = _TEXTS[point.quantity](name=name, value=measured, rule=rule.name, why=rule.in_words())
            details = {"rule": rule.name, "basis": rule.basis, "quantity": point.quantity}
            key, event_s = f"{name}/{rule.name}", observation.event_s
            monitor.judge(key, rule, measured, event_s, "hygiene_limit", name, text, details)


def _is_no_reading(point: Point, value: float) -> bool:
    """Whether a value, scaled as the box file's number is, says nothing: 32767 tenths are not exactly 3276.7."""
    return any(math.isclose(value, one, rel_tol=1e-9) for one in point.no_reading)


def _exception_in_words(name: str, exception: Any) -> str:
    template = _EXCEPTIONS.get(exception) if isinstance(exception, int) else None
    return messages.EXCEPTION(name=name) if template is None else template(name=name, exception=exception)
