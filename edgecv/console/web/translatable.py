"""What may be translated: constants of the code and the templates, and nothing else.

:func:`N_` makes a :class:`Text` of a constant. Translations are looked up for a ``Text`` only; every other string is
data and is shown as it is, escaped. In templates :class:`MarkedTemplates` makes a ``Text`` of each literal in
``_("...")``.
"""

from __future__ import annotations

from collections.abc import Callable
from gettext import NullTranslations
from typing import Any

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from markupsafe import Markup, escape

_LITERALS = {"_": 1, "ngettext": 2}
"""Functions of templates that translate, and how many of their first arguments are texts."""


class Text(str):
    """An English text of this program, which a catalogue may translate. Made by :func:`N_` from a literal."""

    __slots__ = ()


def N_(text: str) -> Text:  # noqa: N802 - the name every gettext tool knows
    """Mark a literal for translation. Never call it with anything else: a test reads every call."""
    return Text(text)


def registered(english: str) -> Text:
    """The :class:`Text` of a template of :mod:`edgecv.messages`: its registry holds literals only, as a test checks."""
    return Text(english)


def translator(texts: NullTranslations) -> Callable[..., Markup]:
    """``_`` of templates: a :class:`Text` is translated and filled in; whatever else is data and is escaped."""

    def translate(text: object, /, **values: object) -> Markup:
        if not isinstance(text, Text):
            if values:
                raise TypeError("only a text of the program has places to fill in")
            return escape(text)
        return escape(texts.gettext(text)) % values  # Markup escapes each value

    return translate


def plural_translator(texts: NullTranslations) -> Callable[..., Markup]:
    """``ngettext`` of templates; ``%(num)s`` is the number."""

    def translate(one: Text, many: Text, number: int, /) -> Markup:
        if not (isinstance(one, Text) and isinstance(many, Text)):
            raise TypeError("only texts of the program have a plural")
        return escape(texts.ngettext(one, many, number)) % {"num": number}

    return translate


class MarkedTemplates(CodeGenerator):
    """Compiles templates so that a literal in ``_("...")`` is a :class:`Text`; a variable stays what it is."""

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:  # noqa: N802 - Jinja's name
        """Mark literals, then compile."""
        for call in node.find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name in _LITERALS:
                count = _LITERALS[call.node.name]
                call.args[:count] = [_marked(argument) for argument in call.args[:count]]
        super().visit_Template(node, frame)


def _marked(argument: nodes.Expr) -> nodes.Expr:
    if not (isinstance(argument, nodes.Const) and isinstance(argument.value, str)):
        return argument
    place: dict[str, Any] = {"lineno": argument.lineno, "environment": argument.environment}
    name = nodes.ImportedName(f"{Text.__module__}.{Text.__name__}", **place)
    return nodes.Call(name, [argument], [], None, None, **place)
