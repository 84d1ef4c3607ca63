"""What a parameter of a message is, and how it is written: the same digits in every language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Value = str | int | float | tuple[str, ...]
"""A parameter's value: JSON's text and numbers; a message is text too."""
PARAM_CHARS = 1000
"""Of a text: three times the longest that a box writes."""
LIST_LENGTH = 64
"""Of sentences in one text: a box has 64 cameras at most, and each has a few problems."""
_LARGEST = 1e15
"""Of a number; what is not finite is beyond it too."""
_DIGITS = frozenset("0123456789")
_NUMBER = _DIGITS | frozenset("+-.,e% ")


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter.

    Attributes:
        kind: ``text`` is data: a name, an address, a file, what a system says. ``count`` is a whole number, ``number``
            any other. ``message`` is a message of its own or text like it, ``messages`` a list of such.
        form: of a number, Python's format specification; of messages, what stands between them in English.
    """

    kind: Literal["text", "count", "number", "message", "messages"]
    form: str = ""

    def shown(self, value: Value, say: Callable[[str], str], translate: Callable[[str], str]) -> str:
        """The value as it stands in the sentence; never raises, for a sentence is no reason to stop.

        Args:
            value: as it was given or read.
            say: puts a message into the reader's language.
            translate: gives what stands between messages in that language.
        """
        if isinstance(value, tuple):
            return translate(self.form).join(say(one) for one in value)
        if self.kind == "message" and isinstance(value, str):
            return say(value)
        if self.form and isinstance(value, int | float):
            try:
                return format(value, self.form)
            except (ValueError, OverflowError):
                return str(value)
        return str(value)

    def takes(self, value: object) -> bool:
        """Whether a value read from outside may stand here."""
        match self.kind:
            case "text" | "message":
                return isinstance(value, str) and len(value) <= PARAM_CHARS
            case "messages":
                return isinstance(value, tuple) and len(value) <= LIST_LENGTH
            case "count":
                return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LARGEST
            case "number":
                return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _LARGEST

    def matches(self, text: str) -> bool:
        """Whether a value of this kind may have been written so."""
        if self.kind == "count":
            return set(text) <= _DIGITS | {"-"}
        return self.kind != "number" or set(text) <= _NUMBER or text in {"inf", "nan", "-inf"}


SEPARATOR = "; "
"""Between sentences of one text."""
TEXT = Param("text")
COUNT = Param("count")
MESSAGE = Param("message")
MESSAGES = Param("messages", SEPARATOR)


def number(form: str) -> Param:
    """A number written by one of Python's format specifications, such as ``.1f``."""
    return Param("number", form)


def listed(separator: str) -> Param:
    """Several messages, with something else than a semicolon between them in English."""
    return Param("messages", separator)
