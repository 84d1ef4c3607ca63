"""Addresses as text: what may be shown of one, and what in it is a secret.

Cameras and receivers take secrets in many places: before the host (``rtsp://user:password@host``), in the query
(``?pwd=``, ``&access_token=``), between semicolons, in the path (``/user=admin_password=x_channel=1``, ``/hook/TOKEN``:
:mod:`edgecv.config.path_secrets`), and any of it percent-encoded, also twice, after a scheme however misspelt.
Whatever becomes text of an address passes :func:`redacted_address`, and every other text that may hold one passes
:func:`redacted`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, unquote, unquote_plus

from edgecv.config.path_secrets import secret_path_parts
from edgecv.config.secret_names import (
    is_plain_number,
    is_secret_name,
    is_secret_parameter,
    is_user_name,
    may_follow_user,
)
from edgecv.config.text_secrets import HIDDEN, without_named_secrets

__all__ = [
    "HIDDEN",
    "address_problem",
    "is_address",
    "is_secret_name",
    "redacted",
    "redacted_address",
    "secrets_in",
]

_AT = r"(?:@|%(?:25)*40)"
_SCHEMES = r"(?<![\w.-])(?:rtspt?s?|rtmps?|https?|mqtts?|wss?|postgres(?:ql)?)"
_BEGINS = rf"(?:(?::|%(?:25)*3a)(?://|(?:%(?:25)*2f){{2}})|{_SCHEMES}(?:[:;：][/\\／]*|[/\\／]{{2,}}))"
"""An address begins so, also one that is misspelt: ``rtsp:/``, ``rtsp//``, ``rtsp;//``, ``rtsp:\\``, ``rtsp:``."""
_USERINFO = re.compile(rf"({_BEGINS})\S*{_AT}", re.IGNORECASE)
_USERINFO_WITH_BLANKS = re.compile(r"(://)[^\s/@'\"<>]*:[^/@\n'\"<>]*@(?=[\w\[])")
_BEGIN = re.compile(_BEGINS, re.IGNORECASE)
_NO_HOST = r"(?!\d+(?:\.\d+)?(?:fps|p|hz|kbps)?(?![\w.:-]))"
"""``h264:1920x1080@25fps`` names a rate."""
_BARE_USERINFO = re.compile(
    rf"(?<![^\s'\"(=])(?!user:password@(?-i:HOST))[^\s/:@'\"(=]+:[^\s/@]+@{_NO_HOST}(?=[\w.\[-])", re.IGNORECASE
)
_NO_SCHEME = r"(?:[RTSPHMQrtsphmq]{3,6}[.:;：]?[/\\]|[/\\]{2})[/\\]*"
"""What is left of ``rtsp://`` where it is misspelt or forgotten: ``rstp:/``, ``rtsp/``, ``//``."""
_USERINFO_BEHIND_NO_SCHEME = re.compile(rf"(?<![^\s'\"(=])({_NO_SCHEME})[^\s/\\:@'\"(=]+:[^\s/@]+@(?=[\w.\[-])")
_NO_PORT = re.compile(
    r"(://[^\s/:@?#'\"<>\[\]]+:)(?!\d{0,5}(?:[\s/?#'\"<>),;:.\]}]|$)|\*\*\*|(?:PORT|port)\b)([^\s/?#'\"<>@]+)"
)
"""A port that is no number is a password whose ``@`` was forgotten, or ends at a sign that is not encoded."""
_ASSIGNS = re.compile(r"=|%(?:25)*3d|:(?!//)|%(?:25)*3a(?!(?:%(?:25)*2f){2})", re.IGNORECASE)
_COLON = re.compile(r":|%(?:25)*3a", re.IGNORECASE)
_NAME = re.compile(r"[\w.%\[\]~$+-]+$")
_SEPARATORS = frozenset("?&;")
_LONGEST_NAME = 100
"""A parameter's name is shorter; looking farther back would make long addresses slow to redact."""
_NEXT = r"[&;]|_(?=(?:user|password|channel|stream|onvif|real_stream)=)|$"
"""Where a value ends in an address; cameras of one large maker join their path's parameters by underlines."""
_ENDS_IN_ADDRESS = re.compile(_NEXT)
_ENDS_IN_TEXT = re.compile(rf"[\s<>]|[\"'](?=[\s,;:)\]}}>.]|$)|{_NEXT}")
_ENCODINGS = 3
"""So often a name may be percent-encoded: once by whoever wrote it, once in another address, once more in an error."""


def is_address(text: str) -> bool:
    """Whether it is meant as an address of the network, also where it is misspelt or lacks the scheme."""
    return _BEGIN.search(text) is not None or _login_without_scheme(text) is not None


