"""The registry holds what it promises: literal templates, codes that tell, parameters that are there."""

from __future__ import annotations

import ast
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgecv.messages import Message, Template, camera, joined, mapped, templates, to_wire, visibility
from edgecv.messages.message import declare
from edgecv.messages.params import TEXT, Value

ROOT = Path(__file__).parents[2] / "edgecv"
ROOM = ROOT / "messages"


def sample_params(template: Template) -> dict[str, Value]:
    """Parameters of the kinds that the template asks for, with nothing in them that a page would translate."""
    samples: dict[str, Value] = {"text": "东-1", "count": 7, "number": 0.5, "message": "东-2", "messages": ("东-3",)}
    return {name: samples[param.kind] for name, param in template.params.items()}


def test_templates_are_declared_with_literals() -> None:
    """Their English is what catalogues translate: it must never be data."""
    for path in ROOM.glob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "declare":
                code, english, *_ = call.args
                assert isinstance(code, ast.Constant) and isinstance(english, ast.Constant), f"{path}:{call.lineno}"


@pytest.mark.parametrize("template", templates(), ids=lambda template: template.code)
def test_every_message_can_be_written_sent_and_read(template: Template) -> None:
    message = template(**sample_params(template))
    assert "%(" not in message and message
    assert to_wire(message) is not None
    again = pickle.loads(pickle.dumps(message))
    assert isinstance(again, Message) and (again, again.code, again.params) == (message, message.code, message.params)


def test_a_code_is_declared_once_and_its_places_are_its_parameters() -> None:
    with pytest.raises(ValueError, match="registered already"):
        declare("camera.starting", "starting anew")
    with pytest.raises(ValueError, match="places"):
        declare("camera.unheard_of", "%(source)s is %(state)s", source=TEXT)
    with pytest.raises(ValueError, match="no code"):
        declare("Camera", "starting anew")


def _declared() -> dict[str, set[str]]:
    """Parameters of every template by ``module.NAME``."""
    found = {}
    for path in ROOM.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
                call = node.value
                if (
                    isinstance(call.func, ast.Name)
                    and call.func.id == "declare"
                    and isinstance(node.targets[0], ast.Name)
                ):
                    names = {keyword.arg or "" for keyword in call.keywords}
                    found[f"{path.stem}.{node.targets[0].id}"] = names
    return found


def _uses() -> Iterator[tuple[str, str, set[str] | None]]:
    """Where, which and with what parameters the templates are called."""
    modules = {path.stem for path in ROOM.glob("*.py")}
    for path in ROOT.rglob("*.py"):
        tree = ast.parse(path.read_text())
        imported = {
            alias.asname or alias.name: alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module == "edgecv.messages"
            for alias in node.names
            if alias.name in modules
        }
        called = {id(node.func): node for node in ast.walk(tree) if isinstance(node, ast.Call)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in imported:
                call = called.get(id(node))
                given = None if call is None else {keyword.arg or "**" for keyword in call.keywords}
                yield f"{path.relative_to(ROOT)}:{node.lineno}", f"{imported[node.value.id]}.{node.attr}", given


def test_producers_use_messages_that_are_there_with_the_parameters_they_have() -> None:
    declared = _declared()
    assert len(declared) > 200
    for place, name, given in _uses():
        if name.split(".")[1].isupper() and name not in declared:
            assert name in {"visibility.CAUSES", "things.NAMES", "system.REASONS"}, f"{place}: there is no {name}"
        if given is not None and name in declared and "**" not in given:
            assert given == declared[name], f"{place}: {name}"


def test_several_messages_are_one_text_and_keep_their_codes() -> None:
    both = joined([camera.REFUSES_LOGIN(source="a"), "said by somebody", visibility.IS_COVERED()])
    assert both == ("a: refuses user and password; check the camera's login in the box file; said by somebody; covered")
    assert to_wire(both) == {
        "code": "text.sentences",
        "params": {
            "parts": [
                {"code": "camera.refuses_login", "params": {"source": "a"}},
                "said by somebody",
                {"code": "visibility.is_covered", "params": {}},
            ]
        },
    }
    assert joined(["one"]) == "one"


def test_a_redacted_message_has_redacted_parameters() -> None:
    message = camera.BROKE_OFF(source="rtsp://10.0.0.1/secret", why="Broken pipe")
    redacted = mapped(message, lambda text: text.replace("secret", "***"))
    assert redacted == "rtsp://10.0.0.1/***: broke off (Broken pipe)"
    assert isinstance(redacted, Message) and "secret" not in str(to_wire(redacted))


def test_what_is_cut_across_its_parameters_is_plain_text() -> None:
    message = camera.BROKE_OFF(source="rtsp://10.0.0.1/a", why="Broken pipe")
    assert not isinstance(mapped(message, lambda text: text[:20]), Message)
    assert mapped("plain", str.upper) == "PLAIN"


def test_numbers_are_written_as_declared_and_never_fail() -> None:
    assert camera.NO_SIGN_OF_LIFE(time=11.6) == "gave no sign of life for 12 s"
    assert visibility.TESTED(drawn=10, share=0.9) == ("of 10 falls drawn into copies of the live picture 90% were seen")
    assert camera.NO_SIGN_OF_LIFE(time="long") == "gave no sign of life for long s"
