"""Small animals on the floor of a shop that is closed: this project's own detection and tracking, no recognition.

A path counts where it runs over the floor, is long for the size of what made it, lasts, neither falls nor hovers, and
the thing is of an animal's size there. People do not walk about in closed hours, and would be far larger.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Annotated, ClassVar
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, Field

from edgecv.config.base import Conflict, NonBlankText, Number, Section, WholeNumber
from edgecv.config.camera import Decoding, Login, PixelCoordinate
from edgecv.config.devices import DeviceSettings
from edgecv.handlers.floor_paths import FloorRule
from edgecv.handlers.handler import Details, Handler, Input
from edgecv.handlers.handler_context import HandlerContext, stamp
from edgecv.handlers.payload_values import a_time_zone, read_json
from edgecv.handlers.sources.camera import CameraSource
from edgecv.handlers.sources.source import Source
from edgecv.messages import hygiene as messages

Hour = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Corner = tuple[PixelCoordinate, PixelCoordinate]


class Closed(Section):
    """When nobody is in the shop."""

    begins: Hour = Field(description="local time HH:MM")
    ends: Hour = Field(description="local time HH:MM; on the next day where it is earlier than begins")


class AnimalsSettings(DeviceSettings):
    """A camera that looks at a shop's floor."""

    memory_mb: Annotated[WholeNumber, Field(ge=128)] = Field(
        default=500, description="megabytes of memory its process may use before it is restarted"
    )
    source: NonBlankText = Field(
        description="an rtsp:// or http:// address, a video file, or a device such as /dev/video0"
    )
    login: Login | None = Field(default=None, description="the camera's user: {user: ..., password_file: ...}")
    decoding: Decoding = Field(default="software", description="what decodes its video")
    floor: Annotated[tuple[Corner, ...], Field(min_length=3)] = Field(
        description="the floor in the picture, a list of three or more corners [x, y] in pixels"
    )
    closed: Closed = Field(description="closed hours: {begins: HH:MM, ends: HH:MM}")
    time_zone: Annotated[NonBlankText, AfterValidator(a_time_zone)] = Field(
        default="Asia/Shanghai", description="of the closed hours"
    )
    size_px: tuple[Number, Number] = Field(
        default=(3.0, 60.0), description="how large an animal is there, [least, most], pixels (root of its area)"
    )
    least_s: Annotated[Number, Field(gt=0)] = Field(default=0.8, description="how long it must be seen, seconds")
    quiet_s: Annotated[Number, Field(gt=0)] = Field(
        default=3600.0, description="sightings no farther apart than this are one alarm, seconds"
    )

    @classmethod
    def conflicts(cls, values: Mapping[str, object]) -> Iterable[Conflict]:
        """Sizes in order."""
        size = values.get("size_px")
        if isinstance(size, list | tuple) and len(size) == 2 and all(isinstance(v, int | float) for v in size):
            low, high = size
            if not 0 < low < high:
                yield Conflict(("size_px",), "must be [least, most] with least above 0 and below most")


class AnimalDetails(Details):
    """Something small ran over the floor."""

    sightings: int
    last_seen_at: str
    path_px: tuple[tuple[float, float], ...]
    size_px: float
    closed_from: str
    closed_to: str


class AnimalsHandler(Handler[AnimalsSettings]):
    """One camera."""

    kind = "animals"
    settings = AnimalsSettings
    events: ClassVar[Mapping[str, type[BaseModel]]] = {"hygiene_animal": AnimalDetails}

    def __init__(self, settings: AnimalsSettings, context: HandlerContext) -> None:
        super().__init__(settings, context)
        self._zone = ZoneInfo(settings.time_zone)

    def sources(self) -> Sequence[Source]:
        """The camera; what arrives are paths over the floor."""
        config = self.config
        rule = FloorRule(config.floor, (config.size_px[0], config.size_px[1]), config.least_s)
        return [CameraSource(self.context.identity, config.source, config.login, config.decoding, rule)]

    def receive(self, message: Input) -> None:
        """One path; in open hours it is counted only."""
        path = read_json(message.payload)
        context, key = self.context, "night"
        context.count("floor_paths")
        closed = self._closed(context.now_s)
        if closed is None:
            context.count("paths_in_open_hours")
            return
        night = context.get(key)
        if night is not None and context.now_s - night["last"] <= self.config.quiet_s:
            count = night["count"] + 1
            details = {"sightings": count, "last_seen_at": stamp(context.now_s)}
            text = messages.ANIMAL_AGAIN(name=context.identity.device, count=count)
            context.update(night["alarm"], text, ended_s=context.now_s, details=details)
            context.put(key, night | {"last": context.now_s, "count": count})
            return
        details = {
            "sightings": 1,
            "last_seen_at": stamp(context.now_s),
            "path_px": path["points"],
            "size_px": path["size_px"],
            "closed_from": stamp(closed[0]),
            "closed_to": stamp(closed[1]),
        }
        began_s = context.now_s - path["seconds"]
        text = messages.ANIMAL(name=context.identity.device)
        alarm = context.alarm("hygiene_animal", context.identity.device, began_s, text, details, ended_s=context.now_s)
        context.put(key, {"alarm": alarm, "last": context.now_s, "count": 1})

    def _closed(self, at_s: float) -> tuple[float, float] | None:
        """The closed hours that hold a moment, or None."""
        begins, ends = time.fromisoformat(self.config.closed.begins), time.fromisoformat(self.config.closed.ends)
        today = datetime.fromtimestamp(at_s, self._zone).date()
        for day in (today - timedelta(days=1), today):
            from_s = datetime.combine(day, begins, self._zone).timestamp()
            last = day if ends > begins else day + timedelta(days=1)
            to_s = datetime.combine(last, ends, self._zone).timestamp()
            if from_s <= at_s < to_s:
                return from_s, to_s
        return None
