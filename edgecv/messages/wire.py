"""Messages as JSON: ``{"code": ..., "params": {...}}``, beside the English text that says the same.

A parameter is a text, a number, a message, or a list of texts and messages. Who reads it checks it first: what a box
sends may be anything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from edgecv.messages.message import DEEPEST, Message, template_of
from edgecv.messages.params import LIST_LENGTH, PARAM_CHARS, Value

CODE_PATTERN = r"^[a-z][a-z0-9_.]{0,63}$"
PARAMS = 16
"""Of one message; those of the registry have five at most."""
MESSAGES_IN_ONE = 200
"""Of one text, with all messages within messages."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
_LARGEST = 1e15


def to_wire(text: str | None) -> dict[str, Any] | None:
    """A message's code and parameters; None of plain text, and of what is beyond the limits: its text says it all."""
    if not isinstance(text, Message):
        return None
    value = _encoded(text)
    try:
        check_wire(value)
    except ValueError:
        return None
    return dict(value)


def from_wire(value: object) -> Message | None:
    """The message, where it is one of the registry with parameters as declared; else None: show the text instead."""
    try:
        check_wire(value)
        return _decoded(value)
    except ValueError:
        return None


def check_wire(value: object) -> None:
    """Check the form of a message from outside, whether or not its code is known here.

    Raises:
        ValueError: it is not an object of a code and parameters, or is beyond the limits of this module.
    """
    level: list[object] = [value]
    count = 0
    for _ in range(DEEPEST):
        count += len(level)
        if count > MESSAGES_IN_ONE:
            raise ValueError("it holds too many messages")
        level = [inner for message in level for inner in _inner(message)]
        if not level:
            return
    raise ValueError("it holds messages too deep within messages")


def _inner(message: object) -> list[object]:
    """The messages among a message's parameters.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(message, Mapping) or not {"code", "params"} <= set(message):  # newer boxes may add to it
        raise ValueError("a message has a code and params")
    code, params = message["code"], message["params"]
    if not isinstance(code, str) or not re.fullmatch(CODE_PATTERN, code):
        raise ValueError("a message's code is not one")
    if not isinstance(params, Mapping) or len(params) > PARAMS:
        raise ValueError(f"a message has an object of at most {PARAMS} params")
    inner: list[object] = []
    for name, value in params.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise ValueError("a param's name is not one")
        values = value if isinstance(value, list | tuple) else [value]
        if len(values) > LIST_LENGTH:
            raise ValueError(f"a param is a list of at most {LIST_LENGTH}")
        for one in values:
            if isinstance(one, Mapping):
                inner.append(one)
            elif not _is_plain(one):
                raise ValueError("a param is a text, a number or a message")
    return inner


def _is_plain(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= PARAM_CHARS
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _LARGEST  # NaN is not


def _encoded(value: Value | Message) -> Any:
    if isinstance(value, Message):
        return {"code": value.code, "params": {name: _encoded(one) for name, one in value.params.items()}}
    return [_encoded(one) for one in value] if isinstance(value, tuple) else value


def _decoded(value: Any) -> Message:
    template = template_of(value["code"])
    if template is None:
        raise ValueError("this registry has no such code")
    params = {name: _value(one) for name, one in value["params"].items()}
    if set(params) != set(template.params):
        raise ValueError("its params are not those of its code")
    for name, param in template.params.items():
        if not param.takes(params[name]):
            raise ValueError("a param is not of its kind")
    return template(**params)


def _value(value: Any) -> Value:
    if isinstance(value, list | tuple):
        return tuple(_decoded(one) if isinstance(one, Mapping) else str(one) for one in value)
    plain: Value = _decoded(value) if isinstance(value, Mapping) else value
    return plain
