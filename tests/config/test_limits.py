"""Files that are far larger, deeper or other than a configuration."""

from __future__ import annotations

import os
import string
from itertools import pairwise
from pathlib import Path

import pytest

from edgecv.config import check_box
from edgecv.config.problems import MAX_PROBLEMS, did_you_mean
from edgecv.config.secrets import MAX_SECRET_BYTES, read_secret
from edgecv.config.yaml_document import MAX_BYTES, MAX_DEPTH, MAX_NODES
from edgecv.errors import ConfigError

AT = "cameras.north-1.login.password_file"


def problems(tmp_path: Path, text: str) -> tuple[str, ...]:
    box = tmp_path / "box.yaml"
    box.write_text(text)
    return check_box(box).problems


def test_a_file_larger_than_any_box_is_not_parsed(tmp_path: Path) -> None:
    (told,) = problems(tmp_path, "# " + "x" * MAX_BYTES)
    assert "is larger than 512 KB" in told


def test_a_file_with_more_values_than_any_box_is_not_built(tmp_path: Path) -> None:
    (told,) = problems(tmp_path, "site: x\nmasks: [" + "1," * MAX_NODES + "1]")
    assert "too many values" in told


def test_aliases_count_as_what_they_stand_for(tmp_path: Path) -> None:
    letters = string.ascii_lowercase
    lines = [f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]" for a, b in pairwise(letters)]
    (told,) = problems(tmp_path, "\n".join(["a: &a [x]", *lines]))
    assert "too many values" in told


@pytest.mark.parametrize("depth", [MAX_DEPTH, 400, 100_000])
def test_a_file_nested_deeper_than_any_box_is_one_line(tmp_path: Path, depth: int) -> None:
    (told,) = problems(tmp_path, f"site: {'[' * depth}{']' * depth}")
    assert "nested too deeply" in told


def test_more_problems_than_anybody_reads_are_counted(tmp_path: Path) -> None:
    told = problems(tmp_path, "site: x\ncameras: {c: {source: x}}\n" + "".join(f"sit{n}: x\n" for n in range(1000)))
    assert len(told) == MAX_PROBLEMS + 1
    assert told[-1] == f"and {1000 - MAX_PROBLEMS} more problems; put these right first"


def test_a_word_longer_than_any_name_is_like_none() -> None:
    assert did_you_mean("sites", ["site"]) == " (did you mean 'site'?)"
    assert did_you_mean("site" * 1000, ["site" * 1000]) == ""


def test_a_secret_is_a_regular_file_of_a_limited_length(tmp_path: Path) -> None:
    box = tmp_path / "box.yaml"
    (tmp_path / "long.txt").write_bytes(b"x" * (MAX_SECRET_BYTES + 1))
    with pytest.raises(ConfigError, match="longer than 64 KB"):
        read_secret("long.txt", box, AT)
    os.mkfifo(tmp_path / "pipe.txt")  # nobody writes to it
    with pytest.raises(ConfigError, match="no regular file"):
        read_secret("pipe.txt", box, AT)
    with pytest.raises(ConfigError, match="no regular file"):
        read_secret("/dev/zero", box, AT)


def test_the_value_of_an_unknown_key_is_shown_only_where_it_is_a_known_key_misspelt(tmp_path: Path) -> None:
    box = tmp_path / "box.yaml"
    box.write_text("site: s\nxyz: s3cr3t\nupstream: {targets: [{pasword_file: s3cr3t/x}]}\nstorag: {keep_days: 3}\n")
    problems = "\n".join(check_box(box).problems)
    assert "s3cr3t" not in problems
    assert "xyz = ***: unknown key" in problems
    assert "storag = {…}: unknown key" in problems


def test_a_key_longer_than_any_name_is_cut_in_messages(tmp_path: Path) -> None:
    box = tmp_path / "box.yaml"
    box.write_text(f"site: s\n? {'k' * 20_000}\n: 1\n")
    assert max(map(len, check_box(box).problems)) < 1000


@pytest.mark.parametrize("height", ["1.0e-320", "0.0", "-3"])
def test_a_floor_that_is_none_is_refused_where_it_stands(tmp_path: Path, height: str) -> None:
    box = tmp_path / "box.yaml"
    box.write_text(f"site: s\nfacades:\n  north:\n    floors: [{{}}, {{height: {height}}}]\n    windows: []\n")
    assert any("facades.north.floors[1].height" in problem for problem in check_box(box).problems)


@pytest.mark.parametrize("value", ['"\\uDFFF"', '"a\\0b"'])
@pytest.mark.parametrize("text", ["site: {}", "site: s\nfacades:\n  {}: {{floors: 1}}"])
def test_text_that_nothing_can_store_is_one_line_that_names_its_place(tmp_path: Path, text: str, value: str) -> None:
    (told,) = problems(tmp_path, text.format(value))
    assert "box.yaml:" in told
    assert "holds half a surrogate pair" in told or "holds a NUL" in told
