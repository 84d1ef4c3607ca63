"""Mutations of documents, texts and bytes; the same generator gives the same mutations."""

from __future__ import annotations

import contextlib
import copy
import json
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from fuzzer.dictionary import NUMBERS, TEXTS, nested, others

Place = tuple[Any, Any]
"""A container and the key or index in it."""
_SPLICES = (
    b"\x00",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"\r\n\r\n",
    b"../",
    b"%",
    b"\x7f" * 9,
    b"{" * 50,
    b"&a *a ",
    b"\xf0\x9f",
)


def nasty_value(rng: random.Random) -> Any:
    """One value that nobody expects."""
    return rng.choice((lambda: rng.choice(TEXTS), lambda: rng.choice(NUMBERS), lambda: rng.choice(others())))()


def mutated_document(rng: random.Random, seed: Any, times: int = 0) -> Any:
    """A copy of a document of JSON's types with one to three places changed.

    Args:
        seed: the document; not changed.
        times: changes to make; chosen where it is 0.
    """
    with deep():
        document = [copy.deepcopy(seed)]
    for _ in range(times or rng.choice((1, 1, 1, 2, 3))):
        container, key = rng.choice(places(document))
        rng.choice(_CHANGES)(rng, container, key)
    return document[0]


def places(document: Any) -> list[Place]:
    """Every place within a container, breadth first; at most 400, so that long lists do not crowd out the rest."""
    found: list[Place] = []
    level = [document]
    while level and len(found) < 400:
        below: list[Any] = []
        for container in level:
            keys = list(container) if isinstance(container, dict) else range(min(len(container), 4))
            for key in keys:
                found.append((container, key))
                if isinstance(container[key], dict | list):
                    below.append(container[key])
        level = below
    return found


def mutated_text(rng: random.Random, text: str, times: int = 0) -> str:
    """A text with pieces deleted, doubled, replaced or put in."""
    for _ in range(times or rng.choice((1, 1, 2, 4))):
        at, width = rng.randrange(len(text) + 1), rng.choice((0, 1, 2, 8, 40))
        piece = rng.choice((rng.choice(TEXTS), text[at : at + width] * 2, "", chr(rng.randrange(256)), text))
        text = (text[:at] + piece + text[at + width :])[:400_000]
    return text


def mutated_bytes(rng: random.Random, raw: bytes, times: int = 0) -> bytes:
    """Bytes with bits turned, pieces cut, doubled or put in, and lengths set to extremes."""
    data = bytearray(raw)
    for _ in range(times or rng.choice((1, 2, 4, 16, 64))):
        at = rng.randrange(len(data) + 1)
        how = rng.randrange(6)
        if how <= 1 and at < len(data):
            data[at] ^= 1 << rng.randrange(8)
        elif how == 2:
            data[at : at + 4] = rng.choice(
                (b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x00\x00\x00\x00", b"\x80\x00\x00\x00")
            )
        elif how == 3:
            data[at:at] = rng.choice(_SPLICES)
        elif how == 4:
            del data[at : at + rng.choice((1, 4, 64, 1000))]
        elif at < len(data):
            data[at] = rng.randrange(256)
    return bytes(data)


def json_text(rng: random.Random, document: Any) -> str:
    """A document as JSON of some writer, now and then with what only bad writers write."""
    with deep():
        text = json.dumps(document, ensure_ascii=rng.random() < 0.5)
    if rng.random() < 0.15 and isinstance(document, dict) and document:
        key = rng.choice(list(document))
        value = json.dumps(nasty_value(rng))
        text = f"{text[:-1]}, {json.dumps(key)}: {value}}}"  # the same key twice
    if rng.random() < 0.1:
        text = mutated_text(rng, text)
    return text


@contextlib.contextmanager
def deep() -> Iterator[None]:
    """Room to walk through documents that others must refuse."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def _replace(rng: random.Random, container: Any, key: Any) -> None:
    container[key] = nasty_value(rng)


def _remove(_rng: random.Random, container: Any, key: Any) -> None:
    if not (isinstance(container, list) and len(container) == 1):
        del container[key]


def _rename(rng: random.Random, container: Any, key: Any) -> None:
    if isinstance(container, dict):
        container[rng.choice(TEXTS)] = container.pop(key)


def _wrap(rng: random.Random, container: Any, key: Any) -> None:
    container[key] = rng.choice(([container[key]], {"a": container[key]}, [container[key]] * 30))


def _bury(rng: random.Random, container: Any, key: Any) -> None:
    container[key] = nested(rng.choice((30, 300, 900)), rng.random() < 0.5)


def _repeat(rng: random.Random, container: Any, key: Any) -> None:
    if isinstance(container[key], list):
        container[key] = container[key] * rng.choice((2, 50))
    elif isinstance(container[key], str):
        container[key] = container[key][:100] * rng.choice((2, 500))


def _add(rng: random.Random, container: Any, _key: Any) -> None:
    if isinstance(container, dict):
        container[rng.choice(TEXTS)] = nasty_value(rng)


def _edge(rng: random.Random, container: Any, key: Any) -> None:
    """A value of the same type at the edge of what it may be."""
    value = container[key]
    if isinstance(value, str):
        container[key] = rng.choice((rng.choice(TEXTS), mutated_text(rng, value, 1), value + rng.choice(TEXTS)))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        container[key] = rng.choice((rng.choice(NUMBERS), -value, value * 10**9))
    else:
        container[key] = nasty_value(rng)


_CHANGES: Sequence[Callable[[random.Random, Any, Any], None]] = (
    _replace,
    _replace,
    _edge,
    _edge,
    _edge,
    _remove,
    _rename,
    _wrap,
    _bury,
    _repeat,
    _add,
)
