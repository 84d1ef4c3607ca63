"""A camera's address as people write it: what is meant is put right, what cannot be meant is told with its remedy."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import quote, urlsplit

from edgecv.config.stream_address import is_device, is_recorded
from edgecv.messages import addresses as messages
from edgecv.messages.message import Message

SCHEMES = ("rtsp", "rtsps", "http", "https")
PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)
_ENDS_OF_HOST = re.compile(r"[/?#]")
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.%\w]+\]|[\w.-]+)(?::\d*)?")
_MISSPELT = re.compile(r"(rtsps?|https?)(?:[:;：][/\\／]*|[/\\／]{2,})", re.IGNORECASE)
_ENCODED = re.compile(r"%(?![0-9A-Fa-f]{2})")
_USERINFO_SAFE = "!$&'()*+,;=-._~%"


def meant_address(address: str) -> str:
    """The address that is meant: without blanks around it, the scheme in small letters, the password encoded.

    A password with ``/``, ``#``, ``?`` or ``@`` in it ends the host too early where nobody encoded it; it is told by
    what then stands for the port, or by a host that stands behind the last ``@``.
    """
    address = address.strip()
    match = _ADDRESS.fullmatch(address)
    if match is None:
        return address
    scheme, rest = match[1].lower(), match[2]
    userinfo, host = _split_userinfo(rest)
    if userinfo is None:
        return f"{scheme}://{host}"
    user, colon, password = userinfo.partition(":")
    return f"{scheme}://{_encoded(user)}{colon}{_encoded(password)}@{host}"


def address_fault(address: str) -> Message | None:
    """Why nothing can be opened by this address, with what to write; None where it has the form of one.

    Recorded video and devices have no fault; whether a file is there shows when it is opened.
    """
    if is_device(address):
        return None
    match = _ADDRESS.fullmatch(address.strip())
    if match is None:
        misspelt = _MISSPELT.match(address.strip())
        if misspelt is not None:
            return messages.SLASHES(scheme=misspelt[1].lower())
        return messages.NO_SCHEME() if not is_recorded(address) else None
    scheme = match[1].lower()
    if scheme not in SCHEMES:
        return messages.UNKNOWN_SCHEME(scheme=match[1][:20])
    return _host_fault(_split_userinfo(meant_address(address).partition("://")[2])[1], scheme)


def place_of(address: str) -> tuple[str, int]:
    """Host and port of an address without a fault."""
    parts = urlsplit(meant_address(address))
    return parts.hostname or "", parts.port or PORTS[parts.scheme]


def _host_fault(rest: str, scheme: str) -> Message | None:
    host = _ENDS_OF_HOST.split(rest, maxsplit=1)[0]
    if not host or re.fullmatch(r":\d*", host):
        return messages.NO_HOST(scheme=scheme)
    if re.search(r"\s", host):
        return messages.BLANK_IN_HOST()
    if not host.isascii() and re.search("[：，。．／＠]", host):
        return messages.WIDE_SIGNS()
    if not host.startswith("[") and host.count(":") > 1:
        return messages.IPV6(scheme=scheme)
    try:
        parts = urlsplit(f"{scheme}://{rest}")
        port = parts.port
    except ValueError:
        return messages.IPV6(scheme=scheme) if host.startswith("[") else messages.PORT()
    return messages.PORT() if port == 0 else None


def _split_userinfo(rest: str) -> tuple[str | None, str]:
    """User and password, and what follows them."""
    end = _ENDS_OF_HOST.search(rest)
    netloc = rest if end is None else rest[: end.start()]
    if "@" in netloc:
        at = netloc.rindex("@")
        later = rest.rfind("@")
        # the host of user:pass/word@host stands behind a later @ only where what is here is none
        if later > at and not _HOST.fullmatch(netloc[at + 1 :]):
            at = later
        return rest[:at], rest[at + 1 :]
    at = rest.rfind("@")
    if at < 0 or ":" not in netloc or netloc.startswith("["):
        return None, rest
    user, _, port = netloc.partition(":")
    behind = _ENDS_OF_HOST.split(rest[at + 1 :], maxsplit=1)[0]
    if port.isdigit() and not (_is_no_host(user) and _is_host(behind)):
        return None, rest
    return (rest[:at], rest[at + 1 :]) if _HOST.fullmatch(behind) else (None, rest)


def _is_no_host(name: str) -> bool:
    return "." not in name and name != "localhost"


def _is_host(text: str) -> bool:
    name = text.rpartition(":")[0] or text
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return "." in name and _HOST.fullmatch(text) is not None
    return True


def _encoded(text: str) -> str:
    return quote(_ENCODED.sub("%25", text), safe=_USERINFO_SAFE, errors="replace")
