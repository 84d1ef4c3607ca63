"""Ids and names as one level of an address, whatever characters they have.

Percent signs alone do not do: servers undo ``%2F`` before they look for a route, and browsers leave out ``..``. So
those few characters are written as ``~`` and two hexadecimal digits; only then is the rest percent-encoded as usual.
"""

from __future__ import annotations

import re
from urllib.parse import quote

_PARTING = re.compile(r"[/\\%~\x00-\x1f\x7f]|^\.+$")
_ESCAPED = re.compile(r"~([0-7][0-9A-F])")


def part(text: str) -> str:
    """One level of an address."""
    plain = _PARTING.sub(lambda match: "".join(f"~{ord(c):02X}" for c in match[0]), text)
    return quote(plain, safe=":@", errors="replace")


def read_part(text: str) -> str:
    """What stands in that level, whose percent signs the server has undone."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)


def incident_path(incident_id: str) -> str:
    """The address of an incident's page."""
    return f"/incidents/{part(incident_id)}"
