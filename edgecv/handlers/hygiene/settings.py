"""The box file's section for a shop's hygiene."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic import Field

from edgecv.config.base import Conflict, NonBlankText, Number, Section, TopicName, WholeNumber, entries, part
from edgecv.config.devices import DeviceSettings, MqttInput
from edgecv.handlers.payload_values import JsonPath
from edgecv.handlers.sources.modbus_registers import Coding, Order
from edgecv.handlers.thresholds import Limit
from edgecv.handlers.topics import TopicFilter

Quantity = Literal["temperature_c", "humidity_percent", "grease_percent", "particles_ug_m3", "switch"]


class ModbusServer(Section):
    """A sensor or gateway that speaks Modbus TCP."""

    host: NonBlankText = Field(description="its name or address")
    port: Annotated[WholeNumber, Field(ge=1, le=65535)] = Field(default=502, description="its TCP port")
    every_s: Annotated[Number, Field(ge=0.2, le=3600)] = Field(default=10.0, description="seconds between questions")
    timeout_s: Annotated[Number, Field(gt=0, le=30)] = Field(default=2.0, description="how long it may take to answer")


class Register(Section):
    """One value in a Modbus device."""

    server: NonBlankText = Field(description="which of the section's modbus servers")
    unit: Annotated[WholeNumber, Field(ge=0, le=255)] = Field(default=1, description="unit (slave) number")
    address: Annotated[WholeNumber, Field(ge=0, le=65535)] = Field(description="register address, counted from 0")
    kind: Literal["holding", "input", "coil", "discrete"] = Field(
        default="holding", description="holding or input (function 3 or 4), coil or discrete (1 or 2)"
    )
    type: Literal["i16", "u16", "i32", "u32", "f32", "i64", "u64", "f64"] = Field(
        default="i16", description="i (signed), u (unsigned) or f (float) and its bits"
    )
    word_order: Order = Field(
        default="big", description="big where the register of the highest bits comes first, else little"
    )
    byte_order: Order = Field(default="big", description="big where a register's high byte comes first, as usual")
    bit: Annotated[WholeNumber, Field(ge=0, le=15)] | None = Field(
        default=None, description="only this bit of the register, 0 for the lowest"
    )
    scale: Number = Field(default=1.0, description="what it is multiplied by")
    plus: Number = Field(default=0.0, description="what is then added")

    @classmethod
    def conflicts(cls, values: Mapping[str, object]) -> Iterable[Conflict]:
        """A single bit has no type and no order."""
        is_bit = values.get("kind") in {"coil", "discrete"}
        for key in ("type", "word_order", "byte_order", "bit") if is_bit else ():
            if key in values:
                yield Conflict((key,), f"is of no use for a {values.get('kind')}, which is one bit")
        if values.get("bit") is not None and values.get("type", "i16") not in {"i16", "u16"}:
            yield Conflict(("bit",), "is one of a register of 16; leave out the type")
        if values.get("word_order") is not None and values.get("type", "i16") in {"i16", "u16"} and not is_bit:
            yield Conflict(("word_order",), "is of no use for one register; did you mean byte_order?")

    @property
    def coding(self) -> Coding:
        """How the number lies in the registers."""
        return Coding(self.type, self.word_order, self.byte_order, self.scale, self.plus)


class Rule(Limit):
    """One limit of a food-safety rule."""

    name: NonBlankText = Field(description="what it is called in alarms")
    basis: NonBlankText | None = Field(
        default=None, description="the rule it comes from, such as the standard's clause"
    )


class Point(Section):
    """One sensor's value."""

    quantity: Quantity = Field(description="what it measures")
    topic: TopicFilter | None = Field(default=None, description="the MQTT topic it speaks on")
    value: JsonPath = Field(default="$.value", description="where its value stands in the payload")
    time: JsonPath | None = Field(default=None, description="where its own time stands")
    counter: JsonPath | None = Field(default=None, description="where a number stands that grows with each message")
    modbus: Register | None = Field(default=None, description="where it stands in a Modbus device")
    valid: tuple[Number, Number] | None = Field(
        default=None, description="what it can be at all, [least, most]; anything else is a sensor that fails"
    )
    no_reading: tuple[Number, ...] = Field(
        default=(), description="values that are no reading: the sensor is heard, and nothing is judged"
    )
    rules: Annotated[tuple[Rule, ...], Field(min_length=1)] = Field(description="a list of rules")

    @classmethod
    def conflicts(cls, values: Mapping[str, object]) -> Iterable[Conflict]:
        """One way in."""
        if (values.get("topic") is None) == (values.get("modbus") is None):
            yield Conflict(("topic",), "or modbus must say where the value comes from; give one of them")
        names = [part(rule, "name") for rule in entries(values, "rules")]
        for index, name in enumerate(names):
            if name is not None and name in names[:index]:
                yield Conflict(("rules", index, "name"), "is another rule's name too; choose another")


class HygieneSettings(DeviceSettings):
    """A shop's sensors."""

    mqtt: MqttInput | None = Field(default=None, description="the broker of those that speak MQTT")
    modbus: dict[NonBlankText, ModbusServer] = Field(default_factory=dict, description="Modbus TCP servers by name")
    points: Annotated[dict[TopicName, Point], Field(min_length=1)] = Field(description="the sensors, each by its name")
    fault_s: Annotated[Number, Field(ge=0)] = Field(
        default=300.0, description="how long a sensor may say what cannot be, seconds"
    )
    silent_after_s: Annotated[Number, Field(gt=0)] = Field(
        default=3600.0, description="a sensor that says nothing for so long is an alarm, seconds"
    )

    @classmethod
    def conflicts(cls, values: Mapping[str, object]) -> Iterable[Conflict]:
        """Every point's broker or server is there."""
        servers = values.get("modbus")
        server_names = list(servers) if isinstance(servers, Mapping) else []
        points = values.get("points")
        for name, point in points.items() if isinstance(points, Mapping) else ():
            server = part(part(point, "modbus"), "server")
            if isinstance(server, str) and server not in server_names:
                names = "there are none yet: add it under modbus"
                if server_names:
                    names = f"known are {', '.join(server_names)}"
                yield Conflict(("points", str(name), "modbus", "server"), f"is no server of this device; {names}")
            if part(point, "topic") is not None and values.get("mqtt") is None:
                yield Conflict(("points", str(name), "topic"), "needs a broker; add mqtt to the device")
