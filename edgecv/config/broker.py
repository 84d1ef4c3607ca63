"""The address of an MQTT broker, as written in a box file or after ``--push``."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from edgecv.config.addresses import address_problem, redacted_address
from edgecv.config.problems import did_you_mean, one_line
from edgecv.errors import ConfigError

DEFAULT_PORTS = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where a broker listens and who we are to it; printing it never shows the password."""

    scheme: str
    host: str
    port: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def tls(self) -> bool:
        """Whether the connection is encrypted and the broker's certificate checked."""
        return self.scheme == "mqtts"


def parse_broker_url(url: str) -> BrokerAddress:
    """Read ``mqtt://[user[:password]@]HOST[:PORT]`` or the same with ``mqtts`` (TLS).

    User and password are percent-decoded. Default ports are 1883 and 8883.

    Raises:
        ConfigError: the address is not of that form; the message shows it without user and password.
    """
    public = one_line(redacted_address(url))
    try:
        parts = urlsplit(url)
        port = parts.port
        host = parts.hostname
    except ValueError as error:
        raise ConfigError(f"broker address '{public}': {address_problem(error)}; write mqtt://HOST[:PORT]") from None
    if parts.scheme not in DEFAULT_PORTS or "://" not in url:
        raise ConfigError(
            f"broker address '{public}': must start with mqtt:// or mqtts://{did_you_mean(parts.scheme, DEFAULT_PORTS)}"
        )
    if any(c.isspace() or not c.isprintable() for c in url):
        raise ConfigError(f"broker address '{public}': holds a blank; write it as %20, other controls as %XX")
    if not host:
        raise ConfigError(f"broker address '{public}': names no host; write {parts.scheme}://HOST[:PORT]")
    if port == 0:
        raise ConfigError(f"broker address '{public}': port 0 cannot be connected to; use 1 to 65535")
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ConfigError(
            f"broker address '{public}': has something after the host; write {parts.scheme}://HOST[:PORT]"
        )
    if parts.password is not None and not parts.username:
        raise ConfigError(f"broker address '{public}': has a password but no user; write user:password@HOST")
    return BrokerAddress(
        scheme=parts.scheme,
        host=host,
        port=port if port is not None else DEFAULT_PORTS[parts.scheme],
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password is not None else None,
    )
