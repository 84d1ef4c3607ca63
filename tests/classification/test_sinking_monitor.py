"""Things that sink: what is an incident, what a candidate and why, and what is nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from known_paths import SIZE, facade_camera
from known_sheets import FPS, PLAN, moving, roaming, sheet
from scipy.signal import savgol_filter

from edgecv.classification.sinking_monitor import SinkingMonitor
from edgecv.classification.sinking_settings import SinkingRules
from edgecv.classification.verdict import Verdict
from edgecv.messages import to_wire
from edgecv.tracking import Track
from edgecv.trajectory import TrajectorySettings, View
from edgecv.trajectory.sinking_fit import sinking_fall
from edgecv.trajectory.sinking_settings import SinkingSettings


def judged(*tracks: Track, falls: tuple[Track, ...] = (), blind_s: float | None = None) -> list[Verdict]:
    """All verdicts, after everything has ended."""
    monitor = SinkingMonitor(facade_camera(), PLAN)
    if blind_s is not None:
        monitor.blind(blind_s)
    verdicts = []
    for track in sorted(tracks, key=lambda t: t.end_s):
        verdicts += [verdict for _, verdict in monitor.due(track.end_s)]
        monitor.add(track, is_fall=track in falls)
    return [*verdicts, *(verdict for _, verdict in monitor.due(float("inf")))]


def codes(verdict: Verdict) -> list[str]:
    """The codes of the reasons."""
    return [wire["code"] for reason in verdict.reasons if (wire := to_wire(reason)) is not None]


def part(track: Track, first: float, last: float) -> Track:
    """Sightings between two shares of the track."""
    n = len(track.points)
    points = track.points[int(first * n) : int(last * n)]
    return Track(points, len(points), track.picture_size_px, track.frame_interval_s)


@pytest.mark.parametrize("terminal_mps", [1.3, 1.8, 2.4])
def test_a_bag_from_a_window_is_an_incident(terminal_mps: float) -> None:
    (verdict,) = judged(sheet(terminal_mps))
    assert verdict.tier == "incident"
    assert verdict.label == "thrown_object"
    assert verdict.reasons == ()


def test_pieces_of_one_descent_are_one_incident() -> None:
    whole = sheet(1.8)
    assert [v.tier for v in judged(part(whole, 0.0, 0.35), part(whole, 0.5, 1.0))] == ["incident"]


def test_a_track_that_was_followed_backwards_over_another_is_the_same_descent() -> None:
    whole = sheet(1.8)
    assert [v.tier for v in judged(part(whole, 0.0, 0.4), whole)] == ["incident"]


@pytest.mark.parametrize("leaf_is_first", [True, False])
def test_the_track_of_a_leaf_that_goes_on_with_a_sheet_does_not_take_the_window_from_it(leaf_is_first: bool) -> None:
    thing = sheet(1.8)
    first = thing.points[0]
    # it came down from above the roof, and was 15 pixels beside the window when the sheet was let go there
    leaf = tuple(
        replace(
            first,
            frame=first.frame - n,
            t_s=first.t_s - n / FPS,
            detection=replace(
                first.detection, x_px=first.detection.x_px + 30.0 + 3.0 * n, y_px=first.detection.y_px + 20.0 - 2.0 * n
            ),
        )
        for n in range(30, 0, -1)
    )
    points = (*leaf, *thing.points[3:])
    wrong = Track(points, len(points), SIZE, thing.frame_interval_s)
    monitor = SinkingMonitor(facade_camera(), PLAN)
    for track in (wrong, thing) if leaf_is_first else (thing, wrong):
        monitor.add(track, is_fall=False)
    ((fall, verdict),) = monitor.due(float("inf"))
    assert verdict.tier == "incident"
    assert fall.path.points[0].frame >= first.frame


def test_each_descent_is_judged_once() -> None:
    monitor = SinkingMonitor(facade_camera(), PLAN)
    track = sheet(1.8)
    monitor.add(track, is_fall=False)
    assert not list(monitor.due(track.end_s + 1.0))
    assert len(list(monitor.due(track.end_s + 4.0))) == 1
    assert not list(monitor.due(track.end_s + 5.0))


def test_two_storeys_are_a_candidate() -> None:
    (verdict,) = judged(sheet(1.6, seconds=5.2))
    assert verdict.tier == "candidate"
    assert codes(verdict) == ["sinking.sank"]


@pytest.mark.parametrize("terminal_mps", [1.3, 1.8])
def test_two_storeys_suffice_where_no_more_can_be_seen(terminal_mps: float) -> None:
    track = sheet(terminal_mps, at=(1.0, 17.0, 0.3))
    assert track.points[-1].detection.y_px > SIZE[1] - 20.0
    assert [v.tier for v in judged(track)] == ["incident"]


def test_a_storey_does_not_suffice_though_no_more_can_be_seen() -> None:
    assert not judged(sheet(1.6, at=(1.0, 13.5, 0.3)))


def test_what_goes_to_and_fro_must_go_down_farther_than_two_storeys_to_be_a_thing() -> None:
    track = sheet(1.6, at=(1.0, 17.0, 0.3))
    rules = SinkingRules(missing_storey_ratio=1000.0)
    monitor = SinkingMonitor(facade_camera(), PLAN, rules=rules)
    monitor.add(track, is_fall=False)
    assert all(verdict.tier != "incident" for _, verdict in monitor.due(float("inf")))


def test_jumps_before_the_frames_of_windows_do_not_make_a_bag_an_animal() -> None:
    track = sheet(1.8)
    places = savgol_filter([(p.detection.x_px, p.detection.y_px) for p in track.points], 9, 3, axis=0)
    jumps = 4.0 * (np.arange(len(places)) % 9 == 4)
    roaming_ratios = []
    for y in (places[:, 1], places[:, 1] + jumps):
        points = tuple(
            replace(p, detection=replace(p.detection, x_px=float(u), y_px=float(v)))
            for p, u, v in zip(track.points, places[:, 0], y, strict=True)
        )
        explained = sinking_fall(
            replace(track, points=points), View.calibrated(facade_camera()), TrajectorySettings(), SinkingSettings()
        )
        assert explained is not None
        roaming_ratios.append(explained.sinking.roaming)
    assert roaming_ratios[1] > roaming_ratios[0] - 8.0


def test_what_comes_into_the_picture_from_its_side_is_a_candidate() -> None:
    track = sheet(1.8)
    first = track.points[0].detection
    cut = replace(track, picture_size_px=(round(first.x_px) + 8, 1080))
    (verdict,) = judged(cut)
    assert verdict.tier == "candidate"
    assert codes(verdict) == ["sinking.came_into_picture"]


def test_what_comes_over_the_roof_is_a_candidate() -> None:
    (verdict,) = judged(sheet(1.8, at=(1.0, 48.0, 0.3)))
    assert codes(verdict) == ["sinking.began_elsewhere"]


def test_what_is_first_seen_beside_the_building_is_a_candidate() -> None:
    narrow = replace(PLAN, windows=PLAN.windows[:2])
    monitor = SinkingMonitor(facade_camera(), narrow)
    track = sheet(1.8)
    monitor.add(track, is_fall=False)
    ((_, verdict),) = monitor.due(float("inf"))
    assert verdict.tier == "candidate"
    assert codes(verdict) == ["sinking.began_elsewhere"]


def test_what_was_on_its_way_when_the_camera_could_see_again_is_a_candidate() -> None:
    track = sheet(1.8)
    (verdict,) = judged(track, blind_s=track.start_s - 1.0 / FPS)
    assert codes(verdict) == ["sinking.was_on_its_way"]


@pytest.mark.parametrize("speed_mps", [-0.6, -1.2, -1.8, -2.5])
def test_a_lift_a_gondola_and_a_blind_are_no_incident(speed_mps: float) -> None:
    assert all(v.tier != "incident" for v in judged(moving((0.0, speed_mps))))


@pytest.mark.parametrize("seed", range(8))
def test_an_insect_is_no_incident(seed: int) -> None:
    assert all(v.tier != "incident" for v in judged(roaming(seed)))


def test_a_balloon_goes_up_and_is_nothing() -> None:
    assert not judged(moving((0.2, 1.5), at=(1.0, 18.0)))


def test_a_small_thing_among_leaves_is_a_candidate_and_alone_an_incident() -> None:
    small = sheet(1.9, diameter_m=0.16, start_s=60.0)
    # beside the building, and as small
    leaves = [
        sheet(1.9, at=(15.5, 30.0, 0.3), diameter_m=0.16, start_s=4.0 * n, seconds=3.0, phase=float(n), wind_mps=0.0)
        for n in range(12)
    ]
    assert [v.tier for v in judged(small)] == ["incident"]
    tiers = [v for v in judged(*leaves, small) if v.tier == "incident" or "sinking.like_a_leaf" in codes(v)]
    assert [v.tier for v in tiers] == ["candidate"]


def test_work_is_bounded_in_snow() -> None:
    monitor = SinkingMonitor(facade_camera(), PLAN)
    flake = sheet(1.0, seconds=2.0, diameter_m=0.05)
    for n in range(400):
        points = tuple(replace(p, frame=p.frame + 1000 * n, t_s=p.t_s + 0.01 * n) for p in flake.points)
        monitor.add(Track(points, len(points), flake.picture_size_px, flake.frame_interval_s), is_fall=False)
    assert len(monitor._descents._descents) <= 128


def test_a_few_sightings_of_a_flake_beside_it_do_not_hide_a_bag() -> None:
    track = sheet(1.8)
    n = len(track.points) // 2
    aside = tuple(
        replace(p, detection=replace(p.detection, x_px=p.detection.x_px + 40.0)) for p in track.points[n : n + 3]
    )
    disturbed = replace(track, points=(*track.points[:n], *aside, *track.points[n + 3 :]))
    assert [v.tier for v in judged(disturbed)] == ["incident"]
