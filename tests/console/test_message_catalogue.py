"""Every message of the registry is read in Chinese, by its code and, of older boxes, by its text."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from console.in_chinese import chinese, is_chinese
from messages.test_message_registry import sample_params

from edgecv.messages import Message, Template, box, camera, handlers, joined, system, templates, to_wire
from edgecv.messages.recognition import recognised_whole

EDGECV = Path(__file__).parents[2] / "edgecv"
PROPER_NAMES = (
    *("edgecv", "MQTT", "QoS", "Modbus", "FHIR", "JSON", "JPEG", "PNG", "NUL", "OpenCV", "calibrate", "points"),
    *("Timing", "repeat", "code", "sequence", "when", "timeOfDay", "dayOfWeek", "periodMax"),
    *("boundsPeriod.start", "authoredOn", "times_a_day", "address", "kind", "type", "scale", "unit"),
    *("holding", "input"),
    *("--incident", "--lowest-floor", "certificate_file", "mqtts://", "capture", "run", "window", "floor"),
    *("RTSP", "IPv6", "Digest", "SHA-256", "MD5", "rtsp://", "rtsps", "rtsp", "https", "http", "login", "transport"),
    *("tcp", "udp", "[fd00::5]"),
)
"""What is the same in both languages: formats, their elements, commands, keys of the box file."""
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
_LOGGED = {"debug", "info", "warning", "error", "exception"}
_FORMS = {"Field", "Conflict"}
"""Calls that say to whoever writes a file what stands in it."""
_CONVERTED = (
    *("audit/verify.py", "audit/bundle_replay.py", "audit/replay_comparison.py", "audit/guided_reanalysis.py"),
    *("evidence/manifest.py", "evidence/signature.py", "evidence/subject.py", "evidence/sealed_bundle.py"),
    *("geometry/solve.py", "geometry/resection.py", "geometry/lens_or_click.py"),
    *("calibration/floor_periodicity.py", "calibration/grid.py", "calibration/rectify.py"),
    *("calibration/single_image.py", "calibration/vanishing.py", "calibration/control_points.py"),
    *("console/evidence/bundle_verifier.py", "console/cameras/calibration_service.py"),
    *("console/web/pages/calibration.py", "console/web/pages/masks.py", "capture/picture_size.py"),
)
"""Modules whose every sentence stands in the registry."""
_NOT_SHOWN = {
    "7: has more than 7 MB; make it smaller": "files of the command line",
    "7: image_size = [7, 7]: the picture is 7x7; mark the points in a picture of the camera's full size": "the same",
    "none: list them under the facade's windows": "fills a place",
    "must be the name of a file in the folder": "of a field; the file is told to be no manifest",
    "there is no picture to calibrate on; take one first": "status 404, which has a page of its own",
    "camera 7, marked in the console by 7 on 7 UTC": "a comment in a calibration file",
    "reprojection error 7 px": "the same",
    "clear camera picture taken": "an action of the audit log",
    "to calibrate or mask": "a reason in the audit log",
}
"""What those modules write besides, and where it goes."""
_SENTENCE_WORDS = 3
_ELSEWHERE = ("messages", "cli", "config", "upstream", "simulation", "handlers/rules.py", "untrusted.py")
"""The registry; what ends on a terminal or in a log; what stands below the registry."""
_NAMES_OF_THINGS = ("thing.", "system.")
"""Words of records and of systems, which consoles recognise."""


def _written(node: ast.AST) -> str:
    """A literal's text, with a 7 in each place of an f-string."""
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _sentences(path: Path) -> Iterator[tuple[int, str]]:
    """Line and text of every sentence in a module, also of one that is assigned to a variable first.

    Left out are docstrings, log lines, assertions and what pages translate by themselves.
    """
    tree = ast.parse(path.read_text())
    ignored: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            ignored |= {id(part) for part in node.values}
        elif isinstance(node, ast.Expr):
            ignored.add(id(node.value))
        elif isinstance(node, ast.Assert) and node.msg is not None:
            ignored.add(id(node.msg))
        elif isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name in {"N_"} | _LOGGED | _FORMS:
                ignored |= {id(inner) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        text = _written(node)
        if id(node) not in ignored and len(text.split()) >= _SENTENCE_WORDS:
            yield getattr(node, "lineno", 0), text


@pytest.mark.parametrize("module", _CONVERTED)
def test_a_module_whose_sentences_are_registered_writes_none_itself(module: str) -> None:
    own = [(line, text) for line, text in _sentences(EDGECV / module) if text not in _NOT_SHOWN]
    assert own == [], "declare it in edgecv.messages, or say in _NOT_SHOWN where it goes"


def test_no_sentence_of_the_registry_is_written_a_second_time() -> None:
    """Reworded in one of two places it would be shown in English."""
    second = []
    for path in sorted(EDGECV.rglob("*.py")):
        module = path.relative_to(EDGECV).as_posix()
        if module.startswith(_ELSEWHERE):
            continue
        for line, text in _sentences(path):
            message = recognised_whole(text)
            if message is not None and not message.code.startswith(_NAMES_OF_THINGS):
                second.append(f"{module}:{line}: {message.code}")
    assert second == []


def test_the_search_for_sentences_sees_variables_and_places(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(
        'def f(path):\n    """It is a docstring."""\n    line = f"{path}: is missing"\n    log.info("a b c")\n'
    )
    assert list(_sentences(module)) == [(3, "7: is missing")]


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
