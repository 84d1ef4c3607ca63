from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from known_paths import facade_camera, fall_track

from edgecv.classification import ClassificationSettings, RepeatedPaths, judge
from edgecv.classification.water import drop_log_odds, integrated_contrast_m2, light_log_odds, may_be_water_drop
from edgecv.tracking import Track
from edgecv.trajectory import Fall, TrajectorySettings, View, explain

SETTINGS = ClassificationSettings()


def _seen(track: Track, size_px: float, contrast: float, later_s: float = 0.0, beside_px: float = 0.0) -> Fall:
    """The fall of a track whose blobs have this size and contrast, so much later and so far beside."""
    points = tuple(
        replace(
            p,
            t_s=p.t_s + later_s,
            detection=replace(
                p.detection,
                x_px=p.detection.x_px + beside_px,
                w_px=size_px,
                h_px=size_px,
                area_px=size_px**2,
                contrast=contrast,
            ),
        )
        for p in track.points
    )
    fall = explain(replace(track, points=points), View.calibrated(facade_camera()), TrajectorySettings())
    assert fall is not None
    return fall


def test_what_is_as_faint_and_as_fast_as_a_drop_may_be_one() -> None:
    drop = _seen(fall_track(8.5), 1.2, 8.0)
    assert may_be_water_drop(drop, SETTINGS)
    assert judge(drop, SETTINGS).tier != "incident"


@pytest.mark.parametrize(("terminal_mps", "size_px", "contrast"), [(8.5, 8.0, 40.0), (35.0, 1.2, 8.0), (3.0, 2.0, 8.0)])
def test_what_is_brighter_or_faster_or_slower_is_none(terminal_mps: float, size_px: float, contrast: float) -> None:
    assert not may_be_water_drop(_seen(fall_track(terminal_mps), size_px, contrast), SETTINGS)


@pytest.mark.parametrize(("size_px", "believed", "what"), [(1.5, 3, "dripping water"), (8.0, 10, "a machine")])
def test_falls_that_go_the_very_same_way_are_counted_and_doubted(size_px: float, believed: int, what: str) -> None:
    track, paths = fall_track(25.0), RepeatedPaths(SETTINGS)
    falls = [_seen(track, size_px, 40.0, later_s=30.0 * n) for n in range(12)]
    assert (integrated_contrast_m2(falls[0]) > SETTINGS.water_contrast_m2) == (what == "a machine")
    counts = [paths.count(fall) for fall in falls]
    assert counts == list(range(12))
    verdicts = [judge(fall, SETTINGS, n) for fall, n in zip(falls, counts, strict=True)]
    assert [verdict.tier for verdict in verdicts] == ["incident"] * believed + ["candidate"] * (12 - believed)
    assert verdicts[-1].reasons == (f"11 others fell the very same way in the last minutes, as {what} does",)


def test_a_fall_from_the_next_window_or_of_another_weight_is_no_repetition() -> None:
    paths = RepeatedPaths(SETTINGS)
    assert paths.count(_seen(fall_track(25.0), 6.0, 40.0)) == 0
    assert paths.count(_seen(fall_track(25.0), 6.0, 40.0, later_s=20.0, beside_px=60.0)) == 0
    assert paths.count(_seen(fall_track(5.0), 6.0, 40.0, later_s=40.0)) == 0


def test_a_path_is_forgotten_after_a_while() -> None:
    paths = RepeatedPaths(SETTINGS)
    assert paths.count(_seen(fall_track(25.0), 6.0, 40.0)) == 0
    assert paths.count(_seen(fall_track(25.0), 6.0, 40.0, later_s=SETTINGS.repeats_s + 10.0)) == 0


def test_only_so_many_paths_are_remembered() -> None:
    few = replace(SETTINGS, repeats_remembered=2)
    paths = RepeatedPaths(few)
    counts = [paths.count(_seen(fall_track(25.0), 6.0, 40.0, later_s=20.0 * n)) for n in range(4)]
    assert counts == [0, 1, 2, 2]
    assert np.all(np.diff(counts) >= 0)


