"""Names of files as recorders and people make them: bytes in any encoding, signs of addresses, markup, controls."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edgecv.cli import main
from edgecv.untrusted import check_text, file_text

NAMES = [
    b"cam1:2026-11-30 12:30:00.mp4",
    b"12:30.mp4",
    b"http:x.mp4",
    b"concat:a.mp4",
    b"a%03d#b?.mp4",
    b"-x.mp4",
    b" blanks .mp4",
    b"new\nline.mp4",
    b"\x1b[31mred.mp4",
    b"[bold]x[.mp4",
    b"<script>alert(1)<.mp4",
    b"lat\xe9.mp4",
    "东楼 1.mp4".encode(),
    "东楼.mp4".encode("gbk"),
    "東樓.mp4".encode("big5"),
    b"\xed\xa0\x80half.mp4",
    b"x" * 251 + b".mp4",
]


@pytest.mark.parametrize("name", NAMES, ids=repr)
def test_a_video_of_any_name_is_replayed_and_named_in_one_line(
    name: bytes,
    tmp_path: Path,
    write_video: Callable[..., Path],
    noise_frames: Callable[[int, int, int], list[NDArray[np.uint8]]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    video = write_video("plain.mp4", noise_frames(30, 320, 240))
    video.rename(tmp_path / os.fsdecode(name))
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "out"
    assert main(["replay", "--out", str(out), "--", os.fsdecode(name)]) == 0
    (read,) = json.loads((out / "run.json").read_text())["videos"]
    assert read["source"] == file_text(os.fsdecode(name))
    said = capsys.readouterr()
    assert not {c for c in said.out + said.err if not c.isprintable()} - {"\n"}
    assert "<script>" not in (out / "report.html").read_text()


@pytest.mark.parametrize("name", [b"lat\xe9.mp4", b"\x1b[31mred.mp4", "东楼.mp4".encode("gbk")], ids=repr)
def test_what_cannot_be_read_is_named_in_one_line_too(
    name: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = os.fsdecode(bytes(tmp_path) + b"/" + name)
    Path(path).write_text("no video")
    assert main(["replay", path, "--out", str(tmp_path / "out")]) == 3
    said = capsys.readouterr().err
    assert "cannot be opened as video" in said
    assert said.count("\n") == 1 and said.strip().isprintable()


def test_a_damaged_video_of_an_odd_name_costs_no_other(
    tmp_path: Path, write_video: Callable[..., Path], noise_frames: Callable[[int], list[NDArray[np.uint8]]]
) -> None:
    good = write_video("good.mp4", noise_frames(30))
    bad = Path(os.fsdecode(bytes(tmp_path) + b"/lat\xe9.mp4"))
    bad.write_text("no video")
    out = tmp_path / "out"
    assert main(["replay", str(bad), str(good), "--out", str(out)]) == 3
    summary = json.loads((out / "run.json").read_text())
    assert [Path(video["source"]).name for video in summary["videos"]] == ["good.mp4"]
    assert r"lat\xe9.mp4" in summary["problems"][0]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("东楼.mp4".encode("gbk"), "东楼.mp4"),
        ("东楼.mp4".encode(), "东楼.mp4"),
        (b"lat\xe9.mp4", r"lat\xe9.mp4"),
        (b"caf\xe9s.mp4", r"caf\xe9s.mp4"),
        ("楼".encode() + b"/" + "东楼.mp4".encode("gbk"), "楼/东楼.mp4"),
    ],
)
def test_names_are_read_as_what_they_are(name: bytes, text: str) -> None:
    assert file_text(os.fsdecode(name)) == text


@given(st.binary(max_size=40).filter(lambda name: b"\x00" not in name))
def test_every_name_is_text_that_can_be_stored(name: bytes) -> None:
    assert check_text(file_text(os.fsdecode(name))) is not None
