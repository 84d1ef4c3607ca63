"""What must never be read in a log: registered secrets, and the user and password of an address."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from urllib.parse import quote, quote_plus

from edgecv.config.addresses import HIDDEN, redacted

__all__ = ["HIDDEN", "Redaction"]
_ANYWHERE_CHARS = 4
"""A shorter secret is hidden only where it stands alone: a password ``a`` would leave nothing of any line."""


class Redaction:
    """The secrets of one process; :meth:`text` and :meth:`value` hide them.

    A secret is hidden as it is and in the forms it takes in other text: quoted for JSON, Python or an address.
    """

    def __init__(self) -> None:
        self._forms: frozenset[str] = frozenset()
        self._pattern: re.Pattern[str] | None = None

    def register(self, secret: str) -> None:
        """Hide ``secret`` from now on; blanks around it do not count, and a blank one is no secret."""
        plain = secret.strip()
        if not plain or plain in HIDDEN:
            return
        forms = {secret, plain, quote(plain, safe="", errors="replace"), quote_plus(plain, errors="replace")}
        forms |= {json.dumps(plain)[1:-1], json.dumps(plain, ensure_ascii=False)[1:-1]}
        forms |= {repr(plain)[1:-1], plain.encode("unicode_escape", "replace").decode("ascii"), " ".join(plain.split())}
        self._forms |= forms
        self._pattern = re.compile("|".join(map(_wherever, sorted(self._forms, key=len, reverse=True))))

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
            return {self.text(str(key)): self.value(item) for key, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.value(item) for item in value]
        if isinstance(value, bytes):
            value = value.decode("utf-8", "backslashreplace")
        return self.text(str(value))


def _wherever(form: str) -> str:
    return re.escape(form) if len(form) >= _ANYWHERE_CHARS else rf"(?<!\w){re.escape(form)}(?!\w)"
