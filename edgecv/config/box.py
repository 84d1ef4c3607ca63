"""A box: one site, its facades and its cameras."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from edgecv.config.base import Conflict, NonBlankText, Section, TopicName, entries, part
from edgecv.config.calibration import Calibration
from edgecv.config.camera import Camera
from edgecv.config.console import ConsoleSection
from edgecv.config.devices import Device
from edgecv.config.facade import Facade
from edgecv.config.problems import Location, did_you_mean, one_line
from edgecv.config.service import Service, Storage
from edgecv.config.upstream import Upstream
from edgecv.errors import ConfigError

BOX = "box"
"""The device whose state and events are the box's own."""


class BoxFile(Section):
    """What a box file holds."""

    site: TopicName = Field(description="the site's id, one level of the MQTT topic")
    facades: dict[NonBlankText, Facade] = Field(default_factory=dict, description="the facades, each under its name")
    cameras: dict[TopicName, Camera] = Field(
        default_factory=dict, description="the cameras, each under its id, one level of the MQTT topic"
    )
    devices: dict[TopicName, Device] = Field(
        default_factory=dict, description="other devices, each under its id, one level of the MQTT topic"
    )
    upstream: Upstream | None = Field(default=None, description="where incidents are pushed; nowhere when left out")
    storage: Storage = Field(default_factory=Storage, description="where records and evidence are kept, and how long")
    service: Service = Field(default_factory=Service, description="health, metrics and limits of the daemon")
    console: ConsoleSection | None = Field(default=None, description="the web page; none when left out")

    @classmethod
    def conflicts(cls, values: Mapping[str, object]) -> Iterable[Conflict]:
        """There is something to look after; cameras look at facades that exist; ids are given once."""
        yield from _ids(values.get("cameras"), values.get("devices"))
        facades = values.get("facades")
        facade_names = [str(name) for name in facades] if isinstance(facades, Mapping) else []
        cameras = values.get("cameras")
        for camera_id, camera in cameras.items() if isinstance(cameras, Mapping) else ():
            facade = part(camera, "facade")
            at: Location = ("cameras", str(camera_id))
            yield from _unknown_facade((*at, "facade"), facade, facade_names)
            for index, other_facade in enumerate(entries(camera, "also_sees")):
                place_in_list = (*at, "also_sees", index)
                yield from _unknown_facade(place_in_list, other_facade, facade_names)
                if isinstance(other_facade, str) and other_facade in facade_names and isinstance(facades, Mapping):
                    stands_by = part(part(facades[other_facade], "beside"), "facade")
                    if stands_by != facade:
                        place = f"facades.{other_facade}.beside: {{facade: {facade}, at: ...}}"
                        text = f"has no place beside '{facade}'; give {place}"
                        yield Conflict(place_in_list, text)


def _ids(cameras: object, devices: object) -> Iterable[Conflict]:
    if not cameras and not devices:
        yield Conflict(("cameras",), "names no camera, and the box no other devices; add one under cameras or devices")
    for section, section_ids in (("cameras", cameras), ("devices", devices)):
        if isinstance(section_ids, Mapping) and BOX in section_ids:
            yield Conflict((section, BOX), "is the name of the box's own states and events; choose another")
    if isinstance(cameras, Mapping) and isinstance(devices, Mapping):
        for name in devices:
            if name in cameras:
                yield Conflict(("devices", str(name)), "is a camera's id too; every id is a topic of its own")


def _unknown_facade(at: Location, facade: object, facade_names: list[str]) -> Iterable[Conflict]:
    if isinstance(facade, str) and facade.strip() and facade not in facade_names:
        names = f"known are {', '.join(facade_names)}" if facade_names else "there are none yet: add it under facades"
        yield Conflict(at, f"is not a facade of this box; {names}{did_you_mean(facade, facade_names)}")


@dataclass(frozen=True, slots=True)
class CameraSetup:
    """One camera with everything its file names, ready to use."""

    id: str
    settings: Camera
    facade: Facade | None
    beside: tuple[tuple[str, Facade], ...]
    calibration: Calibration | None


@dataclass(frozen=True, slots=True)
class Box:
    """A box file that was read together with the calibrations it names.

    Attributes:
        path: the box file.
        sha256: hex digest of the bytes of the box file and of all its calibrations; another digest is another set-up.
        settings: what the file says.
        calibrations: calibration of each camera that has one, by camera id.
    """

    path: Path
    sha256: str
    settings: BoxFile
    calibrations: Mapping[str, Calibration]

    @property
    def site(self) -> str:
        """The site's id."""
        return self.settings.site

    @property
    def camera_ids(self) -> tuple[str, ...]:
        """All camera ids in the order of the file."""
        return tuple(self.settings.cameras)

    def named_or_only(self, camera_id: str | None) -> str:
        """The camera's id that was named, or that of the only camera.

        Raises:
            ConfigError: none was named, and there are none or several.
        """
        if camera_id is not None:
            return camera_id
        if not self.camera_ids:
            raise ConfigError(f"{self.path}: has no cameras; add one under cameras")
        if len(self.camera_ids) != 1:
            raise ConfigError(f"{self.path}: has cameras {', '.join(self.camera_ids)}; name one with --camera")
        return self.camera_ids[0]

    def camera(self, camera_id: str) -> CameraSetup:
        """The camera with that id.

        Raises:
            ConfigError: the box has no such camera; names the known ones and the nearest.
        """
        settings = self.settings.cameras.get(camera_id)
        if settings is None:
            camera_ids = self.camera_ids
            raise ConfigError(
                one_line(
                    f"{self.path}: cameras: there is no camera '{camera_id}'; "
                    f"known are {', '.join(camera_ids)}{did_you_mean(camera_id, camera_ids)}"
                )
            )
        facade = None if settings.facade is None else self.settings.facades[settings.facade]
        beside = tuple((name, self.settings.facades[name]) for name in settings.also_sees)
        return CameraSetup(camera_id, settings, facade, beside, self.calibrations.get(camera_id))
