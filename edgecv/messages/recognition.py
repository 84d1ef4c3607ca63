"""The registry read backwards: which message a text is, for records of boxes that sent no codes.

There is no second list of sentences: each template of the registry is what is looked for. The work grows with the
length of the text and not faster.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from edgecv.messages.message import Message, Template, joined, template_of, templates
from edgecv.messages.params import SEPARATOR, Param, Value

_HOLE = re.compile(r"%\((\w+)\)s")
_VALUE_CHARS = 300
_SENTENCES_AT_ONCE = 4
"""One message says what is wrong, what to do, and what else to do."""
_SENTENCES = 100
_LEAST_CHARS = 3
"""Of a template's own, but for spaces: one with fewer, such as a size and a codec, could be anything."""


def recognised(text: str) -> str:
    """The text as a message, or as messages and plain text in a list; as it is where nothing in it is known.

    What is returned always reads exactly as ``text``.
    """
    if isinstance(text, Message):
        return _within(text)
    whole = recognised_whole(text)
    if whole is not None or SEPARATOR not in text:
        return text if whole is None else whole
    parts = text.split(SEPARATOR)
    if len(parts) > _SENTENCES:
        return text
    values: list[str] = []
    while parts:
        for count in range(min(_SENTENCES_AT_ONCE, len(parts)), 0, -1):
            one = recognised_whole(SEPARATOR.join(parts[:count]))
            if one is not None or count == 1:
                values.append(parts[0] if one is None else one)
                del parts[:count]
                break
    return joined(values) if any(isinstance(one, Message) for one in values) else text


@lru_cache(maxsize=2048)
def recognised_whole(text: str) -> Message | None:
    """The one message that reads like this; None where there is none."""
    plain = _plain().get(text)
    if plain is not None:
        return plain()
    for shape in _shapes():
        values = shape.read(text)
        if values is not None:
            message = shape.template(**values)
            if message == text:
                return message
    return None


def _within(message: Message) -> Message:
    """The message with what is plain text in it recognised, such as the words of a system."""
    template = template_of(message.code)
    if template is None or not any(param.kind in {"message", "messages"} for param in template.params.values()):
        return message
    params = {name: _value(template.params[name], value) for name, value in message.params.items()}
    return template(**params)


def _value(param: Param, value: Value) -> Value:
    if isinstance(value, tuple):
        return tuple(recognised(one) for one in value)
    return recognised(value) if param.kind == "message" and isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class _Shape:
    """A template with places: ``fixed`` stands before, between and after them."""

    template: Template
    fixed: tuple[str, ...]
    names: tuple[str, ...]

    def read(self, text: str) -> dict[str, Value] | None:
        """What stands in the places; None where it is another text.

        Each fixed part is taken where it first occurs: in places that hold anything, no later one can do better, so
        nothing is tried twice.
        """
        first, *between, last = self.fixed
        start, end = len(first), len(text) - len(last)
        if start > end or not text.startswith(first) or not text.endswith(last):
            return None
        values: dict[str, Value] = {}
        for name, part in zip(self.names, (*between, None), strict=True):
            stop = end if part is None else text.find(part, start + 1, end)
            value = text[start : max(stop, start)]
            param = self.template.params[name]
            if stop < 0 or not 1 <= len(value) <= _VALUE_CHARS or not param.matches(value):
                return None
            if param.kind == "text" and SEPARATOR in value:  # more likely the next sentence than a part of a name
                return None
            values[name] = recognised(value) if param.kind == "message" else value
            start = stop + len(part or "")
        return values


@cache
def _plain() -> dict[str, Template]:
    return {str(template()): template for template in templates() if not template.params}


@cache
def _shapes() -> tuple[_Shape, ...]:
    """The longest fixed text first: the more is known of a text, the surer it is that one."""
    shapes = [
        _Shape(template, _fixed(template), tuple(_HOLE.findall(template.english)))
        for template in templates()
        if template.params and sum(len(part) - part.count(" ") for part in _fixed(template)) >= _LEAST_CHARS
    ]
    shapes.sort(key=lambda shape: -sum(map(len, shape.fixed)))
    return tuple(shapes)


def _fixed(template: Template) -> tuple[str, ...]:
    """What stands before, between and after the places."""
    return tuple(_HOLE.split(template.english.replace("%%", "%"))[::2])
