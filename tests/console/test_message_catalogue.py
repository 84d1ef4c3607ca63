"""Every message of the registry is read in Chinese, by its code and, of older boxes, by its text."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from in_chinese import chinese, is_chinese
from messages.test_message_registry import sample_params

from edgecv.messages import Message, Template, box, camera, handlers, joined, system, templates, to_wire

EDGECV = Path(__file__).parents[2] / "edgecv"
PROPER_NAMES = (
    *("edgecv", "MQTT", "QoS", "Modbus", "FHIR", "JSON", "JPEG", "PNG", "NUL", "OpenCV", "calibrate", "points"),
    *("--incident", "--lowest-floor", "certificate_file", "mqtts://", "capture", "run", "window", "floor"),
)
"""What is the same in both languages: formats, commands, keys of the box file."""
WITHOUT_WORDS = {"camera.watching", "camera.failed", "seal.of_folder"}
"""Only what fills their places is read."""


@pytest.mark.parametrize("template", templates(), ids=lambda template: template.code)
def test_every_code_has_chinese(template: Template) -> None:
    message = template(**sample_params(template))
    said = chinese("text of a newer box", to_wire(message))
    assert "text of a newer box" not in said
    assert template.code in WITHOUT_WORDS or is_chinese(said, *PROPER_NAMES), said


ORDINARY = (
    camera.STARTING(),
    camera.CONNECTING(source="10.0.0.1"),
    camera.FINISHING(),
    camera.FILE_OVER(),
    camera.REFUSES_LOGIN(source="10.0.0.1"),
    camera.NOT_OPENED(source="10.0.0.1", why="Connection refused"),
    camera.NO_ANSWER(source="10.0.0.1"),
    camera.SILENT(source="10.0.0.1", time=5.0),
    camera.WORKER_ENDED(why=camera.BY_SIGNAL(signal="9")),
    camera.ENDS_REPEATEDLY(why=camera.NO_SIGN_OF_LIFE(time=11.0)),
    camera.TOO_MUCH_MEMORY(most=700),
    camera.CLOCK_JUMPED(source="10.0.0.1", time=7.0),
    camera.SIZE_CHANGED(source="10.0.0.1", before="1", after="2"),
    camera.CODEC_CHANGED(source="10.0.0.1"),
    camera.CALIBRATED_AT_OTHER_SIZE(size="1", calibrated="2"),
    camera.DECODED_IN_SOFTWARE(hardware="1", codec="2", why="Invalid argument"),
    camera.DISK_TAKES_NO_RECORDS(why="disk I/O error"),
    handlers.HELD_BACK(count=3, most=120),
    box.WELL(),
    box.DISK_FULL(free=12.0),
    box.RECORDS_IN_MEMORY(count=3),
    box.NOT_SEALED(why="No space left on device"),
)


@pytest.mark.parametrize("message", ORDINARY, ids=lambda message: message.code)
def test_what_an_ordinary_installation_says_is_read_in_chinese_with_and_without_its_code(message: Message) -> None:
    for said in (chinese("English", to_wire(message)), chinese(str(message))):
        assert is_chinese(said), said


def test_a_list_of_problems_is_read_whole() -> None:
    said = chinese(str(joined(ORDINARY[4:7])), to_wire(joined(ORDINARY[4:7])))
    assert is_chinese(said) and said.count("；") >= 3, said


@pytest.mark.parametrize(
    "coded",
    [
        {"code": "camera.sings", "params": {}},
        {"code": "camera.refuses_login", "params": {"source": 7}},
        {"code": "camera.refuses_login", "params": {}},
        {"code": ["camera.starting"], "params": {}},
        "camera.starting",
        7,
    ],
)
def test_a_code_that_is_not_known_or_does_not_fit_shows_the_text(coded: object) -> None:
    assert chinese("<b>100% %(source)s</b>", coded) == "<b>100% %(source)s</b>"


def test_what_fills_a_place_is_never_a_template() -> None:
    said = chinese("x", to_wire(camera.REFUSES_LOGIN(source="%(source)s {0} 100%")))
    assert "%(source)s {0} 100%" in said


_SAYING = {"StreamError", "BrokerConnectionError", "Death"}
"""Calls whose text a page shows: it must come from the registry."""
_ROOMS = ("capture", "daemon", "handlers", "mqtt", "visibility", "storage")
_SENT = {"send_event", "alarm", "update", "raise_alarm", "_say"}


def test_producers_build_no_sentence_of_their_own() -> None:
    """A sentence with a place in it, handed to whoever sends it, stands in the registry."""
    own = []
    for path in (path for room in _ROOMS for path in (EDGECV / room).rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text())):
            if not isinstance(call, ast.Call):
                continue
            name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
            if name not in _SAYING | _SENT:
                continue
            for argument in call.args:
                is_text = isinstance(argument, ast.JoinedStr) and any(
                    isinstance(part, ast.Constant) and " " in str(part.value) for part in argument.values
                )
                is_sentence = isinstance(argument, ast.Constant) and " " in str(argument.value)
                if is_text or is_sentence:
                    own.append(f"{path.relative_to(EDGECV)}:{call.lineno}")
    assert own == []


def test_words_of_the_system_are_read_where_they_stand_in_a_sentence() -> None:
    for template in system.REASONS:
        assert is_chinese(chinese(str(camera.BROKE_OFF(source="1", why=str(template()))))), template.code
