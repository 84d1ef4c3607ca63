"""A camera: where its pictures come from and what it looks at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic import Field

from edgecv.config.base import Conflict, NonBlankText, Number, Section, WholeNumber
from edgecv.config.stream_address import is_device

PixelCoordinate = Annotated[Number, Field(ge=0)]


class Mask(Section):
    """A part of the picture that is not looked at."""

    reason: NonBlankText = Field(description="why this part is not looked at, for whoever audits the box later")
    polygon: Annotated[tuple[tuple[PixelCoordinate, PixelCoordinate], ...], Field(min_length=3)] = Field(
        description="a list of three or more corners [x, y] in pixels of the full picture"
    )


Decoding = Literal["software", "vaapi", "v4l2m2m", "cuda"]


class Login(Section):
    """Who the box is to a camera."""

    user: NonBlankText = Field(description="the user name")
    password_file: NonBlankText = Field(
        description="a file with the password, as a path relative to the box file, or credential:NAME of systemd"
    )


class Capture(Section):
    """What a camera on the box's own cable is asked for."""

    size: (
        tuple[Annotated[WholeNumber, Field(ge=16, le=16384)], Annotated[WholeNumber, Field(ge=16, le=16384)]] | None
    ) = Field(default=None, description="[width, height] in pixels; what the device is set to when left out")
    fps: Annotated[Number, Field(ge=1, le=1000)] | None = Field(
        default=None, description="frames a second; what the device is set to when left out"
    )


class Camera(Section):
    """One camera of the box."""

    source: NonBlankText = Field(
        description="an rtsp:// or http:// address, a video file, or a device such as /dev/video0"
    )
    facade: NonBlankText | None = Field(
        default=None, description="the name of the facade it looks at, from facades; without it no floor is named"
    )
    also_sees: tuple[NonBlankText, ...] = Field(
        default=(), description="a list of names of other facades in its picture, each with 'beside' in facades"
    )
    calibration: NonBlankText | None = Field(
        default=None, description="its calibration file, as a path relative to the box file"
    )
    masks: tuple[Mask, ...] = Field(
        default=(), description="a list of parts of the picture to leave out: {reason: ..., polygon: [[x, y], ...]}"
    )
    transport: Literal["tcp", "udp"] = Field(default="tcp", description="how an rtsp:// camera sends its packets")
    login: Login | None = Field(
        default=None, description="the camera's user and password: {user: ..., password_file: ...}"
    )
    capture: Capture = Field(
        default=Capture(), description="what a /dev/video camera is asked for: {size: [1920, 1080], fps: 25}"
    )
    decoding: Decoding = Field(
        default="software", description="what decodes its video; hardware that cannot falls back to software"
    )

    @classmethod
    def conflicts(cls, values: Mapping[str, object]) -> Iterable[Conflict]:
        """Only a device is asked for a size; a camera of the network sends what it is set to."""
        source = values.get("source")
        if values.get("capture") is not None and isinstance(source, str) and not is_device(source):
            yield Conflict(("capture",), "is for /dev/video cameras; set size and rate in the camera itself")
