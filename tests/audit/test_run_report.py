from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import get_args

import pytest

from edgecv.audit.run_report import IncidentSection, Report, VideoSection, render_report
from edgecv.audit.run_summary import run_summary
from edgecv.evidence.flux_plot import flux_line_of, flux_plot
from edgecv.evidence.height_time_plot import height_time_plot
from edgecv.incidents.record import (
    Clock,
    EvidenceRecord,
    FitRecord,
    Incident,
    Mass,
    Media,
    Motion,
    Origin,
    OriginCandidate,
    Software,
    TrackPointRecord,
    VerdictRecord,
)
from edgecv.visibility.coverage import Coverage, Loss

HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>"
COVERAGE = Coverage(11.0, 10.6, 330, 318, (Loss("learning", 0.4, 12),))
FALL = [(0.1 * i, 20.0 - 0.049 * i * i) for i in range(10)]


class Page(HTMLParser):
    """The page as a browser sees it: elements with attributes, and visible text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def incident(name: str = "good name", **changes: object) -> Incident:
    record = Incident(
        id="5f2c",
        tier="incident",
        site=name,
        device=name,
        started_at="2024-05-01T10:20:30.123Z",
        ended_at="2024-05-01T10:20:31.123Z",
        media=Media(source=f"{name}.mp4", start_s=7.5, end_s=8.5),
        track=(TrackPointRecord(t=7.5, x=400.0, y=100.0, w=5.0, h=5.0),),
        origin=Origin(
            floor=14,
            window=name,
            pixel=(400.0, 90.0),
            candidates=(
                OriginCandidate(floor=14, window="06", p=0.07),
                OriginCandidate(floor=14, window=name, p=0.91),
            ),
            excluded_floors=(1, 2, 3),
        ),
        fit=FitRecord(
            chi2_reduced=1.13, points=30, log_likelihood_ratio=312.0, gravity_px_s2=412.7, gravity_sd_px_s2=10.0
        ),
        motion=Motion(launch_velocity_mps=(-1.2, 0.3, 2.1), impact_speed_mps=18.3, duration_s=1.0),
        mass=Mass.model_validate({"class": "heavy", "p": {"heavy": 0.9}, "reason": name}),
        verdict=VerdictRecord(label="thrown_object", p=0.99, labels={}, reasons=(name,)),
        evidence=EvidenceRecord(),
        software=Software(version="0"),
    )
    return record.model_copy(update=changes)


def report(name: str = "good name") -> Report:
    video = VideoSection(name, "ab" * 32, "h264", 1280, 720, 29.97, 11.0, 330, 4, 0, None, 12, 2, COVERAGE)
    section = IncidentSection(
        incident(name),
        b"\xff\xd8still",
        b"\xff\xd8strobe",
        height_time_plot(FALL, FALL, FALL, name),
        (("a.mp4", "cd"),),
    )
    return Report((video,), (section,), (incident(name),), ((name, name),), ((name, name),))


def test_hostile_names_become_text_and_never_elements() -> None:
    tame, hostile = Page(render_report(report())), Page(render_report(report(HOSTILE)))
    assert [tag for tag, _ in hostile.elements] == [tag for tag, _ in tame.elements]
    assert all(not key.startswith("on") for _, attributes in hostile.elements for key in attributes)
    assert hostile.text.count("<script>alert(1)</script>") >= 10


def test_who_was_weighed_by_light_has_the_area_and_its_plot() -> None:
    points = [
        {"t": 7.5, "background": b, "flux_m2": 0.012 * (0.6 - b), "sd_m2": 0.001, "weight": 1.0} for b in (0.2, 0.8)
    ]
    light = {
        "area_m2": {"median": 0.012, "low": 0.0095, "high": 0.015},
        "luma": {"median": 0.6, "low": 0.5, "high": 0.7},
        "gamma": 2.2,
        "gamma_p": 0.8,
        "scatter": 0.05,
        "background_sd": 0.2,
        "line_m2": [0.0072, 0.012],
        "places": 2,
        "used": 2,
        "points": points,
    }
    mass = Mass.model_validate({"class": "heavy", "p": {"heavy": 0.9}, "photometry": light})
    weighed = incident(mass=mass)
    line = flux_line_of(weighed.model_dump())
    assert line is not None
    page = Page(render_report(Report((), (IncidentSection(weighed, b"", b"", "", (), flux_plot(line)),), (), (), ())))
    assert "120 cm² (95 to 150)" in page.text and "Size by its light" in page.text
    assert sum(tag == "svg" and attributes.get("class") == "plot" for tag, attributes in page.elements) == 1
    bare = Page(render_report(report()))
    assert "light" not in bare.text


def test_page_loads_nothing_and_runs_nothing() -> None:
    page = Page(render_report(report()))
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "link", "iframe", "object", "form", "base"}
    policy = next(a["content"] for _, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    assert all((a["src"] or "").startswith("data:") for tag, a in page.elements if tag == "img")
    assert "url(" not in render_report(report()) and "@import" not in render_report(report())


def test_pictures_are_embedded_byte_for_byte() -> None:
    sources = [a["src"] or "" for tag, a in Page(render_report(report())).elements if tag == "img"]
    assert [base64.b64decode(s.split(",", 1)[1]) for s in sources] == [b"\xff\xd8still", b"\xff\xd8strobe"]


def test_incident_is_told_with_units_and_intervals() -> None:
    text = Page(render_report(report("07"))).text
    for told in (
        "Something heavy fell from floor 14, window 07 (91 %)",
        "1.2 m/s left, 0.3 m/s up, 2.1 m/s outwards",
        "18.3 m/s",
        "413 px/s² (±16)",  # 1.645 standard deviations of 10 on each side hold 90 %
        "Floors ruled out: 1, 2, 3",
        "reduced χ² 1.13 over 30 sightings",
    ):
        assert told in text


def test_likeliest_window_comes_first_with_a_bar_of_its_probability() -> None:
    html = render_report(report("07"))
    assert re.findall(r'<rect width="([\d.]+)"', html) == ["91.0", "7.0"]


def test_evidence_links_lead_into_the_incidents_folder() -> None:
    html = render_report(replace(report(), incidents=(replace(report().incidents[0], files=(("a b#.mp4", "cd"),)),)))
    links = [a["href"] for tag, a in Page(html).elements if tag == "a"]
    assert links == ["./5f2c/a%20b%23.mp4"]


def test_null_values_are_unknown_for_a_reason() -> None:
    bare = incident(
        origin=Origin(reason="no calibration was given"),
        motion=Motion(duration_s=1.0),
        mass=Mass.model_validate({"class": "undetermined", "p": {}, "reason": "too far away"}),
        track=(),
    )
    html = render_report(replace(report(), incidents=(IncidentSection(bare, b"", b"", "", ()),), candidates=(bare,)))
    text = Page(html).text
    assert "No window could be named: no calibration was given." in text
    assert "unknown: too far away" in text
    assert "unknown: gravity alone could not give the scale" in text
    assert "None" not in text.replace("None.", "")
    assert "<img" not in html


def test_candidate_says_where_and_why_not() -> None:
    doubted = incident(verdict=VerdictRecord(label="other", p=0.6, labels={}, reasons=("seen for 0.2 s only", "slow")))
    text = Page(render_report(replace(report(), candidates=(doubted,)))).text
    assert "7.50 s 400, 90 seen for 0.2 s only; slow" in text


def test_run_without_findings_says_what_was_read_and_that_nothing_was_found() -> None:
    text = Page(render_report(replace(report(), incidents=(), candidates=()))).text
    assert "1 video was read (11 s): no incident was found." in text
    assert "1280×720" in text and "29.97 fps" in text


def test_video_that_ended_early_is_told_at_the_top_and_in_the_table() -> None:
    cut = replace(report().videos[0], ended_early="the file is cut short", decode_errors=3, fps=None)
    text = Page(render_report(replace(report(), videos=(cut, cut)))).text
    assert "2 videos were read (22 s)" in text
    assert "2 videos were not read in full" in text
    assert "Ended early: the file is cut short" in text
    assert "no steady rate" in text


@pytest.mark.parametrize("clock", get_args(Clock))
def test_every_clock_that_a_record_may_name_is_told_in_words(clock: Clock) -> None:
    shown = incident(media=incident().media.model_copy(update={"clock": clock}))
    page = render_report(replace(report(), incidents=(replace(report().incidents[0], incident=shown),)))
    (told,) = re.findall(r"<td>[^<]*\((time [^)]*)\)</td>", page)
    assert clock not in told.split()


def test_same_report_gives_the_same_bytes() -> None:
    assert render_report(report()) == render_report(report())


def _of_a_phone(share: float) -> Report:
    judged = Coverage(3.44, 3.44 * share, 87, round(87 * share), (Loss("shake", 3.268, 82),))
    whole = report()
    return replace(whole, videos=(replace(whole.videos[0], coverage=judged),), incidents=(), candidates=())


def test_what_could_hardly_be_judged_is_said_above_all_else() -> None:
    page = Page(render_report(_of_a_phone(0.05)))
    sentence = "5 % of this recording could be judged: the camera moved in 82 of 87 frames."
    assert page.text.count(sentence) == 2
    assert page.text.index(sentence) < page.text.index("Incidents")
    assert "judged warn" in [attributes.get("class") for _, attributes in page.elements]
    assert "in the part that could be judged" in page.text
    assert "in the part that could be judged" not in Page(render_report(replace(report(), incidents=()))).text


def test_the_summary_for_programs_says_the_same() -> None:
    summary = json.loads(run_summary(_of_a_phone(0.05), ["one problem"]))
    assert summary["videos"][0]["coverage"]["lost"] == [{"cause": "shake", "seconds": 3.268, "frames": 82}]
    assert summary["coverage"]["judged_share"] == 0.05
    assert (summary["incidents"], summary["problems"]) == (0, ["one problem"])
