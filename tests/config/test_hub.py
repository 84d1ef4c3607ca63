"""The console's section and the hub file: what is wrong is told, and nothing is open by mistake."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from edgecv.config import ConfigProblems, load_hub
from edgecv.config.console import ConsoleSection

EXAMPLE = Path(__file__).parents[2] / "configs" / "hub.example.yaml"


def test_the_example_is_valid() -> None:
    hub = load_hub(EXAMPLE)
    assert hub.settings.communities["jialing"].sites == ("jialinglu-3", "jialinglu-5")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("client_id:", "client_idd:", "did you mean 'client_id'"),
        ("sites: [riverside-1]", "sites: [jialinglu-3]", "is a site of 'jialing' already"),
        ("  jialinglu-3:   ", "  jialinglu-9:   ", "is a site of no community"),
        ("url: mqtts://", "url: https://", "must start with mqtt"),
        ("postgresql://edgecv@", "postgresql://edgecv:secret@", "must not hold a password"),
    ],
)
def test_mistakes_are_told_with_their_line(tmp_path: Path, old: str, new: str, told: str) -> None:
    file = tmp_path / "hub.yaml"
    file.write_text(EXAMPLE.read_text().replace(old, new))
    with pytest.raises(ConfigProblems) as error:
        load_hub(file)
    assert told in str(error.value)
    assert f"{file}:" in str(error.value)


@pytest.mark.parametrize("listen", ["0.0.0.0:8464", "192.168.1.4:80", "[::]:8464"])
def test_beyond_loopback_only_with_tls(listen: str) -> None:
    with pytest.raises(ValidationError, match="without TLS"):
        ConsoleSection.model_validate({"listen": listen})
    ConsoleSection.model_validate({"listen": listen, "behind_proxy": True})
    ConsoleSection.model_validate({"listen": listen, "certificate_file": "a.pem", "key_file": "a.key"})


@pytest.mark.parametrize(
    ("settings", "trusted"),
    [
        ({}, ()),
        ({"behind_proxy": True}, ("127.0.0.0/8", "::1")),
        ({"behind_proxy": True, "trusted_proxies": ("192.0.2.7", "2001:db8::/64")}, ("192.0.2.7", "2001:db8::/64")),
    ],
)
def test_only_proxies_on_this_machine_or_those_that_are_named_are_believed(
    settings: dict[str, object], trusted: tuple[str, ...]
) -> None:
    assert ConsoleSection.model_validate(settings).all_trusted_proxies() == trusted


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("trusted_proxies", ("proxy.example.net",), "must be an address or a network"),
        ("trusted_proxies", ("192.0.2.7/24",), "must be an address or a network"),
        ("trusted_proxies", (), "must have at least 1"),
        ("public_url", "console.example.net", "must be an address such as"),
        ("public_url", "https://console.example.net/a?b=c", "with a plain path where a proxy has one"),
    ],
)
def test_a_proxy_or_address_that_is_none_is_refused(key: str, value: object, told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        ConsoleSection.model_validate({"behind_proxy": True, key: value})


def test_trusted_proxies_without_a_proxy_are_refused() -> None:
    with pytest.raises(ValidationError, match="is for behind_proxy: true only"):
        ConsoleSection.model_validate({"trusted_proxies": ("192.0.2.7",)})
