"""A facade: how high its floors are and where its windows stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated

from pydantic import Discriminator, Field, Tag

from edgecv.config.base import Conflict, NonBlankText, Number, Section, WholeNumber, entries, number, part

MIN_FLOOR_M = 0.1
"""Less is no floor, and sums of heights lose it."""


class FloorEntry(Section):
    """One floor where floors differ; listed from the ground up."""

    name: NonBlankText | None = Field(
        default=None, description="what people call the floor; its number from the ground up when left out"
    )
    height: Annotated[Number, Field(ge=MIN_FLOOR_M, le=100)] | None = Field(
        default=None, description="height of the floor in metres; the facade's floor_height when left out"
    )


class Window(Section):
    """One column of windows, the same on every floor."""

    name: NonBlankText = Field(description="what people call the window or the flat behind it, in quotes")
    left: Number = Field(description="its left edge, metres along the facade from X=0")
    right: Number = Field(description="its right edge, metres along the facade from X=0")
    balcony: Annotated[Number, Field(ge=0, le=10)] = Field(
        default=0.0, description="how far its balconies stand out in front of the facade, metres; 0 for none"
    )

    @classmethod
    def conflicts(cls, values: Mapping[str, object]) -> Iterable[Conflict]:
        """The left edge lies left of the right one."""
        left, right = number(values.get("left")), number(values.get("right"))
        if left is not None and right is not None and left >= right:
            yield Conflict(("right",), f"must be more than left ({left:g}); X grows to the right as the camera sees it")


class Roof(Section):
    """What is above the uppermost floor."""

    parapet: Annotated[Number, Field(ge=0, le=20)] = Field(
        default=1.5, description="how far above the uppermost floor's top something may be thrown from, metres"
    )
    depth: Number = Field(default=0.0, description="how far the roof stands out in front of the facade, metres")


class FacadePlacement(Section):
    """Where a facade stands, in the coordinates of another."""

    facade: NonBlankText = Field(description="the name of the other facade")
    at: tuple[Number, Number] = Field(
        description="[X, Z] of its own X=0 on the other: metres along it, and in front of it (behind it: negative)"
    )
    turn_deg: Annotated[Number, Field(ge=-180, le=180)] = Field(
        default=0.0, description="by how much it is turned, degrees anticlockwise from above; 90 faces along X"
    )


@dataclass(frozen=True, slots=True)
class Floor:
    """One floor, placed: ``number`` is 1-based from the ground, heights in metres above the facade's Y=0."""

    number: int
    name: str
    foot_m: float
    head_m: float


def _count_or_list(floors: object) -> str | None:
    if isinstance(floors, int) and not isinstance(floors, bool):
        return "[count]"
    return "[list]" if isinstance(floors, list | tuple) else None


Floors = Annotated[
    Annotated[WholeNumber, Field(ge=1, le=300), Tag("[count]")]
    | Annotated[tuple[FloorEntry, ...], Field(min_length=1, max_length=300), Tag("[list]")],
    Discriminator(_count_or_list),
]


class Facade(Section):
    """One face of a building, seen from outside: X to the right, Y up, metres."""

    floors: Floors = Field(
        description="the number of floors, or a list of floors from the ground up: {name: ..., height: ...}"
    )
    floor_height: Annotated[Number, Field(ge=MIN_FLOOR_M, le=100)] = Field(
        default=3.0, description="the height of one floor in metres, slab to slab"
    )
    ground: Number = Field(default=0.0, description="the height of floor 1's foot in metres above the facade's Y=0")
    windows: tuple[Window, ...] = Field(
        default=(), description="a list of windows from left to right: {name: ..., left: ..., right: ...}"
    )

    roof: Roof = Field(default_factory=Roof, description="the roof: {parapet: ..., depth: ...}")
    beside: FacadePlacement | None = Field(
        default=None, description="where it stands, for a camera that sees another facade too: {facade: ..., at: ...}"
    )

    @classmethod
    def conflicts(cls, values: Mapping[str, object]) -> Iterable[Conflict]:
        """Windows stand left to right, apart from each other; names of windows and floors are unique."""
        windows = entries(values, "windows")
        yield from _repeated_names("windows", windows)
        yield from _repeated_names("floors", entries(values, "floors"))
        placed = [
            (i, number(part(w, "left")), number(part(w, "right")), part(w, "name")) for i, w in enumerate(windows)
        ]
        for (_, left, right, name), (index, next_left, _, _) in pairwise(placed):
            if left is None or right is None or next_left is None or left >= right:
                continue
            at = ("windows", index, "left")
            if next_left < left:
                yield Conflict(at, f"stands left of window '{name}' before it; list windows from left to right")
            elif next_left < right:
                yield Conflict(at, f"overlaps window '{name}', which ends at {right:g}; move one of the edges")

    def floor_table(self) -> tuple[Floor, ...]:
        """All floors from the ground up, each with its name and the heights of its foot and head."""
        listed = self.floors if isinstance(self.floors, tuple) else (FloorEntry(),) * self.floors
        table: list[Floor] = []
        foot = self.ground
        for index, entry in enumerate(listed, start=1):
            head = foot + (self.floor_height if entry.height is None else entry.height)
            table.append(Floor(index, entry.name or str(index), foot, head))
            foot = head
        return tuple(table)


def _repeated_names(key: str, listed: list[object]) -> Iterator[Conflict]:
    first: dict[str, int] = {}
    for index, entry in enumerate(listed):
        name = part(entry, "name")
        if name is None and key == "floors":
            name = str(index + 1)
        if not isinstance(name, str):
            continue
        if name in first:
            at: tuple[str | int, ...] = (key, index, "name")
            yield Conflict(at, f"'{name}' is already the name of {key}[{first[name]}]; give each its own name")
        first.setdefault(name, index)
