"""What the benchmark makes of its measurements: ratios, table, plot, files. Nothing is timed here."""

from __future__ import annotations

import importlib
import json
import math
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
SVG = "{http://www.w3.org/2000/svg}"
MS = st.floats(0.02, 900.0)


@pytest.fixture(scope="module")
def run() -> Iterator[ModuleType]:
    """The module that runs everything; scripts are no package of the wheel, so their folder is put on the path."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(SCRIPTS))
        yield importlib.import_module("benchmark.__main__")


@pytest.fixture(scope="module")
def bars(run: ModuleType) -> Any:
    return importlib.import_module("benchmark.plot").bars


def test_ratios_are_what_their_names_say(run: ModuleType) -> None:
    ms = {"decoding": 3.0, "edgecv": 2.0, "MOG2 on BGR": 11.0, "KNN on BGR": 7.0, "MOG2 on grey": 5.0, "detection": 1.5}
    ratios = run._ratios(ms)
    assert ratios.pop("cameras a core") == pytest.approx(8.0)  # 25 frames a second leave 40 ms for the 5 of a frame
    assert ratios == {
        "analysis / decoding": pytest.approx(2.0 / 3.0),
        "MOG2 on BGR / analysis": pytest.approx(5.5),
        "KNN on BGR / analysis": pytest.approx(3.5),
        "MOG2 on grey / analysis": pytest.approx(2.5),
    }


def test_a_peer_that_was_not_measured_has_no_ratio(run: ModuleType) -> None:
    assert set(run._ratios({"decoding": 3.0, "edgecv": 2.0})) == {"analysis / decoding", "cameras a core"}


@given(MS, MS, MS, st.floats(0.1, 10.0))
def test_a_slower_machine_changes_no_ratio_but_the_number_of_cameras(
    run: ModuleType, decoding: float, ours: float, theirs: float, slower: float
) -> None:
    ms = {"decoding": decoding, "edgecv": ours, "KNN on BGR": theirs}
    here, there = run._ratios(ms), run._ratios({name: slower * value for name, value in ms.items()})
    assert there.pop("cameras a core") == pytest.approx(here.pop("cameras a core") / slower)
    assert there == pytest.approx(here)


def _drawn(svg: str) -> tuple[list[tuple[float, float]], dict[str, float], list[str], float]:
    """Bars as ``(y, width)``; the place of each power of ten; all words; where the bars begin."""
    root = ElementTree.fromstring(svg)
    rects = [r for r in root.iter(f"{SVG}rect") if r.get("x") is not None]
    texts = list(root.iter(f"{SVG}text"))
    grid = {t.text or "": float(t.get("x", "nan")) for t in texts if t.get("text-anchor") == "middle"}
    shapes = [(float(r.get("y", "nan")), float(r.get("width", "nan"))) for r in rects]
    return shapes, grid, [t.text or "" for t in texts], float(rects[0].get("x", "nan"))


def test_a_bar_ends_at_its_value_on_the_axis(bars: Any) -> None:
    shapes, grid, words, left = _drawn(bars({"clip": {"a": 1.0, "b": 10.0, "c": math.sqrt(1000.0), "d": 0.3}}))
    widths = [width for _, width in shapes]  # the smallest first
    assert left + widths[1] == pytest.approx(grid["1"], abs=0.11)
    assert left + widths[2] == pytest.approx(grid["10"], abs=0.11)
    assert left + widths[3] == pytest.approx((grid["10"] + grid["100"]) / 2.0, abs=0.11)
    assert grid["0.1"] == pytest.approx(left)
    assert [word for word in words if word.endswith(" ms")] == ["0.30 ms", "1.00 ms", "10.00 ms", "31.62 ms"]


@given(st.dictionaries(st.sampled_from("abcdef"), st.dictionaries(st.sampled_from("xyz"), MS, min_size=1), min_size=1))
def test_any_costs_fit_the_picture_with_a_bar_each(bars: Any, costs: dict[str, dict[str, float]]) -> None:
    svg = bars(costs)
    shapes, grid, words, left = _drawn(svg)
    _, _, wide, high = (float(v) for v in ElementTree.fromstring(svg).get("viewBox", "").split())
    assert len(shapes) == sum(len(group) for group in costs.values())
    assert all(width >= 0.0 and left + width < wide - 60.0 for _, width in shapes)  # and its figure beside it
    assert all(0.0 < y < high - 20.0 for y, _ in shapes)
    assert len({y for y, _ in shapes}) == len(shapes)
    ends = [float(v) for v in grid]
    assert min(ends) <= min(v for g in costs.values() for v in g.values()) * 1.001
    assert max(ends) >= max(v for g in costs.values() for v in g.values()) * 0.999
    assert set(costs) <= set(words)


def test_names_are_words_and_no_markup(bars: Any) -> None:
    *_, words, _ = _drawn(bars({"rain & <wind>": {"a<b": 2.0}}))
    assert {"rain & <wind>", "a<b"} <= set(words)


def test_a_cost_of_nothing_is_a_bar_of_no_width(bars: Any) -> None:
    shapes, *_ = _drawn(bars({"clip": {"nothing": 0.0, "something": 2.0}}))
    assert shapes[0][1] == 0.0


QUIET, RAIN = {"decoding": 3.0, "edgecv": 2.0, "detection": 1.0, "KNN on BGR": 9.0}, {"decoding": 3.0, "edgecv": 5.0}


@pytest.fixture
def measured(run: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Everything that would render or measure is replaced; returns what was called."""
    called: list[str] = []

    def render(folder: Path, seconds: float, quick: bool) -> list[Any]:
        called.append(f"render {folder.is_dir()} {seconds:g} {quick}")
        return [SimpleNamespace(name=name, path=folder / f"{name}.mp4") for name in ("dry", "4K", "wet")]

    def measure(path: Path, rounds: int, frames: int, peers: bool) -> Any:
        called.append(f"measure {path.stem} {rounds} {frames} {peers}")
        ms = RAIN if path.stem == "wet" else QUIET
        return SimpleNamespace(median=lambda: dict(ms), rounds={name: [v] * rounds for name, v in ms.items()})

    live = importlib.import_module("benchmark.live")
    monkeypatch.setattr(run, "render_clips", render)
    monkeypatch.setattr(run, "measure", measure)
    monkeypatch.setattr(run, "memory_of", lambda _path: live.Memory(150.0, 190.0))
    monkeypatch.setattr(run, "lag_of", lambda _path, cameras, cores, _fps: live.Lag(cameras, cores, 99, 4.0, 9.0, 12.0))
    monkeypatch.setattr(os, "getloadavg", lambda: (0.1, 0.1, 0.1))
    monkeypatch.setenv("COLUMNS", "160")
    return called


