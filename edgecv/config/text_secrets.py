"""Secrets of any text but addresses: members of JSON, headers, options of commands, elements of XML, private keys.

What stands there is a secret by its name alone; a sentence about a password, a time or a number of tokens is none.
"""

from __future__ import annotations

import re

from edgecv.config.secret_names import is_secret_field

HIDDEN = "***"
_NAME = r"[\w.$-]{1,100}"
_MEMBER = re.compile(
    rf"(?P<before>(\\*[\"'])(?P<name>{_NAME})\2\s*:\s*)(?P<value>[brufBRUF]?(\\*[\"']).*?(?:(?<!\\)\5|\Z)|\d{{4,}}(?!\S*[.:]))",
    re.DOTALL,
)
"""Of JSON or of Python's text of a dict, also within JSON's text of another; one that is cut off ends with the text."""
_ELEMENT = re.compile(rf"(?P<before><(?:[\w-]+:)?(?P<name>{_NAME})(?:\s[^<>]*)?>)(?P<value>[^<]+)")
_OPTION = re.compile(rf"(?P<before>(?<!\S)--?(?P<name>{_NAME})\s+)(?P<value>(?!-)\S{{4,}})")
_ASSIGNS = r"(?::[ \t]+|[ \t]*=[ \t]*)"
_WORD = r"(?=\S*\d)(?=\S*[^\W\d])(?!/|\w+://|\d+[-:.])[^\s,;'\"]{6,}"
_LINE = re.compile(
    rf"(?P<before>(?<![\w.$-])(?P<name>{_NAME}){_ASSIGNS})(?P<value>(?P<quote>[\"'])[^\r\n]*?(?:(?P=quote)|$)|{_WORD})",
    re.MULTILINE,
)
"""A header, or a line of YAML or of a program: in quotes, or one word with letters and digits, where sentences have
words."""
_COOKIES = re.compile(r"\b((?:Set-)?Cookie:[ \t]*)(?=[^\s=;]+=)([^\r\n'\"]+)", re.IGNORECASE)
_SCHEMES = "Basic|Bearer|Digest|Negotiate|NTLM|Token|ApiKey"
_CREDENTIALS = re.compile(
    rf"\b((?:Proxy-)?Authorization[\"']?:[ \t]*[\"']?(?:{_SCHEMES})[ \t]+)([^\r\n]+)", re.IGNORECASE
)
_BEARER = re.compile(r"\b(Bearer|Basic|Digest) (?![a-z]+\b(?![+/=~]))[\w+/=.~-]{12,}", re.IGNORECASE)
"""Without the name of its header; a word of small letters alone is one of a sentence: "Basic authentication"."""
_PRIVATE_KEY = re.compile(r"(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(?=-----END|\Z)", re.DOTALL)


def without_named_secrets(text: str) -> str:
    """``text`` with every value hidden that stands under the name of a secret outside of addresses."""
    text = _PRIVATE_KEY.sub(rf"\1{HIDDEN}", text)
    text = _CREDENTIALS.sub(rf"\1{HIDDEN}", text)
    text = _COOKIES.sub(rf"\1{HIDDEN}", text)
    for pattern in (_MEMBER, _ELEMENT, _OPTION, _LINE):
        text = pattern.sub(_hidden, text)
    return _BEARER.sub(rf"\1 {HIDDEN}", text)


def _hidden(match: re.Match[str]) -> str:
    if not is_secret_field(match["name"].rpartition(".")[2]):
        return match[0]
    opening = re.match(r"[brufBRUF]?(\\*[\"'])", match["value"])
    if opening is None:
        return match["before"] + HIDDEN
    content = match["value"][opening.end() :].removesuffix(opening[1])
    return match["before"] + opening[0] + (HIDDEN if content else "") + opening[1]
