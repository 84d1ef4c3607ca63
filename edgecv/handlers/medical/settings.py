"""The box file's section for medication schedules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import AfterValidator, Field

from edgecv.config.base import Conflict, NonBlankText, Number
from edgecv.config.devices import DeviceSettings, MqttInput
from edgecv.handlers.medical.timing_repeat import MAX_A_DAY
from edgecv.handlers.payload_values import a_time_zone
from edgecv.handlers.sources.webhook import HookInput
from edgecv.handlers.topics import TopicFilter

Hour = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class MedicationSettings(DeviceSettings):
    """Medication schedules."""

    hook: HookInput | None = Field(default=None, description="where a FHIR server tells us of schedules and doses")
    mqtt: MqttInput | None = Field(default=None, description="the broker that dispensers and apps speak to")
    schedule_topics: tuple[TopicFilter, ...] = Field(default=(), description="topics of MedicationRequest resources")
    dose_topics: tuple[TopicFilter, ...] = Field(
        default=(), description="topics of doses taken: {id, schedule, time}; without an id a sign of life"
    )
    on_call: Annotated[tuple[NonBlankText, ...], Field(min_length=1)] = Field(
        description="ids of the doctors on call, in the order they are asked"
    )
    time_zone: Annotated[NonBlankText, AfterValidator(a_time_zone)] = Field(
        default="Asia/Shanghai", description="where people live"
    )
    early_s: Annotated[Number, Field(ge=0)] = Field(default=3600.0, description="how early a dose may come, seconds")
    grace_s: Annotated[Number, Field(ge=0)] = Field(default=3600.0, description="how late a dose may come, seconds")
    news_s: Annotated[Number, Field(ge=0)] = Field(
        default=300.0, description="how long the news of a dose may be under way, seconds"
    )
    answer_s: Annotated[Number, Field(gt=0)] = Field(
        default=600.0, description="how long a doctor may take to answer before the next is asked, seconds"
    )
    times: dict[NonBlankText, Hour] = Field(
        default_factory=dict, description='hours of FHIR\'s event timings that differ here, such as {MORN: "07:30"}'
    )
    times_a_day: dict[NonBlankText, tuple[Hour, ...]] = Field(
        default_factory=dict,
        description='hours of so many doses a day where an order names none, such as {"2": ["07:00", "18:00"]}',
    )

    @classmethod
    def conflicts(cls, values: Mapping[str, object]) -> Iterable[Conflict]:
        """Schedules and doses come from somewhere; so many hours for so many doses a day."""
        times_a_day = values.get("times_a_day")
        for number, hours in times_a_day.items() if isinstance(times_a_day, Mapping) else ():
            if not (isinstance(number, str) and number.isdecimal() and 1 <= int(number) <= MAX_A_DAY):
                yield Conflict(("times_a_day", number), f'is no number of doses; write "1" to "{MAX_A_DAY}" in quotes')
            elif isinstance(hours, list | tuple) and (len(hours) != int(number) or len(set(hours)) != len(hours)):
                yield Conflict(("times_a_day", number), f"must have {number} different hours")
        if values.get("mqtt") is None:
            for key in ("schedule_topics", "dose_topics"):
                if values.get(key):
                    yield Conflict((key,), "need a broker; add mqtt")
            if values.get("hook") is None:
                yield Conflict(("mqtt",), "or hook must say where schedules and doses come from")
