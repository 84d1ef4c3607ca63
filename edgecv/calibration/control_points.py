"""A points file: what someone marked in the picture, told in metres or by floor and window."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from edgecv.config import Calibration
from edgecv.config.base import Conflict, NonBlankText, Number, Section, WholeNumber, part
from edgecv.config.calibration import PixelPair, Side
from edgecv.config.load import validated
from edgecv.config.problems import ConfigProblems, did_you_mean
from edgecv.config.yaml_document import read_document
from edgecv.errors import ConfigError
from edgecv.geometry import FacadePlan
from edgecv.messages import calibration as messages


class MarkedPoint(Section):
    """One point."""

    pixel: tuple[Number, Number] = Field(description="[x, y] in pixels of the full picture, y down")
    facade: tuple[Number, Number] | None = Field(
        default=None, description="[X, Y] on the facade plane in metres; or give floor and window instead"
    )
    floor: NonBlankText | WholeNumber | None = Field(
        default=None, description="the floor's name or its number from the ground"
    )
    window: NonBlankText | None = Field(default=None, description="the window column's name, in quotes")
    side: Literal["left", "right"] = Field(default="left", description="which edge of the window: left or right")
    above: Number = Field(default=0.0, description="metres above the floor's foot: 0.9 for a usual sill")
    depth: Number = Field(default=0.0, description="how far the point stands out in front of the plane, metres")
    of: NonBlankText | None = Field(default=None, description="the facade whose plane is meant, where it is one beside")

    @classmethod
    def conflicts(cls, values: Mapping[str, object]) -> Iterable[Conflict]:
        """A place is told once: in metres, or by floor and window."""
        metres, named = part(values, "facade") is not None, part(values, "floor") is not None
        if metres == named:
            yield Conflict((), "tell the place once: either facade: [X, Y] in metres, or floor: and window:")
        elif named and part(values, "window") is None:
            yield Conflict(("window",), "is missing; a floor alone is a line: name the window whose edge it is")


class PointsFile(Section):
    """What a points file holds; a calibration file is one too."""

    points: Annotated[tuple[MarkedPoint, ...], Field(min_length=4)] = Field(
        description="a list of four or more points: {pixel: [x, y], facade: [X, Y]} or {pixel, floor, window, side}"
    )
    image_size: tuple[Side, Side] | None = Field(default=None, description="[width, height]; the picture's own")
    verticals: tuple[PixelPair, ...] = Field(default=(), description="a list of vertical edges: [[x, y], [x, y]]")
    distortion: tuple[Number, Number, Number, Number, Number] = Field(
        default=(0.0, 0.0, 0.0, 0.0, 0.0), description="the lens distortion, OpenCV's five numbers"
    )
    focal_px: Annotated[Number, Field(gt=0)] | None = Field(default=None, description="the focal length in pixels")


def read_points(path: Path, picture_size: tuple[int, int], plan: FacadePlan) -> Calibration:
    """Read a points file as a calibration.

    Args:
        path: the file.
        picture_size: ``(width, height)`` of the picture the points were marked in.
        plan: floors and windows, for points told by them.

    Raises:
        ConfigError: one line for everything that is wrong.
    """
    document = read_document(path)
    marked = validated(document, PointsFile)
    if marked is None or document.problems:
        raise ConfigProblems(document.problems)
    if marked.image_size is not None and tuple(marked.image_size) != picture_size:
        w, h = marked.image_size
        raise ConfigError(
            f"{path}: image_size = [{w}, {h}]: the picture is {picture_size[0]}x{picture_size[1]}; "
            "mark the points in a picture of the camera's full size"
        )
    points = in_metres(marked.points, plan, lambda n, why: f"{path}: points[{n}].{why}")
    document.data = {
        "image_size": list(picture_size),
        "points": points,
        "verticals": marked.verticals,
        "distortion": marked.distortion,
        "focal_px": marked.focal_px,
    }
    calibration = validated(document, Calibration)
    if calibration is None or document.problems:
        raise ConfigProblems(document.problems)
    return calibration


def in_metres(
    points: Iterable[MarkedPoint], plan: FacadePlan, of_point: Callable[[int, str], str]
) -> list[dict[str, object]]:
    """Marked points as a calibration file has them.

    Args:
        points: the points.
        plan: floors and windows.
        of_point: what is said of the n-th point, from 0, where something is wrong with it.

    Raises:
        ConfigError: a floor or window is not there.
    """
    placed: list[dict[str, object]] = []
    for n, point in enumerate(points):
        try:
            place = point.facade if point.facade is not None else place_of(point, plan)
        except ConfigError as error:
            raise ConfigError(of_point(n, error.text)) from error
        placed.append({"pixel": point.pixel, "facade": place, "depth": point.depth, "of": point.of})
    return placed


def place_of(point: MarkedPoint, plan: FacadePlan) -> tuple[float, float]:
    """Facade coordinates of a window's edge on a floor.

    Raises:
        ConfigError: there is no such floor or window.
    """
    face = next((n.plan for n in plan.beside if n.plan.name == point.of), plan)
    floor = floor_number(face, point.floor)
    names = [window.name for window in face.windows]
    if point.window not in names:
        known_names = ", ".join(names) or "none: list them under the facade's windows"
        near = did_you_mean(point.window or "", names)
        raise ConfigError(messages.NO_WINDOW(window=str(point.window), known=known_names + near))
    window = face.windows[names.index(point.window)]
    return (
        window.left_m if point.side == "left" else window.right_m,
        face.floor_span_m(floor)[0] + point.above,
    )


def floor_number(plan: FacadePlan, floor: str | int | None, told_by: str = "floor") -> int:
    """The 1-based number of a floor told by name, or by number where no floor is called that.

    ``told_by`` is what an error calls it.

    Raises:
        ConfigError: there is no such floor.
    """
    text = str(floor)
    if text in plan.floor_names:
        return plan.floor_names.index(text) + 1
    if text.isascii() and text.isdigit() and 1 <= int(text) <= plan.floor_count:
        return int(text)
    first, last = plan.floor_names[0], plan.floor_names[-1]
    raise ConfigError(messages.NO_FLOOR(key=told_by, floor=text, count=plan.floor_count, first=first, last=last))
