"""Credentials of a broker's section in a box or hub file."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from edgecv.config.broker import BrokerAddress
from edgecv.config.secrets import read_secret
from edgecv.mqtt.connection import Credentials
from edgecv.tls import tls_context


class BrokerSettings(Protocol):
    """What every section of a broker has."""

    @property
    def user(self) -> str | None:
        """User name, if any."""

    @property
    def password_file(self) -> str | None:
        """A file with the password, if any."""

    @property
    def ca_file(self) -> str | None:
        """Certificates (PEM) to trust instead of the system's."""


def read_credentials(settings: BrokerSettings, address: BrokerAddress, file: Path, at: str) -> Credentials:
    """Read password and certificates from the files that a section names.

    Args:
        settings: the section; ``certificate_file`` and ``key_file`` are read where it has them.
        address: the broker's address, whose user and password serve where the section names none.
        file: the box or hub file, whose folder file names are relative to.
        at: where the section stands in it, for messages.

    Raises:
        ConfigError: a file cannot be used; the message names it.
    """
    password = address.password
    if settings.password_file is not None:
        password = read_secret(settings.password_file, file, f"{at}.password_file")
    tls = None
    if address.tls:
        own = (getattr(settings, "certificate_file", None), getattr(settings, "key_file", None))
        tls = tls_context(file, at, settings.ca_file, *own)
    return Credentials(settings.user or address.username, password, tls)
