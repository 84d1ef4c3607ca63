"""A day of other devices' traffic, from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgecv.cli import main
from edgecv.config import check_box
from edgecv.simulation.devices.device_registry import DAYS


@pytest.mark.parametrize("kind", sorted(DAYS))
def test_a_day_is_written_with_its_truth_and_a_box_file_that_is_right(tmp_path: Path, kind: str) -> None:
    for name in ("one", "two"):
        options = ["--count", "10", "--seed", "3", "--loss", "0.1", "--duplicate", "0.1", "--skew", "0.5"]
        assert main(["simulate", "device", kind, "--out", str(tmp_path / name), *options]) == 0
    first, second = ((tmp_path / name / "traffic.jsonl").read_text() for name in ("one", "two"))
    assert first == second  # the same seed, the same day
    lines = [json.loads(line) for line in first.splitlines()]
    assert [line["arrived_at"] for line in lines] == sorted(line["arrived_at"] for line in lines)
    truth = [json.loads(line) for line in (tmp_path / "one" / "truth.jsonl").read_text().splitlines()]
    assert truth
    assert check_box(tmp_path / "one" / "box.yaml").problems == ()


def test_a_floor_is_written_as_video(tmp_path: Path) -> None:
    assert main(["simulate", "device", "animals", "--count", "1", "--out", str(tmp_path)]) == 0
    truth = [json.loads(line) for line in (tmp_path / "truth.jsonl").read_text().splitlines()]
    assert [line["animal"] for line in truth] == [True, False]
    assert check_box(tmp_path / "box.yaml").problems == ()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["rules"], "nothing to do; give --out DIR or --broker"),
        (["medical_reports", "--broker", "mqtt://h"], "--hook"),
        (["rules", "--hook", "http://h"], "--broker"),
        (["animals"], "give --out DIR"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(
    capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    assert main(["simulate", "device", *options]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_an_unknown_kind_names_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["simulate", "device", "toaster"])
    assert "manhole" in capsys.readouterr().err
