"""From a cover's payload to readings as the box file declares it: by a preset, Cayenne LPP, bytes, or JSONPath."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Literal

from cayennelpp import LppFrame
from pydantic import Field

from edgecv.config.base import Conflict, NonBlankText, Number, Section, WholeNumber, entries, part
from edgecv.config.problems import did_you_mean
from edgecv.handlers.handler import MalformedError
from edgecv.handlers.manhole.adjustment import Adjustment
from edgecv.handlers.manhole.byte_fields import LONGEST, ByteField, Entry, Order, named_twice, read_fields
from edgecv.handlers.manhole.keyed_layouts import read_flagged, read_tlv, read_variant
from edgecv.handlers.manhole.presets import PRESETS
from edgecv.handlers.manhole.readings import Reading, Readings, combined, tilt_of_gravity
from edgecv.handlers.payload_values import JsonPath, a_number, finder

__all__ = ["Decoder", "Reading", "Readings", "reader"]

_PARTS = {
    "cayenne_lpp": "channels",
    "bytes": "fields",
    "values": "values",
    "tlv": "entries",
    "flagged": "entries",
    "variants": "entries",
}
_OF_PRESETS = frozenset({"preset", "upright", "height_cm", "port"})
"""Keys that may stand beside a preset."""


_AS_IT_IS = Adjustment()


class Expected(Section):
    """A byte that tells a payload of this layout from others."""

    at: Annotated[WholeNumber, Field(ge=0, lt=LONGEST)] = Field(description="which byte, 0 for the first")
    values: Annotated[tuple[WholeNumber, ...], Field(min_length=1)] = Field(description="what it may be")


class Decoder(Section):
    """How payloads are read."""

    preset: NonBlankText | None = Field(
        default=None, description="a sensor that is known here, such as milesight-em310-tilt; all else follows from it"
    )
    form: Literal["cayenne_lpp", "bytes", "values", "tlv", "flagged", "variants"] | None = Field(
        default=None,
        description="cayenne_lpp, bytes, values, tlv (type, length, value), flagged or variants; of a preset left out",
    )
    port: Annotated[WholeNumber, Field(ge=1, le=255)] | None = Field(
        default=None, description="only uplinks of this LoRaWAN port are read"
    )
    channels: dict[str, Reading] = Field(default_factory=dict, description="for cayenne_lpp: what each channel is")
    order: Order = Field(default="big", description="for bytes: which byte comes first")
    length: tuple[Annotated[WholeNumber, Field(ge=1, le=LONGEST)], ...] = Field(
        default=(), description="for bytes: how long a payload may be; any that holds all fields when left out"
    )
    expect: tuple[Expected, ...] = Field(default=(), description="a list of bytes that must be as they are here")
    fields: tuple[ByteField, ...] = Field(default=(), description="for bytes: a list of fields")
    key_at: Annotated[WholeNumber, Field(ge=0, lt=LONGEST)] = Field(
        default=0, description="for flagged and variants: where the flags (two bytes) or the key stand"
    )
    start: Annotated[WholeNumber, Field(ge=0, lt=LONGEST)] = Field(
        default=0, description="for flagged: where the first entry begins"
    )
    entries: tuple[Entry, ...] = Field(default=(), description="for tlv, flagged and variants: a list of entries")
    values: dict[Reading, JsonPath] = Field(
        default_factory=dict,
        description="for values: a JSONPath into what ChirpStack decoded, or into the payload",
    )
    adjust: dict[Reading, Adjustment] = Field(
        default_factory=dict, description="for values and cayenne_lpp: what becomes of a reading's number"
    )
    upright: tuple[Number, Number, Number] = Field(
        default=(0.0, 0.0, 90.0),
        description="what the axes of a tilt sensor say where the cover lies in its frame: [x, y, z], degrees",
    )
    height_cm: Annotated[Number, Field(gt=0)] | None = Field(
        default=None, description="how high a distance sensor hangs above the bottom, cm: the rest is water"
    )

    @classmethod
    def conflicts(cls, values: Mapping[str, object]) -> Iterable[Conflict]:
        """Each form has its own part; a preset says all of it."""
        preset, form = values.get("preset"), values.get("form")
        if preset is not None:
            if isinstance(preset, str) and preset.lower() not in PRESETS:
                choices = f"known are {', '.join(sorted(PRESETS))}{did_you_mean(preset, PRESETS)}"
                yield Conflict(("preset",), f"is no sensor that is known here; {choices}")
            for key in values:
                if key not in _OF_PRESETS:
                    yield Conflict((key,), "cannot stand beside a preset; leave one of them out")
            return
        if form is None:
            yield Conflict(("form",), "or preset must say how payloads are read; give one of them")
        needed = _PARTS.get(str(form))
        if needed is not None and not values.get(needed):
            yield Conflict((needed,), f"is needed for the form '{form}'")
        channels = values.get("channels")
        names: set[object] = set()
        for channel, name in channels.items() if isinstance(channels, Mapping) else ():
            if not (isinstance(channel, str) and channel.isdigit() and int(channel) <= 255):
                yield Conflict(("channels", channel), 'is no channel; write "0" to "255" in quotes')
            if isinstance(name, str) and name in names:
                yield Conflict(("channels", channel), "is another channel's reading too: it would overwrite it")
            names.add(name)
        yield from named_twice(values)
        yield from _entry_conflicts(values, str(form))


def _entry_conflicts(values: Mapping[str, object], form: str) -> Iterable[Conflict]:
    """Each entry has a key of its own, all of one length, and a length where the next one follows it."""
    seen: dict[object, int] = {}
    key_chars: int | None = None
    name = "bit" if form == "flagged" else "key"
    for index, entry in enumerate(entries(values, "entries")):
        key = part(entry, name)
        if key is None:
            yield Conflict(("entries", index, name), f"is needed for the form '{form}'")
            continue
        key = key.lower() if isinstance(key, str) else key
        if key in seen:
            yield Conflict(("entries", index, name), f"is entry {seen[key]}'s too; choose another")
        seen[key] = index
        if isinstance(key, str):
            key_chars = key_chars or len(key)
            if len(key) != key_chars:
                yield Conflict(("entries", index, "key"), "is not as long as the others")
        if form != "variants" and part(entry, "length") is None:
            yield Conflict(("entries", index, "length"), f"is needed for the form '{form}'")


Read = Callable[[bytes, Any], Readings]
"""From the raw bytes and the decoded object to readings; raises MalformedError."""


def reader(decoder: Decoder) -> Read:
    """The function that reads payloads as declared; a payload is read whole or not at all."""
    decoder = resolved(decoder)
    read = _reader(decoder)

    def complete(raw: bytes, document: Any) -> Readings:
        for expected in decoder.expect:
            if expected.at >= len(raw) or raw[expected.at] not in expected.values:
                raise MalformedError("is of another layout: a byte is not as expected")
        return combined(read(raw, document), decoder.upright, decoder.height_cm)

    return complete


def resolved(decoder: Decoder) -> Decoder:
    """The decoder that a preset stands for, with what the box file says beside it."""
    if decoder.preset is None:
        return decoder
    beside = {key: getattr(decoder, key) for key in _OF_PRESETS - {"preset"} if key in decoder.model_fields_set}
    return Decoder.model_validate({**PRESETS[decoder.preset.lower()], **beside})


def measures_distance(values: object) -> bool:
    """Whether a decoder's section tells of water only by a distance, and not how high the sensor hangs."""
    preset = part(values, "preset")
    layout = PRESETS.get(preset.lower()) if isinstance(preset, str) else values
    fields = [
        *entries(layout, "fields"),
        *(f for entry in entries(layout, "entries") for f in entries(entry, "fields")),
    ]
    field_names = {part(field, "name") for field in fields}
    return part(values, "height_cm") is None and "distance_cm" in field_names and "water_cm" not in field_names


