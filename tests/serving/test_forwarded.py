"""Who a client is behind a proxy: trusted proxies tell it, everybody else only says so."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from edgecv.serving.forwarded import Forwarded, TrustedProxies

LOCAL = ("127.0.0.0/8", "::1")
FRONT = ("192.0.2.7", "2001:db8:1::/48")


def seen(trusted: tuple[str, ...], peer: str, *headers: tuple[str, str]) -> dict[str, Any]:
    """The request as the application sees it."""
    found: dict[str, Any] = {}

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        found.update(scope)

    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in (("host", "console"), *headers)]
    scope = {"type": "http", "client": (peer, 4711), "scheme": "http", "headers": raw}
    asyncio.run(Forwarded(app, TrustedProxies(trusted))(scope, None, None))  # type: ignore[arg-type]
    return found | {"host": dict(found["headers"])[b"host"].decode(), "address": found["client"][0]}


@pytest.mark.parametrize("peer", ["10.0.0.5", "192.168.1.20", "172.16.3.4", "fd00::7", "203.0.113.9"])
@pytest.mark.parametrize("trusted", [LOCAL, FRONT, ()])
def test_who_is_no_named_proxy_is_not_believed(trusted: tuple[str, ...], peer: str) -> None:
    forged = (("X-Forwarded-For", "1.2.3.4"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "evil.example"))
    request = seen(trusted, peer, *forged)
    assert (request["address"], request["scheme"], request["host"]) == (peer, "http", "console")


@pytest.mark.parametrize("peer", ["192.0.2.7", "2001:db8:1::9", "::ffff:192.0.2.7"])
def test_a_named_proxy_is_believed(peer: str) -> None:
    told = (("X-Forwarded-For", "203.0.113.9"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "falls.example"))
    request = seen(FRONT, peer, *told)
    assert (request["address"], request["scheme"], request["host"]) == ("203.0.113.9", "https", "falls.example")


@pytest.mark.parametrize(
    ("told", "client"),
    [
        (["1.2.3.4, 203.0.113.9"], "203.0.113.9"),  # the left one the client has made up
        (["1.2.3.4", "203.0.113.9"], "203.0.113.9"),  # two headers are one list
        (["203.0.113.9, 192.0.2.7"], "203.0.113.9"),  # by two proxies
        (["192.0.2.7, 203.0.113.9, 2001:db8:1::1"], "203.0.113.9"),
        (["203.0.113.9:5123"], "203.0.113.9"),
        (["[2001:db8:2::5]:443"], "2001:db8:2::5"),
        (["::ffff:203.0.113.9"], "203.0.113.9"),
    ],
)
def test_the_rightmost_address_that_is_no_proxys_is_the_clients(told: list[str], client: str) -> None:
    headers = [("X-Forwarded-For", value) for value in told]
    assert seen(FRONT, "192.0.2.7", *headers)["address"] == client


@pytest.mark.parametrize("told", ["", ",", "unknown", "203.0.113.9,", "_hidden", "1.2.3.4 5.6.7.8", "a" * 5000, "\xff"])
def test_an_address_that_is_none_is_not_taken_for_the_client(told: str) -> None:
    assert seen(FRONT, "192.0.2.7", ("X-Forwarded-For", told))["address"] == "192.0.2.7"


@pytest.mark.parametrize("proto", ["", "ftp", "javascript", "https://x", "http, ws"])
def test_a_scheme_that_is_none_is_ignored(proto: str) -> None:
    assert seen(FRONT, "192.0.2.7", ("X-Forwarded-Proto", proto))["scheme"] == "http"


@pytest.mark.parametrize("host", ["", "evil/x", "a b", "user@evil", "[", "a:b", "evil.example:123456", "\xe9"])
def test_a_host_that_is_none_is_ignored(host: str) -> None:
    assert seen(FRONT, "192.0.2.7", ("X-Forwarded-Host", host))["host"] == "console"
