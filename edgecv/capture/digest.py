"""Digest access authentication with every hash that cameras ask for (RFC 7616, and RFC 2069 where they are old).

FFmpeg answers MD5 alone; cameras that follow ONVIF's newer profiles ask for SHA-256.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass

_STRONGEST_FIRST = ("SHA-512-256", "SHA-256", "MD5")
_HASHES = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}
_FIELD = re.compile(r'([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
_MOST_FIELDS = 20


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a camera asks for.

    Attributes:
        scheme: ``basic`` or ``digest``; others in small letters too.
        algorithm: the hash's name in capitals, without ``-SESS``; of digest.
        is_session: whether the hash is that of a session.
        fields: realm, nonce, opaque, qop and so on, by their names in small letters.
    """

    scheme: str
    algorithm: str
    is_session: bool
    fields: dict[str, str]


def challenge_of(header: str) -> Challenge:
    """Read a ``WWW-Authenticate``."""
    scheme, _, rest = header.strip().partition(" ")
    fields: dict[str, str] = {}
    for match in list(_FIELD.finditer(rest))[:_MOST_FIELDS]:
        fields[match[1].lower()] = re.sub(r"\\(.)", r"\1", match[2]) if match[2] is not None else match[3]
    algorithm = fields.get("algorithm", "MD5").upper()
    return Challenge(scheme.lower(), algorithm.removesuffix("-SESS"), algorithm.endswith("-SESS"), fields)


def is_known(challenge: Challenge) -> bool:
    """Whether :class:`Answer` can answer it."""
    return challenge.scheme == "digest" and challenge.algorithm in _HASHES and "nonce" in challenge.fields


def strongest(challenges: Iterable[Challenge]) -> Challenge | None:
    """The digest to answer among several (RFC 7616, section 3.7); None where none can be."""
    answerable = [challenge for challenge in challenges if is_known(challenge)]
    return min(answerable, key=lambda one: _STRONGEST_FIRST.index(one.algorithm), default=None)


class Answer:
    """Answers one challenge, request after request.

    Args:
        challenge: one that is known.
        user: the user.
        password: the password.
        client_nonce: what makes the answers ours; drawn where left out.
    """

    def __init__(self, challenge: Challenge, user: str, password: str, client_nonce: str | None = None) -> None:
        self._challenge = challenge
        self._user = user
        self._password = password
        self._client_nonce = secrets.token_hex(8) if client_nonce is None else client_nonce
        self._count = 0

    def authorization(self, method: str, uri: str, body: bytes = b"") -> str:
        """The value of ``Authorization`` for one request."""
        fields, hashed = self._challenge.fields, self._hash()
        realm, nonce = fields.get("realm", ""), fields["nonce"]
        secret = hashed(f"{self._user}:{realm}:{self._password}".encode())
        if self._challenge.is_session:
            secret = hashed(f"{secret}:{nonce}:{self._client_nonce}".encode())
        qops = {word.strip().lower() for word in fields.get("qop", "").split(",")} & {"auth", "auth-int"}
        what = f"{method}:{uri}"
        self._count += 1
        parts = {"realm": realm, "nonce": nonce, "uri": uri}
        if not qops:
            response = hashed(f"{secret}:{nonce}:{hashed(what.encode())}".encode())
            plain: dict[str, str] = {}
        else:
            qop, count = "auth" if "auth" in qops else "auth-int", f"{self._count:08x}"
            what += f":{hashed(body)}" if qop == "auth-int" else ""
            asked = f"{nonce}:{count}:{self._client_nonce}:{qop}"
            response = hashed(f"{secret}:{asked}:{hashed(what.encode())}".encode())
            plain = {"qop": qop, "nc": count}
        if qops or self._challenge.is_session:
            parts["cnonce"] = self._client_nonce
        if "opaque" in fields:
            parts["opaque"] = fields["opaque"]
        parts["response"] = response
        parts["username"] = self._user
        if fields.get("userhash", "").lower() == "true":
            parts["username"], plain["userhash"] = hashed(f"{self._user}:{realm}".encode()), "true"
        if "algorithm" in fields:
            plain["algorithm"] = fields["algorithm"]
        quoted = [f'{name}="{_quoted(value)}"' for name, value in parts.items()]
        return "Digest " + ", ".join([*quoted, *(f"{name}={value}" for name, value in plain.items())])

    def _hash(self) -> Callable[[bytes], str]:
        name = _HASHES[self._challenge.algorithm]
        return lambda data: hashlib.new(name, data, usedforsecurity=False).hexdigest()


def _quoted(text: str) -> str:
    return re.sub(r'(["\\])', r"\\\1", text)