def redacted(text: str) -> str:
    """``text`` with secrets hidden: of every address in it user and password, and whatever is named like a secret."""
    text = without_named_secrets(text)
    text = _without(text, _secret_values(text, _ENDS_IN_TEXT))
    text = _USERINFO.sub(rf"\1{HIDDEN}@", text)
    text = _USERINFO_WITH_BLANKS.sub(rf"\1{HIDDEN}@", text)
    text = _BARE_USERINFO.sub(f"{HIDDEN}@", text)
    text = _USERINFO_BEHIND_NO_SCHEME.sub(rf"\1{HIDDEN}@", text)
    text = _NO_PORT.sub(rf"\1{HIDDEN}", text)
    return _without(text, secret_path_parts(text))


def redacted_address(address: str) -> str:
    """One address as it may be shown; a blank or a quote in it ends no secret."""
    return redacted(re.sub(r"[\s\"'<>]", lambda match: quote(match[0]), address.strip()))


def secrets_in(address: str) -> frozenset[str]:
    """Every secret of one address, as it is written and decoded; never raises, whatever the address."""
    secrets: set[str] = set()
    address = address.strip()
    for _ in range(_ENCODINGS + 1):
        for start, end in _secret_values(address, _ENDS_IN_ADDRESS):
            secrets |= {address[start:end], address[start:end].partition("#")[0]}
        secrets |= {address[start:end] for start, end in secret_path_parts(address)}
        login = address.rpartition("@")[0]
        begins = [begin.end() for begin in _BEGIN.finditer(login)]
        if not begins and (begin := _login_without_scheme(address)) is not None:
            begins = [begin]
        # an address may hold another; and a password may look as if another began in it
        secrets |= {part for begin in begins for part in re.split("[:：]", login[begin:], maxsplit=1)[1:]}
        secrets |= {part for no_port in _NO_PORT.finditer(address) for part in (no_port[2], no_port[2].split("＠")[0])}
        address = unquote(address)
    return frozenset(form for secret in secrets for form in (secret, unquote(secret), unquote_plus(secret)) if form)


def _login_without_scheme(text: str) -> int | None:
    """Where user and password begin in an address without a scheme that can be read; None in any other text."""
    if _BARE_USERINFO.match(text):
        return 0
    behind = _USERINFO_BEHIND_NO_SCHEME.match(text)
    return None if behind is None else behind.end(1)


def address_problem(error: ValueError) -> str:
    """Why ``urlsplit`` takes no address, without what it quotes: a password with a slash in it looks like a port."""
    text = str(error)
    return "its port or host cannot be read" if "'" in text else text


def _without(text: str, secrets: Iterable[tuple[int, int]]) -> str:
    """``text`` with what lies between each two positions hidden."""
    pieces: list[str] = []
    end_of_last = 0
    for start, end in secrets:
        pieces += [text[end_of_last:start], HIDDEN]
        end_of_last = end
    return "".join([*pieces, text[end_of_last:]])


def _secret_values(text: str, ends: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """Where the values begin and end that are assigned to names of secrets."""
    at, is_behind_user = 0, False
    while (assigns := _ASSIGNS.search(text, at)) is not None:
        name = _NAME.search(text, max(at, assigns.start() - _LONGEST_NAME), assigns.start())
        at = assigns.end()
        if name is None:
            continue
        parameter = _last_part(name[0])
        before = text[name.start() - 1] if name.start() else ""
        in_query = before in _SEPARATORS or (before == "/" and text[name.start() - 2 : name.start()] != "//")
        if _COLON.fullmatch(assigns[0]) and before not in _SEPARATORS:
            continue  # the times, ports and sentences of any text
        was_behind_user = is_behind_user and before in _SEPARATORS
        is_behind_user = in_query and is_user_name(parameter)
        is_secret = is_secret_name(parameter) or (was_behind_user and may_follow_user(parameter))
        if in_query:
            terminator = ends.search(text, at, at + _LONGEST_NAME)  # the begin of a value tells what it is
            value = text[at : terminator.start() if terminator else at + _LONGEST_NAME]
            is_secret = is_secret or is_secret_parameter(parameter, value)
            is_secret = is_secret and (was_behind_user or not is_plain_number(parameter, value))
        if not is_secret:
            continue
        terminator = ends.search(text, at)
        end = len(text) if terminator is None else terminator.start()
        if end > at and text[at:end] != HIDDEN:
            yield at, end
        at = max(at, end)


def _last_part(name: str) -> str:
    """The parameter's own name, where what stands before it is encoded and so looks like a part of it."""
    return re.split(r"[^\w.\[\]~$-]+", _decoded(name))[-1]


def _decoded(text: str) -> str:
    for _ in range(_ENCODINGS):
        plain = unquote(text)
        if plain == text:
            break
        text = plain
    return text
