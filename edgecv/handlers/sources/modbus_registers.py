"""From the registers of a Modbus device to a number: words and bytes in the order that its maker chose.

Modbus itself knows only 16-bit registers with the high byte first (Modbus Application Protocol 1.1b3, 4.2); how larger
numbers lie in several of them is the maker's choice, and the four that there are give quite different numbers.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Order = Literal["big", "little"]
FORMATS = {"i16": "h", "u16": "H", "i32": "i", "u32": "I", "f32": "f", "i64": "q", "u64": "Q", "f64": "d"}
_SWAPPED: dict[Order, Order] = {"big": "little", "little": "big"}
_OTHER_SIGN = {"i": "u", "u": "i"}
_LEAST_FLOAT = 1e-6
"""A float nearer to 0 than this, but not 0, has its words or bytes swapped: no sensor has such a resolution."""


@dataclass(frozen=True, slots=True)
class Coding:
    """How a number lies in registers.

    Attributes:
        type: i (signed), u (unsigned) or f, and its bits.
        word_order: whether the register of the highest bits comes first.
        byte_order: whether the high byte of a register comes first.
        scale: what it is multiplied by.
        plus: what is then added.
    """

    type: str
    word_order: Order = "big"
    byte_order: Order = "big"
    scale: float = 1.0
    plus: float = 0.0

    @property
    def words(self) -> int:
        """How many registers it takes."""
        return struct.calcsize("=" + FORMATS[self.type]) // 2

    def decode(self, registers: Sequence[int]) -> float:
        """The number, not always finite.

        Args:
            registers: as many as it takes, 0 to 65535.
        """
        words = registers if self.word_order == "big" else registers[::-1]
        raw = b"".join(word.to_bytes(2, self.byte_order) for word in words)
        (value,) = struct.unpack(">" + FORMATS[self.type], raw)
        return float(value * self.scale + self.plus)

    def is_swapped(self, registers: Sequence[int]) -> bool:
        """Whether a float is one that no sensor tells."""
        if self.type[0] != "f":
            return False
        value = Coding(self.type, self.word_order, self.byte_order).decode(registers)
        return not math.isfinite(value) or 0.0 < abs(value) < _LEAST_FLOAT

    def others(self) -> Iterator[tuple[str, Coding]]:
        """Other ways in which it may lie there, with what to write in the box file for each."""
        words, swapped = _SWAPPED[self.word_order], _SWAPPED[self.byte_order]
        if self.words > 1:
            yield f"word_order: {words}", Coding(self.type, words, self.byte_order, self.scale, self.plus)
        if self.type[0] in _OTHER_SIGN:
            other = _OTHER_SIGN[self.type[0]] + self.type[1:]
            yield f"type: {other}", Coding(other, self.word_order, self.byte_order, self.scale, self.plus)
        yield f"byte_order: {swapped}", Coding(self.type, self.word_order, swapped, self.scale, self.plus)
        if self.words > 1:
            both = Coding(self.type, words, swapped, self.scale, self.plus)
            yield f"word_order: {words}, byte_order: {swapped}", both
