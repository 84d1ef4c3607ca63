"""Where incidents go: brokers, webhooks, and the place that takes evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from edgecv.config.addresses import address_problem
from edgecv.config.base import Conflict, NonBlankText, Number, Section, TopicName, entries, part
from edgecv.config.broker import parse_broker_url
from edgecv.config.problems import did_you_mean
from edgecv.errors import ConfigError

_SCHEMES = ("mqtt", "mqtts", "http", "https")
EVIDENCE = "evidence"
"""The name of the evidence upload's place in the outbox."""
Profile = Literal["cloudevents", "thingsboard", "homeassistant"]


def broker_url(url: str) -> str:
    """The address of a broker, checked.

    Raises:
        ValueError: it is none.
    """
    try:
        parse_broker_url(url)
    except ConfigError as error:
        raise ValueError(str(error).split(": ", 1)[1]) from None
    return url


def web_url(url: str) -> str:
    """``url`` when it is that of a web server, without a password; a ValueError says what is wrong."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"is not an address ({address_problem(error)}); write https://HOST/PATH") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise ValueError("must be an address such as https://HOST/PATH")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not hold a user or password; use token_file")
    return url


def _target_url(url: str) -> str:
    scheme = url.split("://", 1)[0]
    if scheme not in _SCHEMES or "://" not in url:
        raise ValueError(f"must start with {', '.join(s + '://' for s in _SCHEMES)}{did_you_mean(scheme, _SCHEMES)}")
    return broker_url(url) if scheme.startswith("mqtt") else web_url(url)


_BROKER_KEYS = ("profile", "user", "password_file", "certificate_file", "key_file", "session_hours")
_WEB_KEYS = ("secret_file", "token_file")


class Target(Section):
    """One receiver with its own place in the outbox: an MQTT 5 broker or a webhook."""

    name: TopicName = Field(description="the target's name: another name starts again from the oldest kept message")
    url: Annotated[str, AfterValidator(_target_url)] = Field(
        description="mqtt[s]://HOST[:PORT] of a broker, or http[s]://HOST/PATH of a webhook"
    )
    profile: Profile = Field(default="cloudevents", description="the form of a broker's messages")
    user: NonBlankText | None = Field(default=None, description="user name at the broker")
    password_file: NonBlankText | None = Field(
        default=None, description="a file with the broker's password, or credential:NAME"
    )
    ca_file: NonBlankText | None = Field(
        default=None, description="certificates (PEM) to trust instead of the system's, for mqtts and https"
    )
    certificate_file: NonBlankText | None = Field(
        default=None, description="the box's own certificate (PEM), for mqtts"
    )
    key_file: NonBlankText | None = Field(default=None, description="the key (PEM) of certificate_file")
    session_hours: Annotated[Number, Field(ge=0, le=24 * 365)] = Field(
        default=24.0, description="how long the broker remembers our session while we are away, hours"
    )
    secret_file: NonBlankText | None = Field(
        default=None, description="a file with the key that a webhook's messages are signed with (HMAC-SHA-256)"
    )
    token_file: NonBlankText | None = Field(default=None, description="a file with the bearer token a webhook asks for")

    @classmethod
    def conflicts(cls, values: Mapping[str, object]) -> Iterable[Conflict]:
        """What belongs to brokers is not given for webhooks and the other way round."""
        url = values.get("url")
        if not isinstance(url, str) or url.split("://", 1)[0] not in _SCHEMES:
            return
        is_broker = url.startswith("mqtt")
        for key in _WEB_KEYS if is_broker else _BROKER_KEYS:
            if key in values:
                yield Conflict((key,), f"is for {'webhooks' if is_broker else 'brokers'} only; leave it out")
        if ("certificate_file" in values) != ("key_file" in values):
            missing = "key_file" if "certificate_file" in values else "certificate_file"
            yield Conflict((missing,), "is missing; a certificate and its key go together")


class EvidenceUpload(Section):
    """Where evidence files are sent."""

    url: Annotated[str, AfterValidator(web_url)] = Field(
        description="an https:// address; files go to URL/SITE/DEVICE/INCIDENT/FILE"
    )
    method: Literal["put", "multipart"] = Field(default="put", description="one PUT a file, or one POST of all")
    pictures: Literal["blurred", "untouched"] = Field(
        default="blurred",
        description="blurred: blurred pictures, no clip; untouched: the clip and the pictures as they are, too, for a "
        "receiver that opens them for named people with a reason alone, such as an edgecv hub",
    )
    token_file: NonBlankText | None = Field(default=None, description="a file with the bearer token it asks for")
    ca_file: NonBlankText | None = Field(
        default=None, description="certificates (PEM) to trust instead of the system's"
    )


class Upstream(Section):
    """Where incidents are pushed."""

    mqtt: Annotated[str, AfterValidator(broker_url)] | None = Field(
        default=None, description="the broker's address, mqtt://[user:password@]HOST[:PORT] or mqtts:// for TLS"
    )
    targets: tuple[Target, ...] = Field(default=(), description="a list of receivers: {name: ..., url: ...}")
    evidence: EvidenceUpload | None = Field(
        default=None, description="where evidence files are sent; nowhere if left out"
    )

    @classmethod
    def conflicts(cls, values: Mapping[str, object]) -> Iterable[Conflict]:
        """Names are unique, for each place in the outbox hangs on its name, the evidence upload's too."""
        names = [part(target, "name") for target in entries(values, "targets")]
        names += ["mqtt"] if values.get("mqtt") is not None else []
        for index, target in enumerate(entries(values, "targets")):
            if part(target, "name") == EVIDENCE:
                yield Conflict(("targets", index, "name"), "is the name of the evidence upload; choose another")
        for name, count in Counter(n for n in names if isinstance(n, str)).items():
            if count > 1:
                yield Conflict(("targets",), f"has the name '{name}' {count} times; each needs its own")

    def all_targets(self) -> tuple[Target, ...]:
        """Every target; the address under ``mqtt`` is one named so."""
        first = () if self.mqtt is None else (Target(name="mqtt", url=self.mqtt),)
        return first + self.targets