def _reader(decoder: Decoder) -> Read:
    order = decoder.order
    if decoder.form == "cayenne_lpp":
        channels = {int(channel): name for channel, name in decoder.channels.items()}
        return lambda raw, _: _adjusted(_some(_cayenne(raw, channels)), decoder.adjust)
    if decoder.form == "values":
        finders: dict[str, Callable[[Any], Any]] = {name: finder(path) for name, path in decoder.values.items()}
        return lambda _, document: _adjusted(_some(_values(document, finders)), decoder.adjust)
    if decoder.form == "tlv":
        by_key = {bytes.fromhex(entry.key or ""): entry for entry in decoder.entries}
        return lambda raw, _: read_tlv(raw, by_key, order)
    if decoder.form == "variants":
        by_key = {bytes.fromhex(entry.key or ""): entry for entry in decoder.entries}
        return lambda raw, _: read_variant(raw, decoder.key_at, by_key, order)
    if decoder.form == "flagged":
        by_bit = {entry.bit or 0: entry for entry in decoder.entries}
        return lambda raw, _: read_flagged(raw, decoder.key_at, decoder.start, by_bit, order)
    return lambda raw, _: _bytes(raw, decoder)


def _bytes(raw: bytes, decoder: Decoder) -> Readings:
    if decoder.length and len(raw) not in decoder.length:
        raise MalformedError("is not as long as its layout")
    return read_fields(decoder.fields, raw, 0, decoder.order)


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
    return tilt_of_gravity([a_number(value, "acceleration") for value in values[:3]])


def _values(document: Any, finders: Mapping[str, Callable[[Any], Any]]) -> Readings:
    readings: Readings = {}
    for name, find in finders.items():
        value = find(document)
        if name in {"acceleration", "position"} and isinstance(value, list):
            readings |= _of_three(name, tuple(value))
        elif value is not None:
            readings[name] = float(value) if isinstance(value, bool) else a_number(value, name)
    return readings


def _adjusted(readings: Readings, adjust: Mapping[Reading, Adjustment]) -> Readings:
    adjusted: Readings = {}
    for name, value in readings.items():
        (adjust.get(name) or _AS_IT_IS).apply(name, value, adjusted)  # type: ignore[call-overload]
    return adjusted


def _some(readings: Readings) -> Readings:
    if not readings:
        raise MalformedError("holds none of the readings of the decoder")
    return readings
