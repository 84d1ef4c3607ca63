"""Light over background: the line's slope is the area, wherever the record comes from."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import pytest

from edgecv.evidence.flux_plot import FluxLine, LightPoint, flux_line_of, flux_plot

SVG = "{http://www.w3.org/2000/svg}"
AREA_M2, LUMA = 0.012, 0.6
BEHIND = [0.05 * n for n in range(3, 19)]


def record(**more: Any) -> dict[str, Any]:
    """A record of a thing of that area and brightness, measured without error; the last place is left out."""
    points = [
        {"t": 2.0 + n / 25.0, "background": b, "flux_m2": AREA_M2 * (LUMA - b), "sd_m2": 0.0005, "weight": 1.0}
        for n, b in enumerate(BEHIND)
    ]
    points[-1] |= {"weight": 0.1, "flux_m2": 0.5}
    return {"mass": {"photometry": {"line_m2": [AREA_M2 * LUMA, AREA_M2], "points": points, **more}}}


def drawn(line: FluxLine | None, **options: Any) -> ET.Element:
    assert line is not None
    return ET.fromstring(flux_plot(line, **options))


def marks(root: ET.Element, look: str) -> list[tuple[float, float]]:
    """Centres of the places without the legend's, which lies above them."""
    circles = [c for c in root.iter(f"{SVG}circle") if c.attrib["class"] == look]
    return [(float(c.attrib["cx"]), float(c.attrib["cy"])) for c in circles if float(c.attrib["cy"]) != 16.0]


def test_places_without_error_lie_on_the_line() -> None:
    root = drawn(flux_line_of(record()))
    (line,) = [
        one for one in root.iter(f"{SVG}line") if one.attrib["class"] == "fit" and one.attrib["y1"] != one.attrib["y2"]
    ]
    x1, y1, x2, y2 = (float(line.attrib[name]) for name in ("x1", "y1", "x2", "y2"))
    on_line = marks(root, "sighting")
    assert len(on_line) == len(BEHIND) - 1
    for x, y in on_line:
        assert y == pytest.approx(y1 + (y2 - y1) * (x - x1) / (x2 - x1), abs=0.2)


def test_the_line_crosses_nothing_where_the_background_is_as_bright_as_the_thing() -> None:
    root = drawn(flux_line_of(record()))
    (level,) = [one for one in root.iter(f"{SVG}line") if one.attrib["class"] == "level"]
    x_ticks = [float(one.text or "") for one in root.iter(f"{SVG}text") if (one.text or "").startswith("0.")]
    assert 0.6 in x_ticks
    at = next(x for (x, y), b in zip(marks(root, "sighting"), BEHIND, strict=False) if b == pytest.approx(LUMA))
    y = next(y for x, y in marks(root, "sighting") if x == at)
    assert float(level.attrib["y1"]) == pytest.approx(y, abs=0.1)


def test_a_place_that_is_left_out_is_hollow_and_does_not_stretch_the_axis() -> None:
    root = drawn(flux_line_of(record()))
    assert len(marks(root, "left-out")) == 1
    assert "left out" in [one.text for one in root.iter(f"{SVG}text")]
    without = record()
    without["mass"]["photometry"]["points"].pop()
    assert marks(drawn(flux_line_of(without)), "sighting")[0][1] == marks(root, "sighting")[0][1]
    assert "left out" not in flux_plot(flux_line_of(without) or pytest.fail("no line"))


def test_who_does_not_see_it_is_told_the_area() -> None:
    root = drawn(flux_line_of(record()))
    assert root.attrib["role"] == "img"
    description = root.find(f"{SVG}desc")
    assert description is not None and "16 places" in (description.text or "") and "120 cm²" in (description.text or "")


def test_every_text_is_translated_and_escaped() -> None:
    root = drawn(flux_line_of(record()), text=lambda text: f"<b>{text}</b>")
    written = [one.text or "" for one in root.iter() if one.tag in {f"{SVG}title", f"{SVG}desc"}]
    assert all("<b>" in text for text in written)
    assert not list(root.iter("b")) and not list(root.iter(f"{SVG}b"))


@pytest.mark.parametrize(
    "section",
    [
        None,
        "light",
        {},
        {"line_m2": "ab"},
        {"line_m2": [1.0]},
        {"line_m2": [float("nan"), 0.01]},
        {"line_m2": [10**400, 0.01]},
        {"line_m2": [True, 0.01]},
        {"points": []},
        {"points": "points"},
        {"points": [1, None, {}]},
        {"points": [{"background": "0.1", "flux_m2": 0.1, "sd_m2": 0.1, "weight": 1.0}]},
        {"points": [{"background": 0.1}] * 2000},
    ],
)
def test_what_another_maker_writes_otherwise_is_not_drawn(section: object) -> None:
    whole = record()["mass"]["photometry"]
    changed = {**whole, **section} if isinstance(section, dict) and section else section
    assert flux_line_of({"mass": {"photometry": changed}}) is None
    assert flux_line_of({"mass": section}) is None


def test_one_place_and_no_slope_are_drawn_all_the_same() -> None:
    lone = FluxLine((LightPoint(0.4, 0.001, 0.0, 0.0),), 0.001, 0.0)
    assert "nan" not in flux_plot(lone)
    assert flux_plot(FluxLine((LightPoint(-1e4, 1e4, 1e4, 1.0), LightPoint(1e4, -1e4, 1e4, 1.0)), 1e4, 1e4))
