"""Blind minutes add up, hour by hour, and every cause is named for what is known of it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edgecv.capture.file import VideoFile
from edgecv.detection import Detector
from edgecv.detection.detection import Detections
from edgecv.detection.detector import DetectedFrame
from edgecv.visibility import CAUSES, BlindnessCauses, BlindTime

SIZE = (1000, 800)
Rows = NDArray[np.float64]
Corner = tuple[int, int]


def test_an_hour_is_reported_once_it_is_over_with_the_minutes_of_each_cause() -> None:
    blind = BlindTime()
    for n in range(3700):
        causes = [*(["rain"] if n < 600 else []), *(["night"] if n < 1200 else [])]
        blind.note(7200.0 + n + 1.0, 1.0, causes)
    report = blind.hour_report()
    assert report is not None
    assert report.from_s == 7200.0
    assert report.minutes == {"night": 20.0, "rain": 10.0}
    assert (report.blind_minutes, report.noted_minutes) == (20.0, 60.0)
    assert blind.hour_report() is None
    under_way = blind.so_far()
    assert under_way is not None
    assert under_way.noted_minutes == pytest.approx(1.67)


def test_time_across_the_hour_is_split_and_silence_ends_it_by_the_clock() -> None:
    blind = BlindTime()
    blind.note(3610.0, 20.0, ["covered"])
    first = blind.hour_report()
    assert first is not None
    assert first.from_s == 0.0
    assert first.minutes["covered"] == pytest.approx(0.17)
    assert blind.hour_report(7000.0) is None
    second = blind.hour_report(7200.0)
    assert second is not None
    assert second.noted_minutes == pytest.approx(0.17)
    assert blind.hour_report(7200.0) is None


def test_a_clock_that_steps_back_loses_nothing() -> None:
    blind = BlindTime()
    blind.note(5000.0, 60.0, ["rain"])
    blind.note(1400.0, -3600.0, ["rain"])
    blind.note(1460.0, 60.0, ["rain"])
    blind.note(5060.0, 60.0, [])
    reports = list(iter(lambda: blind.hour_report(1e9), None))
    assert [report.minutes for report in reports] == [{"rain": 1.0}, {"rain": 1.0}, {}]


@given(
    st.lists(st.tuples(st.floats(0.001, 900.0), st.sets(st.sampled_from(CAUSES), max_size=3)), max_size=60),
    st.floats(0.0, 1.8e9),
)
def test_every_second_noted_is_in_exactly_one_hour(notes: list[tuple[float, set[str]]], begin_s: float) -> None:
    blind, t_s = BlindTime(), begin_s
    for dt_s, causes in notes:
        t_s += dt_s
        blind.note(t_s, dt_s, causes)
    reports = list(iter(lambda: blind.hour_report(t_s + 7200.0), None))
    assert sum(r.noted_minutes for r in reports) == pytest.approx(sum(dt for dt, _ in notes) / 60.0, abs=0.01 * 20)
    assert all(r.noted_minutes <= 60.01 and r.blind_minutes <= r.noted_minutes + 0.01 for r in reports)
    assert all(r.from_s % 3600.0 == 0.0 for r in reports)


def _detected(n: int, array: Rows | None = None, *, repeated: bool = False, blind: str | None = None) -> DetectedFrame:
    rows = np.zeros((0, 8)) if array is None else array
    return DetectedFrame(n, n / 25.0, Detections(rows), repeated=repeated, blind=blind)  # type: ignore[arg-type]


def _blobs(rng: np.random.Generator, count: int, low: Corner, high: Corner, side: float) -> Rows:
    rows = np.zeros((count, 8))
    rows[:, :2] = rng.uniform(low, high, (count, 2))
    rows[:, 2:4] = side
    return rows


def _causes_after(seconds: float, blobs: Callable[[], Rows]) -> tuple[str, ...]:
    causes = BlindnessCauses(SIZE)
    last: tuple[str, ...] = ()
    for n in range(round(25 * seconds)):
        last = causes.of(_detected(n, blobs()), None)
    return last


def test_detections_at_the_ceiling_all_over_the_picture_are_rain() -> None:
    rng = np.random.default_rng(0)
    assert _causes_after(6.0, lambda: _blobs(rng, 30, (0, 0), SIZE, 5.0)) == ("rain",)
    assert _causes_after(6.0, lambda: _blobs(rng, 8, (0, 0), SIZE, 5.0)) == ()


def test_many_huge_blobs_in_one_place_are_a_web() -> None:
    rng = np.random.default_rng(0)
    assert _causes_after(16.0, lambda: _blobs(rng, 10, (600, 500), (900, 700), 60.0)) == ("web",)
    assert _causes_after(9.0, lambda: _blobs(rng, 10, (600, 500), (900, 700), 60.0)) == ()
    assert _causes_after(16.0, lambda: _blobs(rng, 10, (600, 500), (900, 700), 6.0)) == ()


def test_rain_that_stops_is_over() -> None:
    rng, causes = np.random.default_rng(0), BlindnessCauses(SIZE)
    said = [causes.of(_detected(n, _blobs(rng, 30 if n < 200 else 1, (0, 0), SIZE, 5.0)), None) for n in range(600)]
    assert said[199] == ("rain",)
    assert said[-1] == ()


def test_learning_after_a_bump_is_put_down_to_the_bump() -> None:
    causes = BlindnessCauses(SIZE)
    said = [causes.of(_detected(n, blind=why), None) for n, why in enumerate(["learning", "shake", "learning", None])]
    assert said == [("learning",), ("shake",), ("shake",), ()]


def test_what_the_watch_says_comes_first_and_counts_in_repeated_frames() -> None:
    causes = BlindnessCauses(SIZE)
    assert causes.of(_detected(0, blind="light"), "night") == ("night", "light")
    assert causes.of(_detected(1, repeated=True), "frozen") == ("frozen",)


@pytest.mark.parametrize(("name", "cause"), [("rain_yard", "rain"), ("front_yard", None), ("birds_020", None)])
def test_real_rain_is_rain_and_passers_by_and_birds_are_not(clips: Path, name: str, cause: str | None) -> None:
    said: set[str] = set()
    detector = Detector()
    with VideoFile(clips / f"{name}.mp4") as video:
        causes = BlindnessCauses((video.info.width, video.info.height))
        for frame in islice(video, 450):
            said |= set(causes.of(detector.detect(frame), None))
    assert said - {"learning"} == ({cause} if cause else set())
