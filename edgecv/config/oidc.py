"""Logging in with an account that people have elsewhere: OpenID Connect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from edgecv.config.base import Conflict, NonBlankText, Section, TopicName
from edgecv.config.service import is_loopback_host
from edgecv.config.upstream import web_url


def is_in_the_clear(url: str) -> bool:
    """Whether what is sent to an address crosses a network unencrypted."""
    parts = urlsplit(url)
    return parts.scheme != "https" and not is_loopback_host(parts.hostname or "")


def _safe_url(url: str) -> str:
    parts = urlsplit(web_url(url))
    if is_in_the_clear(url):
        raise ValueError("must begin with https://; logins never cross a network in the clear")
    if parts.query or parts.fragment:
        raise ValueError("must not have a query or fragment")
    return url


def _origin(url: str) -> str:
    if urlsplit(_safe_url(url)).path not in {"", "/"}:
        raise ValueError("must be an address without a path, such as https://console.example.net")
    return url.rstrip("/")


class OidcGrant(Section):
    """Who of the provider's users gets which role."""

    value: NonBlankText = Field(description="the claim's value, or one of its values, that gives the role")
    role: Literal["viewer", "official", "worker", "admin"] = Field(description="the role it gives")
    community: TopicName | None = Field(
        default=None, description="the community the role is in; may be left out where there is only one"
    )


class OidcSection(Section):
    """A provider of logins."""

    issuer: Annotated[str, AfterValidator(_safe_url)] = Field(
        description="the provider's issuer, https://HOST/PATH, as the provider writes it; the rest is discovered"
    )
    client_id: NonBlankText = Field(description="under which name the provider knows this console")
    client_secret_file: NonBlankText | None = Field(
        default=None, description="a file with the client's secret, or credential:NAME; none for a public client"
    )
    address: Annotated[str, AfterValidator(_origin)] = Field(
        description="https://HOST of this console as browsers reach it; the provider must allow the redirect "
        "ADDRESS/login/oidc/answer"
    )
    title: NonBlankText = Field(default="OpenID Connect", description="what people call the provider, for the button")
    scopes: NonBlankText = Field(default="openid profile", description="the scopes to ask for, with blanks between")
    claim: NonBlankText = Field(default="groups", description="the claim that says what somebody may do")
    grants: Annotated[tuple[OidcGrant, ...], Field(min_length=1)] = Field(
        description="a list of {value: ..., role: ..., community: ...}; in each community the first that fits counts"
    )
    ca_file: NonBlankText | None = Field(
        default=None, description="certificates (PEM) to trust instead of the system's"
    )

    @classmethod
    def conflicts(cls, values: Mapping[str, object]) -> Iterable[Conflict]:
        """Without the scope ``openid`` a provider does not say who somebody is."""
        scopes = values.get("scopes")
        if isinstance(scopes, str) and scopes.strip() and "openid" not in scopes.split():
            yield Conflict(("scopes",), "must hold openid")
