"""A sentence for people that remembers what it says: a code of the registry and its parameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from edgecv.messages.params import MESSAGES, Param, Value

DEEPEST = 4
"""A message within a message; a handler's problem within a state is three."""
_HOLE = re.compile(r"%\((\w+)\)s")
_CODE = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")
Translate = Callable[[str], str]
"""From a template's English to the same template in another language."""


class Message(str):
    """The English text, with its code and parameters.

    It is a ``str``, so that records, logs and programs that know of no codes read the text as ever; what joins or cuts
    it makes plain text of it. Use :func:`joined` and :meth:`mapped` to keep the codes.

    Attributes:
        code: of the registry, such as ``camera.login_refused``.
        params: what fills the template's places.
    """

    __slots__ = ("code", "params")
    code: str
    params: Mapping[str, Value]

    def __new__(cls, code: str, params: Mapping[str, Value]) -> Message:
        """The message of a registered code.

        Raises:
            KeyError: no such code.
        """
        text = super().__new__(cls, _REGISTRY[code].render(params))
        text.code, text.params = code, params
        return text

    def __reduce__(self) -> tuple[type[Message], tuple[str, dict[str, Value]]]:
        return Message, (self.code, dict(self.params))

    def mapped(self, change: Callable[[str], str]) -> str:
        """The message with every text in it changed, such as redacted; plain text where that is not the same.

        Args:
            change: of one text, for the whole as for its parts.
        """
        params = {name: _mapped(value, change) for name, value in self.params.items()}
        message, plain = Message(self.code, params), change(str(self))
        return message if message == plain else plain


@dataclass(frozen=True, slots=True)
class Template:
    """An entry of the registry: called with its parameters, it makes the message.

    Attributes:
        code: its name for programs; never changes its meaning.
        english: the text, with places such as ``%(source)s``.
        params: what may stand in each place.
    """

    code: str
    english: str
    params: Mapping[str, Param]

    def __call__(self, **params: Value) -> Message:
        """The message."""
        return Message(self.code, params)

    def render(self, params: Mapping[str, Value], translate: Translate = str) -> str:
        """The text in a language; parameters that are messages are put into it too.

        Args:
            params: one for each place.
            translate: gives a template, or what stands between sentences, in that language.
        """

        def say(text: str) -> str:
            if isinstance(text, Message):
                return _REGISTRY[text.code].render(text.params, translate)
            return str(text)

        rendered = {name: param.shown(params[name], say, translate) for name, param in self.params.items()}
        return (self.english if self is _SENTENCES else translate(self.english)) % rendered


_REGISTRY: dict[str, Template] = {}


def declare(code: str, english: str, **params: Param) -> Template:
    """Register a message.

    Args:
        code: its name; the subject, a dot, and what happened.
        english: a literal; a ``%`` is written ``%%`` where there are places.
        params: what may stand in each place.

    Raises:
        ValueError: the code is taken or badly formed, or places and parameters differ.
    """
    if code in _REGISTRY or not _CODE.fullmatch(code) or len(code) > 64:
        raise ValueError(f"{code}: is registered already, or is no code")
    if set(_HOLE.findall(english)) != set(params):
        raise ValueError(f"{code}: its places are not its parameters")
    _REGISTRY[code] = template = Template(code, english, params)
    return template


_SENTENCES = Template("text.sentences", "%(parts)s", {"parts": MESSAGES})
_REGISTRY[_SENTENCES.code] = _SENTENCES


def template_of(code: str) -> Template | None:
    """The entry of a code; None where there is none: a newer box may use it."""
    return _REGISTRY.get(code)


def templates() -> tuple[Template, ...]:
    """The whole registry, but for the list of sentences, which says nothing of its own."""
    return tuple(template for template in _REGISTRY.values() if template is not _SENTENCES)


def joined(parts: Iterable[str]) -> str:
    """Several messages as one text, parted by semicolons."""
    every = tuple(parts)
    return every[0] if len(every) == 1 else _SENTENCES(parts=every)


def mapped(text: str, change: Callable[[str], str]) -> str:
    """A text changed, such as redacted or cut; a message stays one where its parameters change in the same way."""
    return text.mapped(change) if isinstance(text, Message) else change(text)


def _mapped(value: Value, change: Callable[[str], str]) -> Value:
    if isinstance(value, tuple):
        return tuple(mapped(one, change) for one in value)
    return mapped(value, change) if isinstance(value, str) else value
