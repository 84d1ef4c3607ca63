from __future__ import annotations

import pytest

from edgecv.config.broker import BrokerAddress, parse_broker_url
from edgecv.errors import ConfigError


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("mqtt://host", BrokerAddress("mqtt", "host", 1883)),
        ("mqtt://host/", BrokerAddress("mqtt", "host", 1883)),
        ("mqtts://host", BrokerAddress("mqtts", "host", 8883)),
        ("mqtt://10.0.0.1:1884", BrokerAddress("mqtt", "10.0.0.1", 1884)),
        ("mqtt://[::1]:1884", BrokerAddress("mqtt", "::1", 1884)),
        ("mqtt://box@host", BrokerAddress("mqtt", "host", 1883, "box")),
        ("mqtt://b%40x:p%3A%2F@host:1", BrokerAddress("mqtt", "host", 1, "b@x", "p:/")),
    ],
)
def test_an_address_is_read(url: str, address: BrokerAddress) -> None:
    assert parse_broker_url(url) == address


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "must start with mqtt://"),
        ("host:1883", "must start with mqtt://"),
        ("http://host", "must start with mqtt://"),
        ("mqt://host", "(did you mean 'mqtt'?)"),
        ("mqtt:host", "must start with mqtt://"),
        ("mqtt://", "names no host"),
        ("mqtt://:1883", "names no host"),
        ("mqtt://host:99999", "Port out of range"),
        ("mqtt://host:0", "port 0"),
        ("mqtt://host:x", "'mqtt://host:***': its port or host cannot be read"),  # it may be a password
        ("mqtt://[::1", "Invalid IPv6"),
        ("mqtt://host/topic", "something after the host"),
        ("mqtt://host?x=1", "something after the host"),
        ("mqtt://a b", "holds a blank"),
        ("mqtt://:secret@host", "a password but no user"),
    ],
)
def test_what_is_no_address_is_told_in_one_line(url: str, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parse_broker_url(url)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_no_printed_form_holds_the_password() -> None:
    address = parse_broker_url("mqtts://box:hunter2@host")
    assert str(address) == "mqtts://host:8883"
    assert "hunter2" not in repr(address)
    with pytest.raises(ConfigError) as raised:
        parse_broker_url("mqtt://box:hunter2@host:port")
    assert "hunter2" not in str(raised.value)
