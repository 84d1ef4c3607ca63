from __future__ import annotations

import os
import pickle
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from edgecv.config import CheckReport, ConfigProblems, check_box, load_box, load_calibration
from edgecv.errors import ConfigError

ROOT = Path(__file__).parents[2]

GOOD = """\
site: jialinglu-3
facades:
  north:
    floors: 16
    floor_height: 3.0
    windows:
      - {name: "01", left: -19.0, right: -17.0}
      - {name: "02", left: -15.0, right: -13.0}
cameras:
  north-1:
    source: rtsp://camera/stream
    facade: north
    calibration: north-1.yaml
"""
CALIBRATION = """\
image_size: [1920, 1080]
points:
  - {pixel: [412.3, 88.1], facade: [-14.0, 45.0]}
  - {pixel: [1490.0, 90.5], facade: [14.0, 45.0]}
  - {pixel: [300.0, 900.0], facade: [-14.0, 12.0]}
  - {pixel: [1601.0, 905.0], facade: [14.0, 12.0]}
"""

Check = Callable[[str], CheckReport]


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    """Check a box file of the given text that lies beside a good calibration `north-1.yaml`."""
    monkeypatch.chdir(tmp_path)
    Path("north-1.yaml").write_text(CALIBRATION)

    def run(text: str) -> CheckReport:
        Path("box.yaml").write_text(text)
        return check_box(Path("box.yaml"))

    return run


def only(report: CheckReport) -> str:
    """The one problem of a report that must have no other."""
    assert len(report.problems) == 1, report.problems
    return report.problems[0]


def test_the_contracts_box_file_is_good_and_its_check_says_what_was_understood(check: Check) -> None:
    report = check(GOOD)
    assert report.problems == ()
    assert report.ok
    notes = "\n".join(report.notes)
    for understood in (
        "jialinglu-3",
        "north: 16 floors from 0 m to 48 m",
        "2 windows",
        "north-1",
        "4 points, 1920x1080",
    ):
        assert understood in notes


def test_example_files_are_good_and_show_every_key() -> None:
    box = load_box(ROOT / "configs/box.example.yaml")
    camera = box.camera("north-1")
    assert camera.facade is not None
    assert camera.calibration == load_calibration(ROOT / "calibration/north-1.example.yaml")
    sections: list[BaseModel | None]
    sections = [box.settings, box.settings.upstream, camera.settings, camera.settings.masks[0], camera.facade]
    sections += [camera.facade.windows[0], camera.facade.roof, camera.calibration]
    (beside,) = (facade for _, facade in camera.beside)
    sections += [beside.beside, box.camera("east-1").settings.capture]
    for section in sections:
        assert section is not None
        # a facade that another is beside is beside none itself; only a device is asked for anything
        assert section.model_fields_set | {"beside", "capture"} & set(type(section).model_fields) == set(
            type(section).model_fields
        )


def test_a_typo_names_file_line_key_value_and_the_nearest_key(check: Check) -> None:
    problem = only(check(GOOD.replace("floor_height: 3.0", "flor_height: 3.0")))
    assert problem.startswith("box.yaml:5: facades.north.flor_height = 3.0: unknown key")
    assert problem.endswith("(did you mean 'floor_height'?)")


