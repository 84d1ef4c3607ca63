"""Whether what a register says can be what its point measures, and what to write in the box file where it cannot."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from edgecv.handlers.sources.modbus_registers import Coding
from edgecv.messages import hygiene as messages

POSSIBLE: Mapping[str, tuple[float, float]] = {
    "temperature_c": (-100.0, 1000.0),  # freezers to ovens
    "humidity_percent": (-5.0, 110.0),  # sensors overshoot where it condenses
    "grease_percent": (-5.0, 110.0),
    "particles_ug_m3": (-1.0, 1e5),  # sensors end at some thousands
    "switch": (-65536.0, 65536.0),
}
"""What a quantity can be, whatever the place: beyond it a register is read wrongly."""
_LIKELY: Mapping[str, tuple[float, float]] = {
    "temperature_c": (-60.0, 300.0),
    "humidity_percent": (0.0, 100.0),
    "grease_percent": (0.0, 100.0),
    "particles_ug_m3": (0.0, 5000.0),
    "switch": (0.0, 1.0),
}
"""What another reading of the same registers must be to be proposed."""


def implausible(
    name: str,
    quantity: str,
    value: float,
    registers: Sequence[int],
    coding: Coding,
    valid: tuple[float, float] | None = None,
) -> str | None:
    """What is wrong with a value, in words; None where it can be.

    Args:
        name: of the point.
        quantity: what it measures.
        value: as it was read.
        registers: what it was read from.
        coding: how.
        valid: what it can be by the box file, [least, most], or None.
    """
    least, most = valid or POSSIBLE[quantity]
    if math.isfinite(value) and least <= value <= most and not coding.is_swapped(registers):
        return None
    text = f"{value:g}"
    low, high = valid or _LIKELY[quantity]
    # NaN is how a device says that it has nothing to say, and other orders of it mean nothing
    for change, other in coding.others() if math.isfinite(value) else ():
        proposed = other.decode(registers)
        if math.isfinite(proposed) and low <= proposed <= high and not other.is_swapped(registers):
            return messages.REGISTER_ORDER(name=name, value=text, change=change, other=proposed)
    return messages.REGISTER(name=name, value=text)
