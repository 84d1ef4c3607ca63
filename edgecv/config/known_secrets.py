"""What must never be read in any text that leaves the program: secrets by value, wherever they stand.

Whatever a box file, a hub file or a file of theirs with a secret holds is registered as it is read, in the process
that reads it; logs, errors, findings, states and pages pass :func:`hide_secrets`, which hides registered secrets by
value and all others by the shape of addresses (:mod:`edgecv.config.addresses`).
"""

from __future__ import annotations

import base64
import html
import json
import math
import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote, quote_plus

from pydantic import BaseModel

from edgecv.config.addresses import HIDDEN, is_address, is_secret_name, redacted, secrets_in
from edgecv.config.secret_names import is_secret_field

__all__ = [
    "HIDDEN",
    "KnownSecrets",
    "forget_secrets",
    "hide_secrets",
    "hide_secrets_in",
    "register_secret",
    "register_secrets_of",
]
_ANYWHERE_CHARS = 4
"""A shorter secret is hidden only where it stands alone: a password ``a`` would leave nothing of any line."""
_BASE64_BYTES = 6
"""A shorter secret's base64 is some five characters, which stand in many a word."""


class KnownSecrets:
    """Secrets by value; :meth:`text` and :meth:`value` hide them.

    A secret is hidden as it is and in the forms it takes in other text: quoted for JSON, Python, HTML or an address, as
    base64 whatever stands before it.
    """

    def __init__(self) -> None:
        self._forms: frozenset[str] = frozenset()
        self._pattern: re.Pattern[str] | None = None

    def register(self, secret: str) -> None:
        """Hide ``secret`` from now on; blanks around it do not count, and a blank one is no secret."""
        plain = secret.strip()
        if not plain or plain in HIDDEN:
            return
        forms = self._forms | {secret, *_forms_of(plain)}
        if forms != self._forms:
            self._forms = forms
            self._pattern = re.compile("|".join(map(_wherever, sorted(forms, key=len, reverse=True))))

    def text(self, text: str) -> str:
        """``text`` without secrets."""
        if self._pattern is not None:
            text = self._pattern.sub(HIDDEN, text)
            if self._pattern.search(text):
                return HIDDEN  # what was left over joined up to a secret once more
        return redacted(text)

    def value(self, value: object) -> object:
        """Any field of a log line without secrets; what is not plain data becomes its text."""
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int | float):
            text = str(value)
            # JSON has no word for what is not finite
            return (value if math.isfinite(value) else text) if self.text(text) == text else HIDDEN
        if isinstance(value, Mapping):
            return {self.text(str(key)): self._member(str(key), item) for key, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.value(item) for item in value]
        if isinstance(value, bytes):
            value = value.decode("utf-8", "backslashreplace")
        return self.text(str(value))

    def _member(self, name: str, value: object) -> object:
        is_secret = isinstance(value, str | bytes) and len(value) > 0 and is_secret_field(name)
        return HIDDEN if is_secret else self.value(value)


_process_secrets = KnownSecrets()


def register_secret(text: str) -> None:
    """Show ``***`` wherever ``text`` would stand in what leaves this process, tracebacks included."""
    _process_secrets.register(text)


def register_secrets_of(settings: object) -> None:
    """Register what is secret in a section of a box file: in its addresses, and under names of secrets."""
    for secret in _secrets_of(settings):
        _process_secrets.register(secret)


def hide_secrets(text: str) -> str:
    """``text`` as it may leave this process."""
    return _process_secrets.text(text)


def hide_secrets_in(value: object) -> object:
    """Plain data as it may leave this process; what is not plain data becomes its text."""
    return _process_secrets.value(value)


def forget_secrets() -> None:
    """Begin anew: for tests, whose secrets are each others' words."""
    global _process_secrets  # noqa: PLW0603 - the process's one register
    _process_secrets = KnownSecrets()


def _secrets_of(settings: object, name: str = "") -> Iterator[str]:
    if isinstance(settings, BaseModel):
        yield from _secrets_of(settings.model_dump(mode="json"))
    elif isinstance(settings, str):
        if is_address(settings):
            yield from secrets_in(settings)
        elif is_secret_name(name) and not name.endswith("_file"):
            yield settings
    elif isinstance(settings, Mapping):
        for key, item in settings.items():
            yield from _secrets_of(item, str(key))
    elif isinstance(settings, list | tuple):
        for entry in settings:
            yield from _secrets_of(entry, name)


def _forms_of(plain: str) -> frozenset[str]:
    """How a secret may be written in other text."""
    encoded = {quote(plain, safe=safe, errors="replace") for safe in ("", "/", "/:@!$&'()*+,;=")}
    encoded |= {quote_plus(plain, errors="replace"), quote(quote(plain, safe="", errors="replace"), safe="")}
    encoded |= {re.sub("%..", lambda match: match[0].lower(), form) for form in encoded}
    forms = {plain, html.escape(plain), " ".join(plain.split())} | encoded
    forms |= {json.dumps(plain)[1:-1], json.dumps(plain, ensure_ascii=False)[1:-1]}
    forms |= {repr(plain)[1:-1], plain.encode("unicode_escape", "replace").decode("ascii")}
    return frozenset(forms | set(_base64_of(plain.encode(errors="replace"))))


def _base64_of(secret: bytes) -> Iterator[str]:
    """What base64 has of a secret, in each of the three ways in which it may lie among others' bytes (RFC 4648)."""
    if len(secret) < _BASE64_BYTES:
        return
    for before in range(3):
        first, end = -(-before * 8 // 6), (before + len(secret)) * 8 // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(bytes(before) + secret + b"\0\0")[first:end].decode()


def _wherever(form: str) -> str:
    return re.escape(form) if len(form) >= _ANYWHERE_CHARS else rf"(?<!\w){re.escape(form)}(?!\w)"
