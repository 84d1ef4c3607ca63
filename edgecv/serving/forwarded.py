"""Who a client is where a proxy stands in front: told by the proxies that are trusted, and by nobody else."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from starlette.types import ASGIApp, Receive, Scope, Send

from edgecv.serving.own_hosts import host_name
from edgecv.serving.sub_path import PREFIX, prefix_of

_LONGEST_CHAIN = 32
"""Proxies behind one another that are followed: there are two or three."""


class TrustedProxies:
    """The proxies that are believed.

    Args:
        networks: their addresses or networks.
    """

    def __init__(self, networks: Sequence[str]) -> None:
        self._networks = [ip_network(network) for network in networks]

    def __call__(self, address: str) -> bool:
        """Whether an address is one of theirs."""
        parsed = _parsed(address)
        return parsed is not None and any(parsed in network for network in self._networks)

    def client(self, peer: str, forwarded_for: str) -> str:
        """The client's address: the rightmost of ``X-Forwarded-For`` that is no trusted proxy's.

        Each proxy appends whom it saw, so everything left of that is what the client says of itself. Where one of the
        addresses on the way is none, the proxy does not do that, and ``peer``, who has sent it, is all that is certain.
        """
        client = peer
        for text in reversed(forwarded_for.split(",")[-_LONGEST_CHAIN:]):
            parsed = _parsed(text.strip())
            if parsed is None:
                return peer
            client = str(parsed)
            if not self(client):
                return client
        return client


class Forwarded:
    """Puts into the request what a trusted proxy tells of its client: address, scheme, host, and path in front.

    Args:
        app: what answers.
        trusted: whose headers are believed.
    """

    def __init__(self, app: ASGIApp, trusted: TrustedProxies) -> None:
        self._app = app
        self._trusted = trusted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve."""
        if scope["type"] == "http" and scope.get("client") is not None and self._trusted(scope["client"][0]):
            scope = dict(scope)
            forwarded = _forwarded_values(scope["headers"])
            if b"x-forwarded-for" in forwarded:
                scope["client"] = (self._trusted.client(scope["client"][0], forwarded[b"x-forwarded-for"]), 0)
            proto = forwarded.get(b"x-forwarded-proto", "").rpartition(",")[2].strip().lower()
            if proto in {"http", "https"}:
                scope["scheme"] = proto
            scope[PREFIX] = prefix_of(forwarded.get(b"x-forwarded-prefix", "").rpartition(",")[2])
            host = forwarded.get(b"x-forwarded-host", "").rpartition(",")[2].strip()
            if host_name(host) is not None:
                headers = [(name, value) for name, value in scope["headers"] if name != b"host"]
                scope["headers"] = [*headers, (b"host", host.encode("ascii"))]
        await self._app(scope, receive, send)


def _forwarded_values(headers: Sequence[tuple[bytes, bytes]]) -> dict[bytes, str]:
    """Headers of a proxy; one that comes twice is one list."""
    values: dict[bytes, str] = {}
    for name, value in headers:
        if name.startswith(b"x-forwarded-"):
            text = value.decode("latin-1")
            values[name] = f"{values[name]},{text}" if name in values else text
    return values


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    """An address, with or without a port: ``192.0.2.1``, ``192.0.2.1:80``, ``2001:db8::1``, ``[2001:db8::1]:80``."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        parsed = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed
