"""Finding handlers: every installed package may bring some, by an entry point of the group ``edgecv.handlers``."""

from __future__ import annotations

from typing import Any

from edgecv.config.devices import installed, load_handler
from edgecv.errors import ConfigError
from edgecv.handlers.handler import Handler, Kind


def find_handler(kind: str) -> type[Handler[Any]]:
    """The class that looks after devices of a kind.

    Raises:
        ConfigError: there is none, it cannot be loaded, or it is not a handler.
    """
    handler = find_kind(kind)
    if not issubclass(handler, Handler):
        raise ConfigError(f"the handler '{kind}' ({installed()[kind].value}) is no edgecv.handlers.Handler; derive it")
    return handler


def find_kind(kind: str) -> type[Kind]:
    """What a kind of handler declares of itself, cameras' too.

    Raises:
        ConfigError: there is none, or it cannot be loaded.
    """
    handler = load_handler(kind)
    if not (isinstance(handler, type) and issubclass(handler, Kind)):
        raise ConfigError(f"the handler '{kind}' ({installed()[kind].value}) is no edgecv.handlers.Handler; derive it")
    return handler


def all_kinds() -> tuple[str, ...]:
    """Every kind there is."""
    return tuple(sorted(installed()))
