"""From a number as a sensor tells it to a reading: scaled, without what is none, and checked against what can be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import Field

from edgecv.config.base import Conflict, Number, Section, number_pair
from edgecv.handlers.manhole.readings import LEVELS, Readings
from edgecv.handlers.payload_values import a_number


class Adjustment(Section):
    """What becomes of a number."""

    scale: Number = Field(default=1.0, description="what it is multiplied by")
    plus: Number = Field(default=0.0, description="what is then added")
    absolute: bool = Field(default=False, description="true where its sign says nothing")
    no_reading: tuple[Number, ...] = Field(
        default=(),
        description="numbers, before they are scaled, that are no reading, such as a distance sensor's without an echo",
    )
    nearest: Annotated[Number, Field(gt=0)] | None = Field(
        default=None,
        description="of a distance, scaled: from 0 up to it something is nearer than the sensor can measure",
    )
    valid: tuple[Number, Number] | None = Field(
        default=None, description="what it can be at all, scaled, [least, most]; anything else is a sensor that fails"
    )

    @classmethod
    def conflicts(cls, values: Mapping[str, object]) -> Iterable[Conflict]:
        """Limits are in order."""
        valid = number_pair(values.get("valid"))
        if valid is not None and valid[0] >= valid[1]:
            yield Conflict(("valid",), "must be [least, most]")

    def apply(self, name: str, value: float, readings: Readings) -> None:
        """Put a number among the readings; where it cannot be, the sensor fails.

        Raises:
            MalformedError: it is no number.
        """
        if value in self.no_reading:
            if name in LEVELS:
                readings["unmeasured"] = 1.0
            return
        scaled = a_number(value * self.scale + self.plus, name)
        scaled = abs(scaled) if self.absolute else scaled
        if self.nearest is not None:
            is_near = 0.0 < scaled < self.nearest
            readings["too_near"] = 1.0 if is_near else 0.0
            if is_near:
                return
        if self.valid is not None:
            is_possible = self.valid[0] <= scaled <= self.valid[1]
            readings["fault"] = max(readings.get("fault", 0.0), 0.0 if is_possible else 1.0)
            if not is_possible:
                return
        if self.no_reading and name in LEVELS:
            readings["unmeasured"] = 0.0
        readings[name] = max(readings.get("fault", 0.0), scaled) if name == "fault" else scaled
