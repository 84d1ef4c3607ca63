"""Secrets in an address's path: tokens of hooks and streams, RTMP's keys, ``/user:password/``, ``/admin/password``."""

from __future__ import annotations

import re
from collections.abc import Iterator

_ADDRESS = re.compile(r"\b(rtsps?|rtmp[ste]{0,2}|https?|wss?)://[^\s/'\"<>?#]*(/[^\s'\"<>?#]*)", re.IGNORECASE)
_PART = re.compile(r"[^/]+")
_HOOKS = frozenset({"hook", "hooks", "webhook", "webhooks", "services"})
"""Who knows what stands behind these may send there: Slack, Discord, Feishu, Home Assistant and others."""
_ADMINISTRATORS = frozenset({"admin", "administrator", "root"})
_TIME = re.compile(r"(?:20\d\d-\d\d-\d\d[T _]?)?\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?(?:\.\w{2,4})?")
_DATE = re.compile(r"20\d{2}(?:[01]\d)(?:[0-3]\d)[T_-]?(?:[0-2]\d[0-5]\d[0-5]\d)?")
_WORDS = re.compile(r"(?:(?:[A-Za-z]+\d{0,3}|\d{1,8})(?:[_-]|$)){3,}")
"""Words and numbers joined to a name: ``installation-of-version-2026-on-linux``."""
_NUMBER = re.compile(r"\d{1,3}")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_SHORTEST_HOOK = 8
_SHORTEST_TOKEN = 16
"""The path of UniFi Protect's streams, which is their password, has 16 characters; a shorter word may be a name."""


def secret_path_parts(text: str) -> Iterator[tuple[int, int]]:
    """Where parts of paths begin and end that are secrets, in the addresses of a text."""
    for address in _ADDRESS.finditer(text):
        behind_hook, before = False, ""
        is_rtmp = address[1].lower().startswith("rtmp")
        for part in _PART.finditer(text, *address.span(2)):
            word = part[0]
            if is_rtmp and before:  # what stands behind the application is the key that may publish there
                if "***" not in word:
                    yield part.span()
                continue
            name, colon, value = word.partition(":")
            if _TIME.fullmatch(word):
                pass
            elif colon and name and value and not _NUMBER.fullmatch(value) and "***" not in word:
                yield part.start() + len(name) + 1, part.end()
            elif (
                (behind_hook and _is_hook(word))
                or _is_token(word)
                or (before in _ADMINISTRATORS and address[1].lower().startswith("rtsp") and "***" not in word)
            ):
                yield part.span()
            before = word.lower()
            behind_hook = behind_hook or before in _HOOKS


def _is_hook(word: str) -> bool:
    return len(word) >= _SHORTEST_HOOK and re.search(r"\d", word) is not None and "." not in word


def _is_token(word: str) -> bool:
    """Whether it is drawn by chance and no name: capitals, small letters and digits mixed, or very long."""
    word = _DATE.sub("", word)
    if (
        len(word) < _SHORTEST_TOKEN
        or _WORDS.fullmatch(word)
        or not re.fullmatch(r"[A-Za-z0-9_-]+", word)
        or _UUID.fullmatch(word)
    ):
        return False
    has_digits, has_letters = re.search(r"\d", word) is not None, re.search(r"[A-Za-z]", word) is not None
    if not has_digits or not has_letters:
        return False
    mixed = re.search(r"[A-Z]", word) is not None and re.search(r"[a-z]", word) is not None
    return len(word) >= 2 * _SHORTEST_TOKEN or (mixed and re.fullmatch(r"[A-Za-z0-9]+", word) is not None)
