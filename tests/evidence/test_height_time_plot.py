from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest

from edgecv.evidence.height_time_plot import height_time_plot
from edgecv.evidence.plot_axes import nice_ticks

SVG = "{http://www.w3.org/2000/svg}"
SEEN = [(7.5 + 0.1 * i, 20.0 - 4.9 * (0.1 * i) ** 2) for i in range(11)]


def marks_of(svg: str) -> list[tuple[float, float]]:
    """Centres of the sightings without the legend's."""
    circles = ET.fromstring(svg).iter(f"{SVG}circle")
    return [(float(c.attrib["cx"]), float(c.attrib["cy"])) for c in circles][: len(SEEN)]


def test_every_sighting_is_drawn_in_its_place() -> None:
    marks = marks_of(height_time_plot(SEEN, SEEN, None, "height (m)"))
    x, y = [m[0] for m in marks], [m[1] for m in marks]
    assert len(marks) == len(SEEN)
    steps = [b - a for a, b in pairwise(x)]
    assert max(steps) - min(steps) < 0.2  # equal times apart, up to the rounding to a tenth
    assert (y[10] - y[0]) / (y[5] - y[0]) == pytest.approx(4.0, rel=0.02)  # t² law, larger y is lower


def test_fit_goes_through_sightings_that_it_explains() -> None:
    svg = height_time_plot(SEEN, SEEN, None, "height (m)")
    line = next(p for p in ET.fromstring(svg).iter(f"{SVG}polyline") if p.attrib["class"] == "fit")
    corners = [tuple(float(v) for v in c.split(",")) for c in line.attrib["points"].split()]
    assert corners == marks_of(svg)


def test_gravity_alone_is_dashed_and_only_drawn_where_given() -> None:
    dashed = [
        p
        for p in ET.fromstring(height_time_plot(SEEN, SEEN, SEEN, "h")).iter(f"{SVG}polyline")
        if "stroke-dasharray" in p.attrib
    ]
    assert [p.attrib["class"] for p in dashed] == ["gravity"]
    assert "gravity" not in height_time_plot(SEEN, SEEN, None, "h")


def test_hostile_axis_label_is_escaped() -> None:
    root = ET.fromstring(height_time_plot(SEEN, SEEN, None, "</text><script>alert(1)</script>&"))
    assert not list(root.iter(f"{SVG}script"))
    assert "</text><script>alert(1)</script>&" in [t.text for t in root.iter(f"{SVG}text")]


def test_plot_without_sightings_says_so() -> None:
    root = ET.fromstring(height_time_plot([], [], None, "height (m)"))
    assert "nothing to plot" in [t.text for t in root.iter(f"{SVG}text")]


def test_values_that_are_not_finite_are_left_out() -> None:
    svg = height_time_plot([*SEEN, (math.nan, 1.0), (9.0, math.inf)], [(8.0, -math.inf)], None, "h")
    assert "nan" not in svg and "inf" not in svg
    assert svg == height_time_plot(SEEN, [], None, "h")


def test_colours_are_left_to_the_page() -> None:
    svg = height_time_plot(SEEN, SEEN, SEEN, "h")
    assert 'stroke="currentColor"' in svg and "#" not in svg and "rgb" not in svg


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.0, 10.0, [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]),
        (0.13, 0.87, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (-31.0, 18.0, [-40.0, -30.0, -20.0, -10.0, 0.0, 10.0, 20.0]),
    ],
)
def test_ticks_are_round_and_enclose_the_values(low: float, high: float, expected: list[float]) -> None:
    assert nice_ticks(low, high, 6) == pytest.approx(expected)


@pytest.mark.parametrize("value", [0.0, 5.0, -1e9, 1e-12])
def test_ticks_around_a_single_value_are_distinct(value: float) -> None:
    ticks = nice_ticks(value, value, 6)
    assert ticks[0] < ticks[1] and ticks[0] <= value <= ticks[-1]
