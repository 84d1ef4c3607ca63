"""What the benchmark makes of its measurements: ratios, medians, turns, table and bars; nothing is timed here."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


def _part(name: str) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(SCRIPTS))
        return import_module(f"benchmark.{name}")


run, costs, plot = _part("__main__"), _part("costs"), _part("plot")
SVG = "{http://www.w3.org/2000/svg}"


def test_ratios_say_what_edgecv_costs_beside_decoding_and_its_peers() -> None:
    ratios = run._ratios({"decoding": 2.5, "edgecv": 5.0, "MOG2 on BGR": 20.0, "MOG2 on grey": 4.0, "tracking": 1.0})
    # at 25 frames a second a core has 40 ms a frame; analysis with decoding takes 7.5 of them
    assert ratios == pytest.approx(
        {
            "analysis / decoding": 2.0,
            "MOG2 on BGR / analysis": 4.0,
            "MOG2 on grey / analysis": 0.8,
            "cameras a core": 40.0 / 7.5,
        }
    )


def test_one_round_that_was_disturbed_does_not_move_the_cost() -> None:
    measured = costs.Costs()
    for seconds in (0.5, 0.6, 30.0):
        measured.add("edgecv", seconds, 100)
    measured.add("decoding", 0.2, 100)
    assert measured.median() == pytest.approx({"edgecv": 6.0, "decoding": 2.0})  # milliseconds a frame


def test_whoever_went_first_goes_last_in_the_next_round(monkeypatch: pytest.MonkeyPatch) -> None:
    turns: list[str] = []
    monkeypatch.setattr(costs, "_decoding", lambda _clip, _costs: turns.append("decoding"))
    monkeypatch.setattr(costs, "_analysis", lambda _clip, _costs: turns.append("analysis"))
    costs.measure(Path("any.mp4"), 3, 60, with_peers=False)
    assert turns == ["decoding", "analysis", "analysis", "decoding", "decoding", "analysis"]


def _number(element: ET.Element, attribute: str) -> float:
    return float(element.attrib[attribute])


def test_ten_times_the_cost_is_a_bar_longer_by_one_step_of_the_grid() -> None:
    picture = ET.fromstring(plot.bars({"1080p": {"slow": 50.0, "quick": 0.5, "middling": 5.0}}))
    bars = [rect for rect in picture.iter(f"{SVG}rect") if "y" in rect.attrib]
    ends = [_number(bar, "x") + _number(bar, "width") for bar in bars]
    lines = [_number(line, "x1") for line in picture.iter(f"{SVG}line")]
    step = lines[1] - lines[0]
    # the cheapest comes first
    assert [b - a for a, b in pairwise(ends)] == pytest.approx([step, step], abs=0.3)
    # and every bar ends between the powers of ten on either side of its value: 0.1 to 1, 1 to 10, 10 to 100
    assert all(lines[n] < end < lines[n + 1] for n, end in enumerate(ends))
    left, top, width, height = (float(value) for value in picture.attrib["viewBox"].split())
    assert all(left <= end <= left + width for end in ends)
    assert all(top < _number(bar, "y") < top + height for bar in bars)
    assert all(_number(a, "y") + _number(a, "height") < _number(b, "y") for a, b in pairwise(bars))


def test_every_clip_and_contender_is_named_in_the_picture_whatever_its_name() -> None:
    group = {"edgecv": 3.25, "MOG2 <on> BGR & grey": 20.0}
    picture = ET.fromstring(plot.bars({"1080p H.264": group, 'a "wet" <clip>': {"edgecv": 4.0}}))
    texts = [text.text for text in picture.iter(f"{SVG}text")]
    assert {"1080p H.264", 'a "wet" <clip>', "MOG2 <on> BGR & grey", "3.25 ms", "20.00 ms", "4.00 ms"} <= set(texts)
    assert texts.count("edgecv") == 2


def _result(load: float) -> dict[str, Any]:
    def clip(ms: dict[str, float]) -> dict[str, Any]:
        return {"ms_per_frame": ms, "ratios": {"analysis / decoding": ms["edgecv"] / ms["decoding"]}}

    return {
        "machine": {"processor": "a processor", "load_before": load},
        "clips": {
            "dry": clip({"decoding": 2.0, "edgecv": 5.0, "tracking": 1.25, "KNN on BGR": 41.5}),
            "wet": clip({"decoding": 4.0, "edgecv": 6.0, "tracking": 1.75}),
        },
        "rain_over_quiet": 1.2,
        "memory_1080p": {"libraries_mb": 120.0, "own_mb": 45.0},
        "real_time": {"cameras": 10, "cores": 2, "p50_ms": 8.0, "p99_ms": 21.0, "maximum_ms": 35.0},
    }


def _row(shown: str, name: str) -> list[str]:
    """What stands behind a name in its row, wherever the table draws its lines."""
    line = next(line for line in shown.splitlines() if name in line)
    return re.findall(r"[\w.{}:-]+", line.split(name)[1])


def test_the_table_has_a_column_a_clip_and_leaves_out_what_was_not_measured(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    run._show(_result(load=0.1))
    shown = capsys.readouterr().out
    assert _row(shown, "edgecv") == ["5.00", "6.00"]
    assert _row(shown, "tracking") == ["1.25", "1.75"]
    assert _row(shown, "analysis / decoding") == ["2.50", "1.50"]
    assert _row(shown, "KNN on BGR") == ["41.50"]
    assert "lag p50 8 ms, p99 21 ms, at most 35 ms" in shown
    assert "45 MB beyond 120 MB" in shown


@pytest.mark.parametrize(("load", "warned"), [(0.1, False), (1.8, True)])
def test_a_machine_that_was_busy_is_told_of(load: float, warned: bool, capsys: pytest.CaptureFixture[str]) -> None:
    run._show(_result(load))
    assert ("the machine was busy before (load 1.8)" in capsys.readouterr().out) is warned
