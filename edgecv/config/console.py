"""The console's section: where it listens, and how nobody but its users gets in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from ipaddress import ip_network
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from edgecv.config.base import Conflict, NonBlankText, Section
from edgecv.config.oidc import OidcSection
from edgecv.config.service import address, is_loopback
from edgecv.config.upstream import web_url

LOOPBACK = ("127.0.0.0/8", "::1")


def _database_url(url: str) -> str:
    if not url.startswith(("postgresql://", "sqlite:///")):
        raise ValueError("must be postgresql://USER@HOST/NAME or sqlite:///FILE")
    if "@" in url and ":" in url.split("://", 1)[1].rpartition("@")[0]:
        raise ValueError("must not hold a password; use database_password_file")
    return url


def _network(text: str) -> str:
    try:
        ip_network(text)
    except ValueError:
        raise ValueError("must be an address or a network, such as 192.0.2.7 or 192.0.2.0/24") from None
    return text


_PATH = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,63}){0,8}/?")


def _origin_url(url: str) -> str:
    parts = urlsplit(web_url(url))
    if parts.query or parts.fragment or not _PATH.fullmatch(parts.path):
        raise ValueError(
            "must be an address such as https://console.example.net, with a plain path where a proxy has one: "
            "https://example.net/edgecv"
        )
    return url.rstrip("/")


class ConsoleSection(Section):
    """The web page for officials and workers."""

    listen: Annotated[str, AfterValidator(address)] = Field(
        default="127.0.0.1:8464", description="HOST:PORT of the console"
    )
    certificate_file: NonBlankText | None = Field(default=None, description="the console's own certificate (PEM)")
    key_file: NonBlankText | None = Field(default=None, description="the key (PEM) of certificate_file")
    behind_proxy: bool = Field(
        default=False,
        description="whether a proxy in front speaks TLS; one on this machine is believed about who its clients are",
    )
    trusted_proxies: Annotated[tuple[Annotated[str, AfterValidator(_network)], ...], Field(min_length=1)] | None = (
        Field(
            default=None,
            description="addresses or networks of the proxies whose X-Forwarded-For, -Proto and -Host are believed, "
            "instead of those on this machine: [192.0.2.7, '2001:db8::/64']; needs behind_proxy: true",
        )
    )
    public_url: Annotated[str, AfterValidator(_origin_url)] | None = Field(
        default=None,
        description="http[s]://HOST[:PORT][/PATH] of this console as browsers reach it; requests for other hosts are "
        "refused, reminders hold the address of their case, and a path is that which a proxy puts in front"
        " (X-Forwarded-Prefix of a trusted one says it too)",
    )
    database: Annotated[str, AfterValidator(_database_url)] | None = Field(
        default=None, description="postgresql://USER@HOST/NAME; by default console.db in the state directory"
    )
    database_password_file: NonBlankText | None = Field(
        default=None, description="a file with the database's password, or credential:NAME"
    )
    language: Literal["en", "zh_CN"] = Field(
        default="zh_CN", description="the language of those whose browser asks for none that we have"
    )
    timezone: NonBlankText = Field(default="Asia/Shanghai", description="the time zone times are shown in")
    reminder_url: Annotated[str, AfterValidator(web_url)] | None = Field(
        default=None, description="http[s]://HOST/PATH that receives a CloudEvent for each overdue case"
    )
    reminder_secret_file: NonBlankText | None = Field(
        default=None, description="a file with the key that signs reminders, or credential:NAME"
    )

    oidc: OidcSection | None = Field(
        default=None, description="a provider of logins (OpenID Connect), beside the passwords kept here"
    )

    @property
    def public_origin(self) -> str | None:
        """Scheme, host and port of ``public_url``, as browsers name where a request comes from."""
        return None if self.public_url is None else "/".join(self.public_url.split("/")[:3])

    @property
    def public_path(self) -> str:
        """The path in ``public_url``; empty for none."""
        return "" if self.public_url is None else urlsplit(self.public_url).path

    def all_trusted_proxies(self) -> tuple[str, ...]:
        """The networks of the proxies that are believed about who their clients are."""
        if not self.behind_proxy:
            return ()
        return LOOPBACK if self.trusted_proxies is None else self.trusted_proxies

    @classmethod
    def conflicts(cls, values: Mapping[str, object]) -> Iterable[Conflict]:
        """Passwords never cross a network in the clear."""
        if ("certificate_file" in values) != ("key_file" in values):
            missing = "key_file" if "certificate_file" in values else "certificate_file"
            yield Conflict((missing,), "is missing; a certificate and its key go together")
        if values.get("trusted_proxies") is not None and values.get("behind_proxy") is not True:
            yield Conflict(("trusted_proxies",), "is for behind_proxy: true only; set that, or leave this out")
        listen = values.get("listen")
        if not isinstance(listen, str) or ":" not in listen or is_loopback(listen):
            return
        if values.get("certificate_file") is None and values.get("behind_proxy") is not True:
            text = "can be reached from other machines without TLS; give certificate_file and key_file, "
            yield Conflict(("listen",), text + "or behind_proxy: true where a proxy in front speaks TLS")
