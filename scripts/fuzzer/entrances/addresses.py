"""Addresses of cameras, brokers and receivers: read or refused, and never shown with their password."""

from __future__ import annotations

import random
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

from edgecv.capture.stream import StreamSettings
from edgecv.config.broker import parse_broker_url
from edgecv.config.known_secrets import KnownSecrets
from edgecv.config.problems import display_value, redacted
from edgecv.config.stream_address import is_device, is_recorded, resolved_address
from edgecv.errors import ConfigError
from fuzzer.dictionary import TEXTS
from fuzzer.entrance import Case, Entrance, expect
from fuzzer.entrances.config_files import SECRET
from fuzzer.mutation import mutated_text

_FORMS = (
    "rtsp://admin:{}@192.0.2.1:554/stream1",
    "rtsp://admin:{}@[2001:db8::1]/a?b=c#d",
    "rtsp://192.0.2.1/1?user=admin&password={}",
    "rtsp://192.0.2.1/user=admin&password={}&channel=1",
    "rtsp://192.0.2.1/user=admin_password={}_channel=1",
    "http://192.0.2.1/v.cgi?usr=admin&pwd={}",
    "http://192.0.2.1/v.cgi?token={}",
    "https://host/hook?api_key={}",
    "mqtt://box:{}@broker:1883",
    "mqtts://box:{}@broker",
    "https://u:{}@host/p",
)


class Addresses(Entrance):
    """Everything that reads or shows an address."""

    name = "addresses"
    remembers: ClassVar[bool] = False
    weight: ClassVar[float] = 0.5
    smoke = 1000
    good_every = 100

    def open(self, folder: Path) -> None:
        """Somewhere that relative names are relative to."""
        self._box = folder / "box.yaml"

    def make(self, rng: random.Random) -> Case:
        """An address with a password in it, spoilt in half of the cases."""
        secret = (
            SECRET
            if rng.random() < 0.6
            else quote(f"{SECRET}@:/?#&{rng.choice(TEXTS)[:20]}", safe="", errors="replace")
        )
        address = rng.choice(_FORMS).format(secret)
        spoilt = rng.random() < 0.5
        if spoilt:
            address = mutated_text(rng, address) if rng.random() < 0.8 else rng.choice(TEXTS)
        return {"address": address[:20_000], "spoilt": spoilt}

    def attempt(self, case: Case) -> None:
        """Read it in every way; where it is whole, nothing shows the password."""
        address = case["address"]
        said = [redacted(address), display_value(address), KnownSecrets().text(f"cannot open {address}: refused")]
        for source in (StreamSettings(address), StreamSettings(address, user="u:/", password="p@/\ud800"[:3])):
            try:
                said.append(source.shown)
                source.address_with_login()
            except ConfigError as error:
                said.append(str(error))
        try:
            said.append(str(parse_broker_url(address)))
            said.append(repr(parse_broker_url(address)))
        except ConfigError as error:
            said.append(str(error))
        is_device(address), is_recorded(address)
        resolved_address(address, self._box)
        if not case["spoilt"]:
            leaks = [text for text in said if SECRET in text]
            expect(not leaks, f"a password is shown in an address of the form {_form(address)}")

    def good(self) -> None:
        """A good address keeps all but its password."""
        expect("192.0.2.1:554/stream1" in redacted(_FORMS[0].format(SECRET)), "the address is not told")


def _form(address: str) -> str:
    return address.partition(SECRET)[0]