@pytest.mark.parametrize(
    ("old", "new", "where", "what"),
    [
        ("floors: 16", "floors: 0", "box.yaml:4: facades.north.floors = 0", "at least 1"),
        ("floors: 16", "floors: yes", "box.yaml:4: facades.north.floors = true", "whole number or a list"),
        ("floors: 16", "floors: 2.5", "box.yaml:4: facades.north.floors = 2.5", "whole number or a list"),
        ("floors: 16", "floors: []", "box.yaml:4: facades.north.floors = []", "at least 1"),
        ("floors: 16", "floors: [{height: -3}]", "box.yaml:4: facades.north.floors[0].height = -3", "at least 0.1"),
        ("floors: 16\n", "\n", "box.yaml:3: facades.north.floors", "is missing"),
        ("height: 3.0", "height: '3'", "box.yaml:5: facades.north.floor_height = '3'", "must be a number"),
        ("height: 3.0", "height: .nan", "box.yaml:5: facades.north.floor_height = nan", "finite"),
        ("height: 3.0", "height:", "box.yaml:5: facades.north.floor_height = (empty)", "must be a number"),
        ('"01"', "01", "box.yaml:7: facades.north.windows[0].name = 1", "must be text; put it in quotes"),
        ('"02"', '"01"', "box.yaml:8: facades.north.windows[1].name = '01'", "already the name of windows[0]"),
        ("right: -17.0", "right: -20", "box.yaml:7: facades.north.windows[0].right = -20", "more than left (-19)"),
        ("left: -15.0", "left: -18", "box.yaml:8: facades.north.windows[1].left = -18", "overlaps window '01'"),
        ("-15.0, right: -13.0", "-25, right: -24", "box.yaml:8: facades.north.windows[1].left", "from left to right"),
        ("site: jialinglu-3", "site: a/b", "box.yaml:1: site = 'a/b'", "one level of an MQTT topic"),
        ("site: jialinglu-3", "site: a b", "box.yaml:1: site = 'a b'", "one level of an MQTT topic"),
        ("north-1:", "'no+th':", "box.yaml:10: cameras.\"no+th\"", "one level of an MQTT topic"),
        ("north-1:", "1:", "box.yaml:10: cameras.1", 'write "1" in quotes'),
        ("facade: north", "facade: nord", "box.yaml:12: cameras.north-1.facade = 'nord'", "(did you mean 'north'?)"),
        ("source: rtsp://camera/stream", "source: ' '", "box.yaml:11: cameras.north-1.source = ' '", "blank"),
        ("facade: north\n", "facade: north\n    facade: x\n", "box.yaml:13: cameras.north-1.facade", "given twice"),
        ("north-1.yaml", "n.yaml", "box.yaml:13: cameras.north-1.calibration", "does not exist"),
        ("north-1.yaml", ".", "box.yaml:13: cameras.north-1.calibration", "is a directory"),
        (
            "calibration: north-1.yaml",
            "masks: [{reason: tree, polygon: [[1, 2], [3, 4]]}]",
            "box.yaml:13: cameras.north-1.masks[0].polygon = [[1, 2], [3, 4]]",
            "at least 3, has 2",
        ),
        ("site: j", "upstream: {mqtt: 'mqt://h'}\nsite: j", "box.yaml:1: upstream.mqtt = 'mqt://h'", "mqtt://"),
    ],
)  # fmt: skip
def test_each_mistake_is_one_line_that_names_its_place(check: Check, old: str, new: str, where: str, what: str) -> None:
    assert old in GOOD
    problem = only(check(GOOD.replace(old, new, 1)))
    assert problem.startswith(where)
    assert what in problem.removeprefix(where)


def test_all_mistakes_of_all_files_are_told_at_once_in_the_order_of_the_file(check: Check) -> None:
    Path("north-1.yaml").write_text(CALIBRATION.replace("image_size: [1920, 1080]", "image_size: [192, 108]\nfocal: 3"))
    bad = GOOD.replace("floors: 16", "floors: none\n    flors: 16").replace("left: -15.0", "left: -18.0")
    bad = bad.replace("facade: north", "facade: south").replace("site", "sight")
    problems = check(bad).problems
    places = [problem.split(": ")[1].split(" = ")[0] for problem in problems]
    assert places[:2] in (["sight", "site"], ["site", "sight"])
    assert places[2:6] == [
        "facades.north.floors",
        "facades.north.flors",
        "facades.north.windows[1].left",
        "cameras.north-1.facade",
    ]
    assert places[6:] == ["focal", *(f"points[{i}].pixel" for i in range(4))]
    assert problems[6].startswith("north-1.yaml:2: ")


