"""The other devices of a box: each section is read by the handler of its ``kind``, which any package may bring."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from typing import Annotated, Any

from pydantic import AfterValidator, Field, PlainValidator, SerializeAsAny, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from edgecv.config.base import PROBLEM, Conflict, NonBlankText, Number, Section, WholeNumber
from edgecv.config.problems import Location, did_you_mean
from edgecv.config.upstream import broker_url
from edgecv.errors import ConfigError

GROUP = "edgecv.handlers"
"""The entry-point group that handlers are found by: ``kind = "package.module:Class"``."""
_EXTRAS = {"fhir.resources": "edgecv[fhir]", "pymodbus": "edgecv[modbus]"}


class DeviceSettings(Section):
    """What every device's section holds; a handler's own model derives from it."""

    kind: NonBlankText = Field(description="which handler looks after it")
    memory_mb: Annotated[WholeNumber, Field(ge=64)] = Field(
        default=256, description="megabytes of memory its process may use before it is restarted"
    )
    alarms_per_hour: Annotated[WholeNumber, Field(ge=1, le=100_000)] = Field(
        default=120, description="how many alarms an hour are pushed; more are kept, counted and summed up in one line"
    )


class MqttInput(Section):
    """The broker that devices speak to."""

    url: Annotated[NonBlankText, AfterValidator(broker_url)] = Field(description="mqtt[s]://HOST[:PORT] of the broker")
    user: NonBlankText | None = Field(default=None, description="user name at the broker")
    password_file: NonBlankText | None = Field(
        default=None, description="a file with the broker's password, or credential:NAME"
    )
    ca_file: NonBlankText | None = Field(default=None, description="certificates (PEM) to trust, for mqtts")
    certificate_file: NonBlankText | None = Field(
        default=None, description="the box's own certificate (PEM), for mqtts"
    )
    key_file: NonBlankText | None = Field(default=None, description="the key (PEM) of certificate_file")
    session_hours: Annotated[Number, Field(gt=0, le=24 * 365)] = Field(
        default=168.0, description="how long the broker keeps what devices say while the box is away, hours"
    )

    @classmethod
    def conflicts(cls, values: Mapping[str, object]) -> Iterable[Conflict]:
        """A certificate and its key go together."""
        if (values.get("certificate_file") is None) != (values.get("key_file") is None):
            yield Conflict(("certificate_file",), "and key_file go together; give both or neither")


@cache
def installed() -> dict[str, EntryPoint]:
    """Every handler of every installed package, by kind."""
    return {point.name: point for point in entry_points(group=GROUP)}


def load_handler(kind: str) -> Any:
    """The class that looks after devices of a kind.

    Raises:
        ConfigError: there is none, it cannot be imported, or a package it needs is not installed.
    """
    point = installed().get(kind)
    if point is None:
        kinds = sorted(installed())
        raise ConfigError(f"there is no handler '{kind}' here; known are {', '.join(kinds)}{did_you_mean(kind, kinds)}")
    try:
        handler = point.load()
    except Exception as error:  # another package's module may raise anything
        raise ConfigError(f"the handler '{kind}' ({point.value}) cannot be loaded: {error}") from error
    for package in getattr(handler, "needs", ()):
        if not is_installed(package):
            raise ConfigError(
                f"the handler '{kind}' needs {package}, which is not installed; "
                f"run: pip install '{_EXTRAS.get(package, package)}'"
            )
    return handler


def is_installed(package: str) -> bool:
    """Whether a module could be imported."""
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:  # of the package it stands in
        return False


def _device(values: object) -> DeviceSettings:
    if isinstance(values, DeviceSettings):
        return values
    if not isinstance(values, Mapping):
        raise _problem((), "must be a section of keys and values", values)
    kind = values.get("kind")
    if not isinstance(kind, str):
        raise _problem(("kind",), f"must say which handler looks after it: {', '.join(sorted(installed()))}", kind)
    try:
        handler = load_handler(kind)
    except ConfigError as error:
        raise _problem(("kind",), str(error), kind) from None
    if handler.section != "devices":
        raise _problem(("kind",), f"stands under {handler.section}, not here; move it there", kind)
    settings = handler.settings
    checked: DeviceSettings = settings.model_validate(values)
    return checked


def _problem(at: Location, text: str, value: object) -> ValidationError:
    error = PydanticCustomError(PROBLEM, "{text}", {"text": text})
    return ValidationError.from_exception_data("Device", [InitErrorDetails(type=error, loc=at, input=value)])


Device = Annotated[SerializeAsAny[DeviceSettings], PlainValidator(_device)]
"""One device's section, read by its handler's model."""
