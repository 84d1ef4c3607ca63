"""One number in a payload of bytes, and groups of them that come in one piece."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Field

from edgecv.config.base import Conflict, Section, WholeNumber, entries, part
from edgecv.handlers.handler import MalformedError
from edgecv.handlers.manhole.adjustment import Adjustment
from edgecv.handlers.manhole.readings import Reading, Readings

LONGEST = 242
"""Bytes: the largest payload LoRaWAN carries in any region."""
Order = Literal["big", "little"]
_BYTES = {"u8": 1, "i8": 1, "u16": 2, "i16": 2, "u24": 3, "i24": 3, "u32": 4, "i32": 4, "f16": 2, "f32": 4}
_FLOATS = {"f16": "e", "f32": "f"}
_AT_BIT = 32


class ByteField(Adjustment):
    """One number in a payload of bytes."""

    name: Reading = Field(description="what it is")
    at: Annotated[WholeNumber, Field(ge=0, lt=LONGEST)] = Field(
        description="its first byte, 0 for the first of the payload, or of the entry it stands in"
    )
    type: Literal["u8", "i8", "u16", "i16", "u24", "i24", "u32", "i32", "f16", "f32"] = Field(
        default="u8", description="u or i (signed) and its bits, f16 or f32"
    )
    order: Order | None = Field(default=None, description="big or little, where it differs from the decoder's order")
    bit: Annotated[WholeNumber, Field(ge=0, lt=_AT_BIT)] | None = Field(
        default=None, description="only this bit of it, 0 for the lowest"
    )
    bits: tuple[WholeNumber, WholeNumber] | None = Field(
        default=None, description="only some bits of it: [the lowest, how many]; with a sign where the type has one"
    )

    @classmethod
    def conflicts(cls, values: Mapping[str, object]) -> Iterable[Conflict]:
        """Bits lie within the number; limits are in order."""
        yield from super().conflicts(values)
        bits, kind = values.get("bits"), values.get("type", "u8")
        if bits is not None:
            if values.get("bit") is not None or kind in _FLOATS:
                yield Conflict(("bits",), "cannot stand beside bit, f16 or f32")
            elif isinstance(bits, list | tuple) and len(bits) == 2 and all(isinstance(one, int) for one in bits):
                width = 8 * _BYTES.get(str(kind), 4)
                if bits[0] < 0 or bits[1] < 1 or bits[0] + bits[1] > width:
                    yield Conflict(("bits",), f"lie outside of the {width} bits of {kind}")

    def read(self, raw: bytes, start: int, order: Order) -> float:
        """The number, before it is adjusted.

        Args:
            raw: the payload.
            start: where the payload or the entry begins.
            order: the decoder's.

        Raises:
            MalformedError: the payload ends before it.
        """
        size, at = _BYTES[self.type], start + self.at
        piece = raw[at : at + size]
        if len(piece) < size:
            raise MalformedError("is shorter than its layout")
        order = self.order or order
        if self.type not in _FLOATS:
            return self._bits(int.from_bytes(piece, order, signed=self.type[0] == "i"))
        (value,) = struct.unpack((">" if order == "big" else "<") + _FLOATS[self.type], piece)
        return 0.0 if self.bit is not None else float(value)

    def _bits(self, value: int) -> int:
        if self.bit is not None:
            return value >> self.bit & 1
        if self.bits is None:
            return value
        lowest, number = self.bits
        part_of = value >> lowest & ((1 << number) - 1)
        is_negative = self.type[0] == "i" and part_of >> (number - 1) & 1
        return part_of - (1 << number) if is_negative else part_of


class Entry(Section):
    """A piece of a payload that stands under a key of its own."""

    key: str | None = Field(
        default=None, pattern=r"^([0-9a-fA-F]{2})+$", description='what it begins with, in hexadecimal, such as "0175"'
    )
    bit: Annotated[WholeNumber, Field(ge=0, lt=16)] | None = Field(
        default=None, description="for flagged: the flag that says that it is there, 0 for the lowest"
    )
    length: Annotated[WholeNumber, Field(ge=0, le=LONGEST)] | None = Field(
        default=None, description="how many bytes follow; for variants those of the whole payload, any when left out"
    )
    fields: tuple[ByteField, ...] = Field(
        default=(), description="a list of fields in it; none where it is passed over"
    )

    @classmethod
    def conflicts(cls, values: Mapping[str, object]) -> Iterable[Conflict]:
        """Each field has a name of its own and lies within the entry."""
        yield from named_twice(values)
        length = values.get("length")
        for index, field in enumerate(entries(values, "fields")):
            at, size = part(field, "at"), _BYTES.get(str(part(field, "type") or "u8"), 1)
            if isinstance(length, int) and isinstance(at, int) and at + size > length:
                yield Conflict(("fields", index, "at"), f"lies beyond the entry's length of {length}")


def named_twice(values: Mapping[str, object]) -> Iterable[Conflict]:
    """The conflicts of a layout's fields that have the same name: the second would overwrite the first."""
    seen: set[object] = set()
    for index, field in enumerate(entries(values, "fields")):
        name = part(field, "name")
        if isinstance(name, str) and name in seen:
            axes = "; for two axes use tilt_x_deg and tilt_y_deg" if name == "tilt_deg" else ""
            yield Conflict(("fields", index, "name"), f"is another field's name too: it would overwrite it{axes}")
        seen.add(name)


def read_fields(fields: Sequence[ByteField], raw: bytes, start: int, order: Order) -> Readings:
    """The readings of fields.

    Raises:
        MalformedError: the payload does not fit them.
    """
    readings: Readings = {}
    for field in fields:
        field.apply(field.name, field.read(raw, start, order), readings)
    return readings
