"""Holds a shop's sensors against its rules: how far, for how long, and when it is good again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pydantic import BaseModel

from edgecv.handlers.handler import Details, Handler, Input, MalformedError
from edgecv.handlers.handler_context import HandlerContext
from edgecv.handlers.hygiene.settings import HygieneSettings, Point
from edgecv.handlers.payload_values import Find, a_counter, a_number, a_time_s, finder, read_json
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
        if message.topic in self.config.points and self.config.points[message.topic].modbus is not None:
            if not isinstance(document, dict) or "value" not in document:
                raise MalformedError("a Modbus device answers with an exception")
            self._take(message.topic, self.config.points[message.topic], document["value"], None, None)
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

    def _take(self, name: str, point: Point, value: Any, stamp_s: float | None, counter: int | None) -> None:
        measured = float(value) if isinstance(value, bool) else a_number(value, point.quantity)
        observation = self._monitor.observe(name, stamp_s, counter)
        if observation is None or not observation.is_newest:
            return
        context, monitor = self.context, self._monitor
        context.gauges[f"{point.quantity}_{name}"] = measured
        if point.valid is not None:
            fails = not point.valid[0] <= measured <= point.valid[1]
            text = messages.FAULT(name=name, value=measured)
            monitor.judge(f"{name}/fault", self._fault, fails, observation.event_s, "hygiene_sensor", name, text, {})
            if fails:
                return
        for rule in point.rules:
            text = _TEXTS[point.quantity](name=name, value=measured, rule=rule.name, why=rule.in_words())
            details = {"rule": rule.name, "basis": rule.basis, "quantity": point.quantity}
            key, event_s = f"{name}/{rule.name}", observation.event_s
            monitor.judge(key, rule, measured, event_s, "hygiene_limit", name, text, details)


def _finders(point: Point) -> dict[str, Find]:
    paths = {"value": point.value, "time": point.time, "counter": point.counter}
    return {name: finder(path) for name, path in paths.items() if path is not None}
