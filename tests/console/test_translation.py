"""Only texts of the program are translated: what boxes, users and addresses say is shown as it is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from gettext import NullTranslations
from pathlib import Path

import pytest
from jinja2 import DictLoader, Environment, nodes
from markupsafe import Markup

from edgecv.console.web.language import texts
from edgecv.console.web.request_context import STATIC, _templates
from edgecv.console.web.translatable import N_, MarkedTemplates, Text, plural_translator, translator
from edgecv.console.web.ui_texts import CLASSES, DEVICE_STATES, coded, kind_words

CONSOLE = Path(__file__).parents[2] / "edgecv" / "console"
TEMPLATES = CONSOLE / "web" / "templates"
_TRANSLATED_NAMES = {
    "coded(",
    "kind_words(",
    "verb(",
    "entry.text",  # of the menu
    "notice",  # of the statistics page
    "text",  # of the tables below, and of the error page
    "title",
}
_TABLES = {"STATES", "CLASSES", "ROLES", "LANGUAGES"}
"""What a loop may take ``text`` and ``title`` from."""
_READS = {"hx-get", "hx-trigger", "hx-target", "hx-select", "hx-swap", "hx-ext", "hx-push-url", "sse-connect"}
"""What htmx does here: it changes nothing, and carries no token."""


def _rendered(template: str, **values: object) -> str:
    environment = Environment(loader=DictLoader({"page": template}), autoescape=True)
    environment.code_generator_class = MarkedTemplates
    environment.globals.update(
        _=translator(texts("zh_CN")), ngettext=plural_translator(texts("zh_CN")), coded=coded, CLASSES=CLASSES
    )
    return environment.get_template("page").render(**values)


@pytest.mark.parametrize("data", ['<div hx-post="/users">', "100%", "%s", "%(floor)s", "'\"", "{{ 7*7 }}"])
def test_data_is_escaped_and_neither_filled_in_nor_evaluated(data: str) -> None:
    shown = Markup(_rendered("{{ _(data) }}|{{ _('Floor %(floor)s', floor=data) }}", data=data))
    assert "<div" not in shown
    plain, floor = shown.unescape().split("|")
    assert plain == data
    assert floor == f"{data} 层"


def test_data_that_reads_like_a_text_of_the_program_is_not_translated() -> None:
    assert _rendered("{{ _(data) }}", data="Floor %(floor)s") == "Floor %(floor)s"
    assert _rendered("{{ _('Incidents') }} {{ _(data) }}", data="Incidents") == "事件 Incidents"


def test_values_for_data_are_a_mistake_of_the_program() -> None:
    with pytest.raises(TypeError, match="only a text of the program"):
        _rendered("{{ _(data, n=1) }}", data="%(n)s")


def test_a_code_that_is_not_in_its_table_is_data() -> None:
    for code in ("<b>", "100%", "Heavy"):
        assert not isinstance(coded(CLASSES, code), Text)
        assert not isinstance(kind_words(code), Text)
    assert isinstance(coded(DEVICE_STATES, "online"), Text)
    assert _rendered("{{ _(coded(CLASSES, code)) }}", code="<b>100%") == "&lt;b&gt;100%"


def test_a_translation_is_text_and_no_markup() -> None:
    class Marked(NullTranslations):
        def gettext(self, message: str) -> str:
            return "<b>" + message

    assert translator(Marked())(N_("%(n)s"), n="<i>") == "&lt;b&gt;&lt;i&gt;"


def _calls(template: str, environment: Environment) -> Iterator[tuple[nodes.Expr, int]]:
    tree = environment.parse((TEMPLATES / template).read_text())
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name in {"_", "gettext", "ngettext"}:
            count = 2 if call.node.name == "ngettext" else 1
            for argument in call.args[:count]:
                yield argument, call.lineno


def _shape(argument: nodes.Expr) -> str:
    match argument:
        case nodes.Call(node=nodes.Name(name=name)):
            return f"{name}("
        case nodes.Getattr(node=nodes.Name(name=name), attr=attribute):
            return f"{name}.{attribute}"
        case nodes.Name(name=name):
            return name
    return repr(argument)


@pytest.mark.parametrize("template", sorted(path.name for path in TEMPLATES.glob("*.html")))
def test_templates_translate_literals_and_looked_up_codes_only(template: str) -> None:
    environment = _templates("en")
    found = [
        f"{template}:{line}: _({_shape(argument)})"
        for argument, line in _calls(template, environment)
        if not (isinstance(argument, nodes.Const) and isinstance(argument.value, str))
        and _shape(argument) not in _TRANSLATED_NAMES
    ]
    assert found == []
    tree = environment.parse((TEMPLATES / template).read_text())
    for loop in tree.find_all(nodes.For):
        named = {name.name for name in loop.target.find_all(nodes.Name)} & {"text", "title"}
        source = {name.name for name in loop.iter.find_all(nodes.Name)}
        assert not named or source <= _TABLES, f"{template}: {named} is of {source}"


@pytest.mark.parametrize("template", sorted(path.name for path in TEMPLATES.glob("*.html")))
def test_templates_trust_no_data(template: str) -> None:
    content = (TEMPLATES / template).read_text()
    tree = _templates("en").parse(content)
    assert not {f.name for f in tree.find_all(nodes.Filter)} & {"safe", "forceescape", "xmlattr"}
    assert "autoescape" not in content and "{% trans" not in content
    assert re.findall(r"\s[a-z-]+=\{\{", content) == [], "attributes that hold data are quoted"
    assert set(re.findall(r"((?:hx|sse)-[a-z]+)=", content)) <= _READS


def test_code_marks_literals_only_and_looks_up_translations_in_three_places() -> None:
    for path in sorted(CONSOLE.rglob("*.py")):
        tree = ast.parse(path.read_text())
        for call in ast.walk(tree):
            if not isinstance(call, ast.Call):
                continue
            name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
            place = f"{path.relative_to(CONSOLE)}:{call.lineno}"
            if name == "N_":
                assert isinstance(call.args[0], ast.Constant), f"{place}: N_ is for literals"
            if name == "Text":
                assert path.name == "translatable.py", f"{place}: N_ makes a Text"
            if name == "registered":
                assert path.name == "message_text.py", f"{place}: only templates of the registry are registered"
            if name in {"gettext", "ngettext"}:
                assert path.name in {"translatable.py", "language.py"}, (
                    f"{place}: the type checker must see Language.text"
                )


def test_scripts_write_no_markup() -> None:
    for path in STATIC.glob("*.js"):
        for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function("):
            assert word not in path.read_text(), f"{path.name}: {word}"
