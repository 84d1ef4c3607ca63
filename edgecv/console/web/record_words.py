"""The sentences of records, devices and checks in the reader's language.

A box writes English. Its sentences come from few templates, which stand in ``record_sentences`` and
``device_sentences``. They are recognised again, and what they say is put into the translation. A sentence that is not
known stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from edgecv.console.web.device_sentences import DEVICE_SENTENCES
from edgecv.console.web.record_sentences import PLOT_TEXTS, RECORD_SENTENCES
from edgecv.console.web.translatable import Text

SENTENCES = (*RECORD_SENTENCES, *DEVICE_SENTENCES)
_PLOT = {str(text): text for text in PLOT_TEXTS}
_HOLE = re.compile(r"%\(\w+\)s")
SHOWN_CHARS = 1000
"""Of one text of a record: three times the longest that a box writes."""
_HOLE_CHARS = 200


def told(text: object, translate: Callable[[Text], str]) -> str:
    """A text of a record in another language, sentence by sentence; of a long one the beginning.

    The work grows with the length of the text and not faster.

    Args:
        text: English, as a box wrote it; sentences are parted by semicolons.
        translate: gettext of the language.
    """
    if not isinstance(text, str):
        return ""
    shown = text if len(text) <= SHOWN_CHARS else text[:SHOWN_CHARS] + "…"
    parts = [_one(part, translate) for part in shown.split("; ")]
    chinese = any(ord(c) > 0x2E80 for c in "".join(parts))
    return ("；" if chinese else "; ").join(parts)


def plot_words(text: str, translate: Callable[[Text], str]) -> str:
    """A text of the plot in another language; one that is not known stays as it is."""
    return translate(_PLOT[text]) if text in _PLOT else text


def _one(sentence: str, translate: Callable[[Text], str]) -> str:
    plain = _plain().get(sentence)
    if plain is not None:
        return translate(plain)
    for template in _templates():
        values = template.read(sentence)
        if values is not None:
            filled = {name: _one(value, translate) if name == "why" else value for name, value in values.items()}
            return translate(template.text) % filled
    return sentence


@dataclass(frozen=True, slots=True)
class _Template:
    """A sentence with holes: ``fixed`` stands before, between and after the holes called ``names``."""

    text: Text
    fixed: tuple[str, ...]
    names: tuple[str, ...]

    def read(self, sentence: str) -> dict[str, str] | None:
        """What stands in the holes, 1 to 200 characters each; None where it is another sentence.

        Each fixed part is taken where it first occurs: with holes that hold anything, no later place can do better, so
        nothing is tried twice.
        """
        first, *between, last = self.fixed
        at, end = len(first), len(sentence) - len(last)
        if not sentence.startswith(first) or not sentence.endswith(last):
            return None
        values = []
        for part in between:
            found = sentence.find(part, at + 1, end)
            if found < 0:
                return None
            values.append(sentence[at:found])
            at = found + len(part)
        values.append(sentence[at : max(at, end)])
        if not all(1 <= len(value) <= _HOLE_CHARS for value in values):
            return None
        return dict(zip(self.names, values, strict=True))


@cache
def _plain() -> dict[str, Text]:
    return {str(sentence): sentence for sentence in SENTENCES if not _HOLE.search(sentence)}


@cache
def _templates() -> tuple[_Template, ...]:
    """The longest fixed text first: the more is known of a sentence, the surer it is that one."""
    made = []
    for text in SENTENCES:
        names = tuple(hole[2:-2] for hole in _HOLE.findall(text))
        if names:
            made.append(_Template(text, tuple(_HOLE.split(text.replace("%%", "%"))), names))
    made.sort(key=lambda template: -sum(map(len, template.fixed)))
    return tuple(made)