def _faint(track: Track) -> Fall:
    return _seen(track, 1.0, 4.0)


def test_a_faint_path_too_short_to_show_a_terminal_velocity_is_a_candidate() -> None:
    track = fall_track(8.5, velocity=(0.0, 0.0, 0.1))
    short = replace(track, points=track.points[: round(0.7 * 25)], scan_count=round(0.7 * 25))
    assert may_be_water_drop(_faint(short), SETTINGS)


def test_a_stone_that_was_pushed_and_falls_faster_than_any_drop_is_none() -> None:
    assert not may_be_water_drop(_faint(fall_track(32.0, velocity=(2.5, 0.3, 1.5))), SETTINGS)


def test_what_falls_as_fast_as_a_drop_and_moves_the_light_of_a_cigarette_end_is_none() -> None:
    cigarette = _seen(fall_track(8.0), 1.6, 20.0)
    assert 0.05 < integrated_contrast_m2(cigarette) < 0.15
    assert not may_be_water_drop(cigarette, SETTINGS)


@pytest.mark.parametrize("diameter_m", [0.004, 0.005, 0.006])
@pytest.mark.parametrize("contrast", [30.0, 100.0])
def test_the_light_of_a_drop_of_any_size_before_any_wall_is_water(diameter_m: float, contrast: float) -> None:
    assert light_log_odds(np.pi / 4.0 * diameter_m**2 * contrast, 0.1, SETTINGS) > 0.0


def test_a_spurt_of_ten_drops_may_be_water() -> None:
    spurt = 10.0 * np.pi / 4.0 * 0.0046**2 * 200.0
    assert light_log_odds(spurt, 0.3, SETTINGS) > light_log_odds(spurt, 0.3, replace(SETTINGS, spurt_share=0.001)) + 1.0


def test_a_cigarette_end_that_falls_slower_than_any_drop_is_none() -> None:
    assert not may_be_water_drop(_seen(fall_track(4.5), 2.5, 25.0), SETTINGS)


@pytest.mark.parametrize("size_px", [1.2, 2.0, 4.0])
def test_the_more_light_the_less_it_is_water(size_px: float) -> None:
    faint, brighter = (drop_log_odds(_seen(fall_track(8.5), s, 20.0), SETTINGS) for s in (size_px, 2.0 * size_px))
    assert brighter < faint


def _drifting(aside_px_s: float, later_s: float, left_out: int = 0) -> Fall:
    """A fall that wind takes aside, without its first sightings."""
    track = fall_track(8.5)
    points = tuple(
        replace(
            p,
            t_s=p.t_s + later_s,
            detection=replace(p.detection, x_px=p.detection.x_px + aside_px_s * (p.t_s - track.points[0].t_s)),
        )
        for p in track.points
    )[left_out:]
    fall = explain(replace(track, points=points), View.calibrated(facade_camera()), TrajectorySettings())
    assert fall is not None
    return fall


def test_drops_that_wind_takes_to_other_columns_are_repetitions_by_where_they_begin() -> None:
    paths = RepeatedPaths(SETTINGS)
    assert [paths.count(_drifting(aside, 20.0 * n)) for n, aside in enumerate((0.0, 25.0, -25.0))] == [0, 1, 2]


def test_the_same_fall_without_its_beginning_is_no_repetition() -> None:
    paths = RepeatedPaths(SETTINGS)
    assert paths.count(_drifting(0.0, 0.0)) == 0
    assert paths.count(_drifting(0.0, 0.0, left_out=25)) == 0


def test_a_second_drop_of_a_unit_is_likelier_water_than_the_first() -> None:
    fall = _seen(fall_track(8.5), 2.6, 16.0)
    odds = drop_log_odds(fall, SETTINGS)
    assert -SETTINGS.drop_repeated_log_odds < odds < 0.0
    assert not may_be_water_drop(fall, SETTINGS)
    assert may_be_water_drop(fall, SETTINGS, repeats=1)
