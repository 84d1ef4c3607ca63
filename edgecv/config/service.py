"""How the daemon keeps what it finds and how it is looked after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from edgecv.config.base import Conflict, NonBlankText, Number, Section, WholeNumber


def address(text: str) -> str:
    """HOST:PORT, checked.

    Raises:
        ValueError: it is none.
    """
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit() or not 0 <= int(port) <= 65535 or not host:
        raise ValueError("must be HOST:PORT, such as 127.0.0.1:9464")
    return text


def is_loopback(listen: str) -> bool:
    """Whether only this box can connect to a ``HOST:PORT``."""
    return is_loopback_host(listen.rpartition(":")[0].strip("[]"))


def is_loopback_host(host: str) -> bool:
    """Whether a host's name or address, without brackets, is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class Storage(Section):
    """Where records and evidence are kept, and for how long."""

    directory: NonBlankText | None = Field(
        default=None,
        description="where everything is kept; by default systemd's state directory, or else /var/lib/edgecv",
    )
    keep_days: Annotated[Number, Field(gt=0, le=3650)] = Field(
        default=30.0, description="how many days an incident's evidence is kept; those on hold are kept longer"
    )
    disk_share: Annotated[Number, Field(gt=0, lt=1)] = Field(
        default=0.8, description="how much of its file system may be full before old evidence is deleted, 0 to 1"
    )
    record_hours: Annotated[Number, Field(ge=0, le=24 * 90)] = Field(
        default=0.0, description="how many hours of everything each camera sees are kept; 0 keeps none"
    )


class Service(Section):
    """Health, metrics and limits."""

    listen: Annotated[str, AfterValidator(address)] = Field(
        default="127.0.0.1:9464", description="HOST:PORT of metrics, health and evidence"
    )
    token_file: NonBlankText | None = Field(
        default=None, description="a file with the bearer token that readers of metrics and evidence must show"
    )
    evidence: Literal["blurred", "untouched"] = Field(
        default="blurred",
        description="what the token opens of evidence: blurred pictures, or the clip and sharp pictures too",
    )
    worker_memory_mb: Annotated[WholeNumber, Field(ge=128)] = Field(
        default=700, description="megabytes of memory a camera's worker may use before it is restarted"
    )
    sensitivity_test_at: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] | None = Field(
        default="12:00", description="local time HH:MM of the daily test of each camera's sensitivity; null for never"
    )

    @classmethod
    def conflicts(cls, values: Mapping[str, object]) -> Iterable[Conflict]:
        """Nothing is shown beyond this box without a token."""
        listen = values.get("listen")
        if isinstance(listen, str) and ":" in listen and not is_loopback(listen) and values.get("token_file") is None:
            yield Conflict(("listen",), "can be reached from other machines; give token_file, or listen on 127.0.0.1")
