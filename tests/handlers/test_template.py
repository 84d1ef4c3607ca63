"""The template that others copy: it works, and the documentation shows it as it is."""

from __future__ import annotations

import runpy
import tomllib
from pathlib import Path
from typing import Any, ClassVar

import pytest
from rehearsing import Rehearsal

import edgecv.handlers
from edgecv.cli import main
from edgecv.config import check_box, devices, load_box
from edgecv.handlers import DeviceSettings, Handler, HandlerContext, Input, all_kinds, find_kind

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "configs/handler-template"


class Point:
    """An entry point as importlib would find it."""

    value = "bin_level:BinLevel"

    def __init__(self) -> None:
        self._found = runpy.run_path(str(TEMPLATE / "bin_level.py"), run_name="bin_level")

    def load(self) -> Any:
        return self._found["BinLevel"]


@pytest.fixture
def template(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {**devices.installed(), "bin_level": Point()}
    monkeypatch.setattr(devices, "installed", lambda: found)


def test_the_template_raises_and_ends_an_alarm_and_needs_sixty_lines(template: None, tmp_path: Path) -> None:
    settings = {"kind": "bin_level", "mqtt": {"url": "mqtt://127.0.0.1:1"}, "topic": "bins/+"}
    bins = Rehearsal(tmp_path, settings)
    for passed_s, percent in enumerate((50, 95, 97, 10, "full", 92)):
        bins.feed("bins/1", {"bin": "gate", "percent": percent}, 1_772_000_000.0 + passed_s)
    bins.work()
    first, second = bins.records()
    assert (first.text, first.details, first.ended_at is None) == ("bin gate was emptied", {"percent": 95.0}, False)
    assert second.ended_at is None
    assert bins.runner.context.counts["unreadable"] == 1
    text = (TEMPLATE / "bin_level.py").read_text()
    assert len(text.splitlines()) <= 60
    declared = tomllib.loads((TEMPLATE / "pyproject.toml").read_text())["project"]["entry-points"]["edgecv.handlers"]
    assert declared == {"bin_level": Point.value}


def test_the_example_of_every_kind_is_right_and_has_every_kind() -> None:
    box = load_box(ROOT / "configs/devices.example.yaml")
    shown = {settings.kind for settings in box.settings.devices.values()}
    assert shown == {kind for kind in all_kinds() if find_kind(kind).section == "devices"}


def test_every_kind_prints_its_keys_and_the_schema_of_its_events(capsys: pytest.CaptureFixture[str]) -> None:
    for kind in all_kinds():
        assert main(["handlers", kind, "--schema"]) == 0
        shown = capsys.readouterr().out
        assert all(event in shown for event in find_kind(kind).events)
        assert main(["handlers", kind]) == 0
        assert "None" not in capsys.readouterr().out, "every key has a description"
    assert main(["handlers"]) == 0
    assert "thrown_object (under cameras): thrown_object" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("{kind: manhol}", "devices.d.kind = 'manhol': there is no handler 'manhol' here; known are"),
        ("{}", "devices.d.kind: must say which handler looks after it"),
        ("{kind: thrown_object}", "stands under cameras, not here"),
        ("[1]", "devices.d = [1]: must be a section of keys and values"),
        ("{kind: manhole, mqtt: {url: 'mqtt://h'}, decoder: {form: bytes}}", "devices.d.decoder.fields: is needed"),
        ("{kind: rules, topic: x}", "devices.d.topic = 'x': unknown key"),
    ],
)
def test_a_wrong_section_names_file_line_key_and_what_to_do(tmp_path: Path, section: str, said: str) -> None:
    box = tmp_path / "box.yaml"
    box.write_text(f"site: s\ndevices:\n  d: {section}\n")
    problems = check_box(box).problems
    assert any(problem.startswith(f"{box}:3: ") and said in problem for problem in problems), problems


def test_a_handler_whose_package_is_missing_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "is_installed", lambda package: package != "fhir.resources")
    box = tmp_path / "box.yaml"
    box.write_text("site: s\ndevices:\n  d: {kind: medical_reports}\n")
    (problem,) = check_box(box).problems
    assert "needs fhir.resources, which is not installed; run: pip install 'edgecv[fhir]'" in problem


def test_a_box_needs_something_to_look_after_and_every_id_once(tmp_path: Path) -> None:
    box = tmp_path / "box.yaml"
    box.write_text("site: s\n")
    assert "names no camera, and the box no other devices" in check_box(box).problems[0]
    section = "{kind: medical_reports}"
    box.write_text(f"site: s\ncameras: {{a: {{source: x.mp4}}}}\ndevices: {{a: {section}}}\n")
    assert "devices.a" in check_box(box).problems[0]


def test_the_names_of_the_context_until_0_2_work_for_handlers_of_other_packages(tmp_path: Path) -> None:
    with pytest.warns(DeprecationWarning, match="HandlerContext"):
        assert edgecv.handlers.Desk is HandlerContext

    class Older(Handler[DeviceSettings]):
        kind = "older"
        settings = DeviceSettings
        events: ClassVar[Any] = {}

        def sources(self) -> list[Any]:
            return []

        def receive(self, given: Input) -> None:
            self.desk.put("site", self.desk.who.site)
            self.desk.tell("heard", "a message came", topic=given.topic)
            self.desk.each("counting", ["x"], self.desk.count)

    rules: dict[str, Any] = {"kind": "rules", "mqtt": {"url": "mqtt://127.0.0.1:1"}, "topics": ["t"]}
    rules |= {"rules": [{"name": "r", "value": "$.v", "above": 1}]}
    older = Rehearsal(tmp_path, rules, handler=Older)
    older.feed("t", b"", 1_772_000_000.0)
    older.work()
    assert older.runner.context.get("site") == "home"
    assert older.runner.context.counts["x"] == 1
    assert [event["subject"] for event in older.messages("device")] == ["heard"]
