"""Packets out of nothing, for what only looks at their stamps and sizes."""

from __future__ import annotations

from fractions import Fraction

from av.packet import Packet

BASE = Fraction(1, 1000)


def packet(pts: int | None, *, key: bool = False, size: int = 10, dts: int | None = None) -> Packet:
    """One packet; ``dts`` is ``pts`` if left out."""
    made = Packet(bytes(size))
    made.time_base = BASE
    made.pts = pts
    made.dts = pts if dts is None else dts
    made.is_keyframe = key
    return made


def stream(groups: int, length: int, step: int = 40, size: int = 10) -> list[Packet]:
    """Whole groups of pictures, ``step`` ms from one picture to the next."""
    return [packet(n * step, key=n % length == 0, size=size) for n in range(groups * length)]
