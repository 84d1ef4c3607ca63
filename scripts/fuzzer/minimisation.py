"""A failing input made smaller while it fails in the same way."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

from fuzzer.entrance import Case
from fuzzer.mutation import Place


def minimised(case: Case, fails: Callable[[Case], bool], tries: int) -> Case:
    """The smallest input found that still fails.

    Args:
        case: fails.
        fails: whether an input fails in the same way.
        tries: most calls of ``fails``.
    """
    best: list[Any] = [copy.deepcopy(case)]
    progress = True
    while progress and tries > 0:
        progress = False
        for smaller in _smaller(best):
            if tries <= 0:
                break
            tries -= 1
            if fails(smaller[0]):
                best, progress = smaller, True
                break
    return best[0]


def _smaller(root: list[Any]) -> Iterator[list[Any]]:
    """Copies of a document with one thing less, the largest steps first."""
    paths = list(_paths(root, ()))
    for path in paths:
        container, key = _at(root, path)
        if isinstance(container, dict):
            copied = copy.deepcopy(root)
            container, key = _at(copied, path)
            del container[key]
            yield copied
    for pieces in (2, 4, 16):
        for path in paths:
            container, key = _at(root, path)
            for shorter in _shorter(container[key], pieces):
                copied = copy.deepcopy(root)
                container, key = _at(copied, path)
                container[key] = shorter
                yield copied


def _shorter(value: object, pieces: int) -> Iterator[Any]:
    """A text or list without each of so many pieces."""
    if not isinstance(value, str | list) or len(value) < pieces // 2:
        return
    width = -(-len(value) // pieces)
    sequence: Any = value
    for at in range(0, len(value), width or 1):
        yield sequence[:at] + sequence[at + width :]


def _paths(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in list(keys)[:60]:
        yield (*path, key)
        if len(path) < 12:
            yield from _paths(value[key], (*path, key))


def _at(root: Any, path: tuple[Any, ...]) -> Place:
    for key in path[:-1]:
        root = root[key]
    return root, path[-1]