def test_load_raises_a_config_error_with_every_line(tmp_path: Path) -> None:
    path = tmp_path / "box.yaml"
    path.write_text("site: [1]\ncameras: {}\n")
    with pytest.raises(ConfigProblems) as raised:
        load_box(path)
    assert isinstance(raised.value, ConfigError)
    assert raised.value.exit_code == 2
    assert len(raised.value.errors) == 2
    assert str(raised.value).splitlines() == list(raised.value.errors)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"# only a comment\n", "is empty"),
        (b"a: [1,\nb: 2", ":2: not valid YAML"),
        (b"a:\n\t- 1", ":2: not valid YAML"),
        (b"site: x\ncameras: \xe9", ":2: is not UTF-8 (byte 0xE9)"),
        (b"site: x\ny: \x01", ":2: holds a character no text has (U+0001)"),
        (b"- site", ":1: must be a section of keys and values"),
        (b"site", ":1: must be a section of keys and values"),
        (b"--- {}\n--- {}\n", ":2: not valid YAML"),
        (b"a: &x [*x]", ":1: not valid YAML: an alias that contains itself"),
        (b"a: *x", ":1: not valid YAML: found undefined alias"),
        (b"[" * 5000, "is nested too deeply"),
        (b"a: &a [1,1,1,1,1,1,1,1,1,1]\n" + b"\n".join(
            b"%c: &%c [%s]" % (n + 1, n + 1, b",".join([b"*%c" % n] * 10)) for n in range(97, 105)), "too many values"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else None,
)  # fmt: skip
def test_a_file_that_is_no_configuration_is_one_clear_line(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "box.yaml"
    path.write_bytes(content)
    problem = only(check_box(path))
    assert problem.startswith(str(path))
    assert message in problem


def test_missing_file_directory_and_device_are_one_clear_line(tmp_path: Path) -> None:
    assert only(check_box(tmp_path / "no.yaml")) == f"{tmp_path}/no.yaml: does not exist; check the path"
    assert "is a directory" in only(check_box(tmp_path))
    assert "is not a regular file" in only(check_box(Path("/dev/null")))
    assert "cannot be read (File name too long)" in only(check_box(tmp_path / ("x" * 300)))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_read_permission_is_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "box.yaml"
    path.write_text(GOOD)
    path.chmod(0)
    assert "cannot be read (Permission denied)" in only(check_box(path))


def test_passwords_of_cameras_and_brokers_are_never_printed(check: Check) -> None:
    secret = (
        GOOD.replace("rtsp://camera", "rtsp://admin:hunter2@camera") + "upstream: {mqtt: 'mqtt://box:hunter3@host'}\n"
    )
    good = check(secret)
    assert good.ok
    bad = check(secret.replace("source", "sorce").replace("mqtt://", "mqt://"))
    assert len(bad.problems) == 3
    assert "hunter" not in "\n".join((*good.notes, *bad.problems))


def test_a_calibration_two_cameras_share_is_read_and_blamed_once(check: Check) -> None:
    Path("north-1.yaml").write_text("image_size: [0, 1080]\n" + CALIBRATION.split("\n", 1)[1])
    report = check(GOOD + "  north-2: {source: x, facade: north, calibration: north-1.yaml}\n")
    assert only(report).startswith("north-1.yaml:1: image_size[0] = 0: must be at least 1")


def test_the_digest_changes_with_the_box_file_and_with_its_calibration(check: Check) -> None:
    digests = []
    written = ((GOOD, CALIBRATION), (GOOD + "#", CALIBRATION), (GOOD, CALIBRATION + "#"), (GOOD, CALIBRATION))
    for box, calibration in written:
        Path("north-1.yaml").write_text(calibration)
        assert check(box).ok
        digests.append(load_box(Path("box.yaml")).sha256)
    assert digests[0] == digests[3]
    assert len(set(digests)) == 3
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in digests)


def test_windows_line_ends_and_a_byte_order_mark_are_no_mistakes(tmp_path: Path) -> None:
    path = tmp_path / "box.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + b"site: a\r\ncameras:\r\n  c: {source: x}\r\n")
    assert load_box(path).site == "a"


YAML_PIECES = (
    "- |: |? |<<|\n  |\n    |!!int|!!binary|!!timestamp|!!set|!!omap|2024-13-45|.inf|0x|1e999|null|yes|\x00|\x85"
)
BOX_KEYS = "site|cameras|facades|floors|windows|source|calibration|north|left|name"
ODDITIES = ["|", "\u2028", "\ufeff", "💥", '"\\ud800"', "9" * 5000]
FRAGMENTS = st.sampled_from(
    [*"{}[]:-,#&*!>'\"%@` \n\t\\?<=~", *YAML_PIECES.split("|"), *BOX_KEYS.split("|"), *ODDITIES]
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.lists(FRAGMENTS, max_size=30).map("".join), st.text(max_size=60)))
@example("site: !!int x")
@example("!!int")
@example("site: " + "9" * 5000)
@example("{a: 1}: 2")
@example('cameras: {c: {source: 1, calibration: "\\ud800"}}')
@example("cameras: {? !!set {a} : b}")
def test_no_text_whatever_ends_in_anything_but_clear_lines(tmp_path: Path, text: str) -> None:
    path = tmp_path / "box.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    report = check_box(path)
    assert not report.ok
    assert all(problem.startswith(str(path)) and len(problem.splitlines()) == 1 for problem in report.problems)


def test_problems_found_in_another_process_read_the_same(tmp_path: Path) -> None:
    file = tmp_path / "box.yaml"
    file.write_text("site: a/b\ncolour: red\n")
    with pytest.raises(ConfigProblems) as raised:
        load_box(file)
    again = pickle.loads(pickle.dumps(raised.value))
    assert str(again) == str(raised.value)
    assert again.errors == raised.value.errors


def test_no_camera_has_the_boxs_own_name_and_no_target_that_of_the_evidence_upload(check: Check) -> None:
    assert only(check(GOOD.replace("north-1:", "box:"))) == (
        "box.yaml:10: cameras.box = {…}: is the name of the box's own states and events; choose another"
    )
    targets = "upstream:\n  targets:\n    - {name: evidence, url: https://estate/hook}\n"
    assert only(check(GOOD + targets)) == (
        "box.yaml:16: upstream.targets[0].name = 'evidence': is the name of the evidence upload; choose another"
    )