def _main(run: ModuleType, monkeypatch: pytest.MonkeyPatch, out: Path, *arguments: str) -> dict[str, Any]:
    monkeypatch.setattr(sys, "argv", ["bench", "--out", str(out), "--history", str(out / "history.jsonl"), *arguments])
    assert run.main() == 0
    return json.loads((out / "bench.json").read_text())


def test_all_clips_are_measured_and_the_peers_left_out_in_the_rain(
    run: ModuleType, measured: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    result = _main(run, monkeypatch, tmp_path / "new" / "out")
    assert measured == [
        "render True 12 False",
        "measure dry 3 100 True",
        "measure 4K 3 100 True",
        "measure wet 3 100 False",
    ]
    assert result["rain_over_quiet"] == pytest.approx(2.5)
    assert result["clips"]["wet"]["ms_per_frame"] == RAIN
    assert result["clips"]["dry"]["ratios"]["KNN on BGR / analysis"] == pytest.approx(4.5)
    assert result["memory_1080p"] == {"libraries_mb": 150.0, "peak_mb": 190.0, "own_mb": 40.0}
    assert result["real_time"]["cameras"] == 10


def test_each_run_appends_its_ratios_to_the_history(
    run: ModuleType, measured: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _main(run, monkeypatch, tmp_path)
    _main(run, monkeypatch, tmp_path, "--quick")
    first, second = (json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines())
    assert first["ratios"]["dry"]["analysis / decoding"] == pytest.approx(0.667)
    assert (first["rain_over_quiet"], first["own_mb"], first["lag_ms"]["p99"]) == (2.5, 40, 9)
    assert (first["quick"], second["quick"]) == (False, True)


def test_options_reach_what_they_are_for(
    run: ModuleType, measured: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    result = _main(run, monkeypatch, tmp_path, "--quick", "--work", str(kept), "--cameras", "3")
    assert measured[:2] == ["render True 5 True", "measure dry 2 60 True"]
    assert kept.is_dir()
    assert (result["seconds"], result["rounds"], result["real_time"]["cameras"]) == (5.0, 2, 3)
    result = _main(run, monkeypatch, tmp_path, "--quick", "--seconds", "6", "--rounds", "7")
    assert (result["seconds"], result["rounds"]) == (6.0, 7)


def test_the_table_and_the_plot_show_each_cost_but_the_plot_not_its_parts(
    run: ModuleType,
    measured: list[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _main(run, monkeypatch, tmp_path)
    printed = capsys.readouterr().out
    rows = {line.split("│")[1].strip(): line.split("│")[2:5] for line in printed.splitlines() if line.count("│") == 5}
    assert [cell.strip() for cell in rows["edgecv"]] == ["2.00", "2.00", "5.00"]
    assert [cell.strip() for cell in rows["KNN on BGR"]] == ["9.00", "9.00", ""]
    assert [cell.strip() for cell in rows["cameras a core"]] == ["8.00", "8.00", "5.00"]
    assert "heavy rain costs 2.50 times" in printed
    assert "needs 40 MB beyond 150 MB" in printed
    assert "busy" not in printed
    *_, words, _ = _drawn((tmp_path / "bench.svg").read_text())
    assert words.count("edgecv") == 3
    assert "detection" in rows
    assert "detection" not in words


def test_a_busy_machine_is_said_to_be_one(
    run: ModuleType,
    measured: list[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(os, "getloadavg", lambda: (2.3, 1.0, 1.0))
    _main(run, monkeypatch, tmp_path)
    assert "busy before (load 2.3)" in capsys.readouterr().out


def test_a_clip_shorter_than_the_warm_up_is_refused_in_one_line(
    run: ModuleType, measured: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["bench", "--seconds", "3.5"])
    with pytest.raises(SystemExit) as stopped:
        run.main()
    assert stopped.value.code == 2
    assert "--seconds 3.5" in capsys.readouterr().err.splitlines()[-1]
    assert measured == []
