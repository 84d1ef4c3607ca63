"""From a cover's payload to readings as the box file declares it: Cayenne LPP, a byte layout, values by JSONPath."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Literal

from cayennelpp import LppFrame
from pydantic import Field

from edgecv.config.base import Conflict, Number, Section, WholeNumber
from edgecv.handlers.handler import MalformedError
from edgecv.handlers.payload_values import JsonPath, a_number, finder

Reading = Literal[
    "tilt_deg",
    "open",
    "shock",
    "loop_broken",
    "fault",
    "water_cm",
    "gas_percent",
    "battery_percent",
    "battery_v",
    "latitude",
    "longitude",
    "acceleration",
    "position",
]
Readings = dict[str, float]
"""Numbers by name; what is a truth value is 0 or 1."""
_BYTES = {"u8": "B", "i8": "b", "u16": "H", "i16": "h", "u32": "I", "i32": "i", "f32": "f"}
_LONGEST = 242  # bytes: the largest payload LoRaWAN carries in any region


class ByteField(Section):
    """One number in a payload of bytes."""

    name: Reading = Field(description="what it is")
    at: Annotated[WholeNumber, Field(ge=0, lt=_LONGEST)] = Field(
        description="its first byte, 0 for the payload's first"
    )
    type: Literal["u8", "i8", "u16", "i16", "u32", "i32", "f32"] = Field(
        default="u8", description="u or i (signed) and its bits, or f32"
    )
    bit: Annotated[WholeNumber, Field(ge=0, lt=32)] | None = Field(
        default=None, description="only this bit of it, 0 for the lowest"
    )
    scale: Number = Field(default=1.0, description="what it is multiplied by")
    plus: Number = Field(default=0.0, description="what is then added")


class Decoder(Section):
    """How payloads are read."""

    form: Literal["cayenne_lpp", "bytes", "values"] = Field(description="cayenne_lpp, bytes or values")
    port: Annotated[WholeNumber, Field(ge=1, le=255)] | None = Field(
        default=None, description="only uplinks of this LoRaWAN port are read"
    )
    channels: dict[str, Reading] = Field(default_factory=dict, description="for cayenne_lpp: what each channel is")
    order: Literal["big", "little"] = Field(default="big", description="for bytes: which byte comes first")
    fields: tuple[ByteField, ...] = Field(default=(), description="for bytes: a list of fields")
    values: dict[Reading, JsonPath] = Field(
        default_factory=dict,
        description="for values: a JSONPath into what ChirpStack decoded, or into the payload",
    )

    @classmethod
    def conflicts(cls, values: Mapping[str, object]) -> Iterable[Conflict]:
        """Each form has its own part."""
        parts = {"cayenne_lpp": "channels", "bytes": "fields", "values": "values"}
        needed = parts.get(str(values.get("form")))
        if needed is not None and not values.get(needed):
            yield Conflict((needed,), f"is needed for the form '{values.get('form')}'")
        channels = values.get("channels")
        for channel in channels if isinstance(channels, Mapping) else ():
            if not (isinstance(channel, str) and channel.isdigit() and int(channel) <= 255):
                yield Conflict(("channels", channel), 'is no channel; write "0" to "255" in quotes')


Read = Callable[[bytes, Any], Readings]
"""From the raw bytes and the decoded object to readings; raises MalformedError."""


def reader(decoder: Decoder) -> Read:
    """The function that reads payloads as declared."""
    if decoder.form == "cayenne_lpp":
        channels = {int(channel): name for channel, name in decoder.channels.items()}
        return lambda raw, _: _complete(_cayenne(raw, channels))
    if decoder.form == "bytes":
        return lambda raw, _: _complete(_bytes(raw, decoder))
    finders: dict[str, Callable[[Any], Any]] = {name: finder(path) for name, path in decoder.values.items()}
    return lambda _, document: _complete(_values(document, finders))


def _cayenne(raw: bytes, channels: Mapping[int, str]) -> Readings:
    try:
        frame = LppFrame.from_bytes(raw)
        items = [(int(item.channel), tuple(item.value)) for item in frame]
    except Exception:  # the library raises what it happens to run into
        raise MalformedError("is not Cayenne LPP") from None
    readings: Readings = {}
    for channel, values in items:
        name = channels.get(channel)
        if name is None:
            continue
        if name in {"acceleration", "position"}:
            readings |= _of_three(name, values)
        else:
            readings[name] = a_number(values[0], name)
    return readings


def _of_three(name: str, values: tuple[Any, ...]) -> Readings:
    if len(values) < 2 + (name == "acceleration"):
        raise MalformedError(f"{name} has too few values")
    if name == "position":
        return {"latitude": a_number(values[0], "latitude"), "longitude": a_number(values[1], "longitude")}
    x, y, z = (a_number(value, "acceleration") for value in values[:3])
    length = math.sqrt(x * x + y * y + z * z)
    if length < 0.1:  # g: a sensor that feels no weight is broken, not tilted
        return {"fault": 1.0}
    return {"tilt_deg": math.degrees(math.acos(max(-1.0, min(1.0, z / length))))}


def _bytes(raw: bytes, decoder: Decoder) -> Readings:
    readings: Readings = {}
    order = ">" if decoder.order == "big" else "<"
    for field in decoder.fields:
        try:
            (value,) = struct.unpack_from(order + _BYTES[field.type], raw, field.at)
        except struct.error:
            raise MalformedError("is shorter than its layout") from None
        if field.bit is not None:
            value = int(value) >> field.bit & 1 if field.type != "f32" else 0
        readings[field.name] = a_number(value * field.scale + field.plus, field.name)
    return readings


def _values(document: Any, finders: Mapping[str, Callable[[Any], Any]]) -> Readings:
    readings: Readings = {}
    for name, find in finders.items():
        value = find(document)
        if name in {"acceleration", "position"} and isinstance(value, list):
            readings |= _of_three(name, tuple(value))
        elif value is not None:
            readings[name] = float(value) if isinstance(value, bool) else a_number(value, name)
    return readings


def _complete(readings: Readings) -> Readings:
    if not readings:
        raise MalformedError("holds none of the readings of the decoder")
    if not (-90.0 <= readings.get("latitude", 0.0) <= 90.0 and -180.0 <= readings.get("longitude", 0.0) <= 180.0):
        raise MalformedError("the position is not on the globe")
    return readings
