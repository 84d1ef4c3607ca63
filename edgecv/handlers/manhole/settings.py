"""The box file's section for manhole covers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from edgecv.config.base import Conflict, NonBlankText, Number, Section, part
from edgecv.config.devices import DeviceSettings, MqttInput
from edgecv.handlers.manhole.payload_codecs import Decoder, measures_distance
from edgecv.handlers.payload_values import JsonPath
from edgecv.handlers.thresholds import Limit
from edgecv.handlers.topics import TopicFilter

CHIRPSTACK_TOPICS = tuple(f"application/+/device/+/event/{kind}" for kind in ("up", "join", "status"))

MAX_MAINTENANCE_HOURS = 48.0
"""A shift is eight, a night's closure of a road ten; what takes longer is begun again, or stands in the box file."""


def _moment(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("is no time; write it as 2026-03-02T09:00:00+08:00, in quotes") from None
    if moment.tzinfo is None:
        raise ValueError("does not say its time zone; add Z or +08:00")
    return text


Moment = Annotated[NonBlankText, AfterValidator(_moment)]
"""RFC 3339 with its time zone."""


def _one_topic(topic: str) -> str:
    if not topic or any(c in topic for c in "+#\0"):
        raise ValueError("must be one MQTT topic; leave out '+' and '#'")
    return topic


class Cover(Section):
    """One cover."""

    name: NonBlankText = Field(description="what people call it")
    latitude: Annotated[Number, Field(ge=-90, le=90)] | None = Field(default=None, description="where it lies, degrees")
    longitude: Annotated[Number, Field(ge=-180, le=180)] | None = Field(
        default=None, description="where it lies, degrees"
    )

    @classmethod
    def conflicts(cls, values: Mapping[str, object]) -> Iterable[Conflict]:
        """A place has two coordinates."""
        if (values.get("latitude") is None) != (values.get("longitude") is None):
            yield Conflict(("latitude",), "and longitude go together; give both or neither")


class Planned(Section):
    """A window in which a crew works on a cover."""

    cover: NonBlankText = Field(description='the cover\'s id or name, or "*" for all')
    begins: Moment = Field(description="when it begins, RFC 3339")
    ends: Moment = Field(description="when it ends, RFC 3339")
    by: NonBlankText = Field(description="who works there")

    @classmethod
    def conflicts(cls, values: Mapping[str, object]) -> Iterable[Conflict]:
        """It ends after it begins."""
        begins, ends = values.get("begins"), values.get("ends")
        try:
            wrong = datetime.fromisoformat(str(begins)) >= datetime.fromisoformat(str(ends))
        except (ValueError, TypeError):
            return  # told already
        if wrong:
            yield Conflict(("ends",), "is not after 'begins'")


class MaintenanceCommands(Section):
    """Who may begin and end maintenance by a message, and of what."""

    topic: Annotated[str, AfterValidator(_one_topic)] | None = Field(
        default=None, description="where commands come; edgecv/v1/SITE/DEVICE/command when left out"
    )
    secret_file: NonBlankText | None = Field(
        default=None, description="a file with the secret that commands must be signed with, or credential:NAME"
    )
    longest_hours: Annotated[Number, Field(gt=0, le=MAX_MAINTENANCE_HOURS)] = Field(
        default=12.0, description="how long one command may mute a cover, hours"
    )
    everything: bool = Field(default=False, description='true where a command may name "*", which mutes every cover')


class PlainTopics(Section):
    """Covers that come by another network server than ChirpStack, or speak JSON of their own."""

    topics: Annotated[tuple[TopicFilter, ...], Field(min_length=1)] = Field(description="a list of topics")
    id: JsonPath = Field(default="$.id", description="where the cover's id stands")
    time: JsonPath | None = Field(default=None, description="where its own time stands")
    counter: JsonPath | None = Field(default=None, description="where a number stands that grows with each message")
    data: JsonPath | None = Field(
        default=None, description="where the payload's bytes stand, for decoders of bytes, such as The Things Stack's"
    )
    encoding: Literal["base64", "hex"] = Field(default="base64", description="how data is written: base64 or hex")
    port: JsonPath | None = Field(default=None, description="where the LoRaWAN port stands, for data")


class ManholeSettings(DeviceSettings):
    """Manhole covers."""

    mqtt: MqttInput = Field(description="the broker: ChirpStack's, or the one the covers speak to")
    plain: PlainTopics | None = Field(default=None, description="for covers that do not come by ChirpStack")
    decoder: Decoder = Field(description="how their payload is read")
    covers: dict[NonBlankText, Cover] = Field(
        default_factory=dict, description="covers by id (DevEUI); these are missed even if they were never heard"
    )
    tilt_deg: Annotated[Number, Field(gt=0, lt=180)] = Field(
        default=15.0, description="a tilt beyond this is a cover that was moved, degrees"
    )
    shock_g: Annotated[Number, Field(gt=0)] = Field(default=1.0, description="a shock of so much is damage")
    debounce_s: Annotated[Number, Field(gt=0, le=3600)] = Field(
        default=30.0, description="two readings so far apart make a cover moved, not one as a lorry passes, seconds"
    )
    reports_changes: bool = Field(
        default=False, description="true where a sensor speaks as soon as something changes: no word means no change"
    )
    stolen_after_s: Annotated[Number, Field(gt=0)] = Field(
        default=900.0, description="open and then silent for so long is stolen, seconds; three uplinks or more"
    )
    stolen_m: Annotated[Number, Field(gt=0)] = Field(
        default=100.0, description="a cover so far from its place is stolen, metres"
    )
    silent_after_s: Annotated[Number, Field(gt=0)] = Field(
        default=93_600.0, description="a cover that says nothing for so long is reported, seconds"
    )
    quiet_s: Annotated[Number, Field(gt=0)] = Field(
        default=3600.0, description="shocks no farther apart than this are one alarm, seconds"
    )
    water: Limit | None = Field(default=None, description="limit of the water level, cm")
    gas: Limit | None = Field(default=None, description="limit of combustible gas, % of the lower explosive limit")
    battery: Limit | None = Field(
        default=None, description="limit of the battery, %; up to 10 also of sensors that tell volts"
    )
    battery_v: Limit | None = Field(default=None, description="limit of the battery of sensors that tell volts, V")
    maintenance: tuple[Planned, ...] = Field(default=(), description="a list of windows in which crews work")
    maintenance_commands: MaintenanceCommands = Field(
        default_factory=MaintenanceCommands, description="who may begin and end maintenance by a message, and of what"
    )

    @classmethod
    def conflicts(cls, values: Mapping[str, object]) -> Iterable[Conflict]:
        """Limits that a reading reaches; names of their own; a theft is not noticed later than silence."""
        for limit in ("water", "gas", "battery", "battery_v"):
            if part(values.get(limit), "equals") is not None:
                yield Conflict((limit, "equals"), "is of no use here; give above or below")
        yield from _same_names(values)
        plain, form = values.get("plain"), part(values.get("decoder"), "form")
        if plain is not None and part(plain, "data") is None and form != "values" and values.get("decoder") is not None:
            yield Conflict(("plain", "data"), "is missing: this decoder reads bytes, and must know where they stand")
        if values.get("water") is not None and measures_distance(values.get("decoder")):
            yield Conflict(("decoder", "height_cm"), "is needed for 'water': the sensor tells a distance, not a level")
        stolen, silent = values.get("stolen_after_s"), values.get("silent_after_s")
        if isinstance(stolen, int | float) and isinstance(silent, int | float) and stolen > silent:
            yield Conflict(("stolen_after_s",), "must not be more than silent_after_s")


def _same_names(values: Mapping[str, object]) -> Iterable[Conflict]:
    """Two covers of one name could not be told apart in alarms; ids count without regard to capitals."""
    covers = values.get("covers")
    names: dict[str, str] = {}
    ids: dict[str, str] = {}
    for cover, about in covers.items() if isinstance(covers, Mapping) else ():
        if str(cover).lower() in ids:
            yield Conflict(("covers", str(cover)), f"is the same cover as '{ids[str(cover).lower()]}'")
        ids.setdefault(str(cover).lower(), str(cover))
        name = part(about, "name")
        if isinstance(name, str) and name in names:
            yield Conflict(("covers", str(cover), "name"), f"is the name of {names[name]} too; choose another")
        elif isinstance(name, str):
            names[name] = str(cover)
