from __future__ import annotations

import time

import numpy as np
import pytest

from edgecv.detection import DetectedFrame, Detection
from edgecv.native import AVAILABLE
from edgecv.tracking import Track, Tracker
from edgecv.tracking.settings import TrackingSettings

SIZE = (1280, 720)
FPS = 25.0


def _blob(x: float, y: float, size: float = 6.0, contrast: float = 30.0, snr: float = 12.0) -> Detection:
    return Detection(float(x), float(y), size, size, size * size, contrast, snr)


def _fall(t: float, x0: float = 600.0, y0: float = 60.0, vx: float = 40.0, g: float = 300.0) -> tuple[float, float]:
    return x0 + vx * t, y0 + 0.5 * g * t * t


def _clutter(rng: np.random.Generator, count: int) -> list[Detection]:
    places = (rng.uniform((0, 0), SIZE) for _ in range(count))
    return [_blob(x, y, size=rng.uniform(2, 9), snr=rng.uniform(5, 9)) for x, y in places]


def _track(frames: list[DetectedFrame]) -> list[Track]:
    tracker = Tracker(SIZE)
    ended = [track for frame in frames for track in tracker.update(frame)]
    return ended + tracker.flush()


def _share_followed(tracks: list[Track], truth: dict[int, tuple[float, float]]) -> float:
    """Largest share of the truth's frames that one track holds within 4 px."""
    best = 0.0
    for track in tracks:
        held = sum(
            p.frame in truth
            and np.hypot(p.detection.x_px - truth[p.frame][0], p.detection.y_px - truth[p.frame][1]) < 4
            for p in track.points
        )
        best = max(best, held / len(truth))
    return best


def _scene(miss=lambda _n: False, clutter: int = 0, fps: float = FPS, falls=({},)):
    rng = np.random.default_rng(5)
    frames = []
    truths: list[dict[int, tuple[float, float]]] = [{} for _ in falls]
    for n in range(int(2.0 * fps)):
        detections = _clutter(rng, clutter)
        for truth, fall in zip(truths, falls, strict=True):
            x, y = _fall(n / fps, **fall)
            if not miss(n) and y < SIZE[1]:
                truth[n] = (x, y)
                detections.append(_blob(x + rng.normal(0, 0.5), y + rng.normal(0, 0.5)))
        frames.append(DetectedFrame(n, n / fps, tuple(detections)))
    return frames, truths


def test_one_fall_is_one_track_from_its_first_sighting_to_its_last() -> None:
    frames, (truth,) = _scene()
    tracks = _track(frames)
    assert len(tracks) == 1
    assert _share_followed(tracks, truth) > 0.97


def test_a_fall_is_followed_through_sixty_false_detections_a_frame() -> None:
    frames, (truth,) = _scene(clutter=60)
    assert _share_followed(_track(frames), truth) > 0.9


def test_a_fall_hidden_for_five_frames_stays_one_track() -> None:
    frames, (truth,) = _scene(miss=lambda n: 20 <= n < 25)
    assert _share_followed(_track(frames), truth) > 0.95


def test_every_second_sighting_missing_does_not_break_the_track() -> None:
    frames, (truth,) = _scene(miss=lambda n: n > 6 and n % 2 == 1)
    assert _share_followed(_track(frames), truth) > 0.9


def test_repeated_frames_are_no_evidence_and_break_no_track() -> None:
    # a 20 frames a second source in a 30 frames a second file: every third frame repeats the one before
    rng = np.random.default_rng(2)
    frames, truth = [], {}
    for n in range(60):
        repeated = n % 3 == 2
        x, y = _fall(n / 30.0)
        detections = () if repeated else (_blob(x + rng.normal(0, 0.5), y + rng.normal(0, 0.5)),)
        if not repeated:
            truth[n] = (x, y)
        frames.append(DetectedFrame(n, n / 30.0, detections, repeated=repeated))
    tracks = _track(frames)
    assert len(tracks) == 1
    assert _share_followed(tracks, truth) > 0.95
    assert tracks[0].scan_count == len(tracks[0].points)


def test_steps_far_longer_than_the_object_are_followed() -> None:
    # near the camera: 90 to 190 px a frame, 8 px large, so boxes never overlap
    fall = {"x0": 100.0, "vx": 1500.0, "y0": 10.0, "g": 1500.0}
    frames, (truth,) = _scene(falls=(fall,))
    frames = [f for f in frames if f.detections and f.detections[0].x_px < SIZE[0]]
    truth = {n: p for n, p in truth.items() if p[0] < SIZE[0]}
    assert _share_followed(_track(frames), truth) > 0.9


def test_ten_falls_at_once_are_ten_tracks() -> None:
    falls = tuple({"x0": 80.0 + 115.0 * k, "y0": 20.0 + 13.0 * (k % 4), "g": 260.0 + 20.0 * k} for k in range(10))
    frames, truths = _scene(falls=falls, clutter=20)
    tracks = _track(frames)
    assert all(_share_followed(tracks, truth) > 0.9 for truth in truths)


def test_crossing_falls_keep_their_own_tracks() -> None:
    falls = ({"x0": 400.0, "vx": 150.0}, {"x0": 600.0, "vx": -150.0, "y0": 100.0})
    frames, truths = _scene(falls=falls)
    tracks = _track(frames)
    assert all(_share_followed(tracks, truth) > 0.85 for truth in truths)


def test_a_fall_is_followed_though_flakes_that_came_before_fill_all_tracks() -> None:
    rng = np.random.default_rng(3)
    starts = rng.uniform(0.05, 0.8, (24, 2)) * SIZE
    places = [starts + n * np.array([0.5, 1.5]) for n in range(80)]
    flakes = [[_blob(x, y, size=3.0, snr=20.0) for x, y in place.tolist()] for place in places]
    truth = {n: _fall((n - 25) / FPS) for n in range(25, 70)}
    frames = [
        DetectedFrame(n, n / FPS, (*flakes[n], *([_blob(*truth[n])] if n in truth else []))) for n in range(len(flakes))
    ]
    tracker = Tracker(SIZE, TrackingSettings(max_tracks=24))
    tracks = [track for frame in frames for track in tracker.update(frame)] + tracker.flush()
    assert _share_followed(tracks, truth) > 0.9


def test_weak_things_seen_in_half_of_the_frames_are_followed_among_a_hundred_and_forty_false_detections() -> None:
    rng = np.random.default_rng(3)
    truths: list[dict[int, tuple[float, float]]] = [{} for _ in range(7)]
    frames = []
    for n in range(48):
        detections = _clutter(rng, 140)
        for k, truth in enumerate(truths):
            x, y = _fall((n - 10) / FPS, x0=150.0 + 150.0 * k, vx=20.0 * (k - 3), g=600.0)
            if n >= 10 and y < SIZE[1] and rng.uniform() < 0.5:
                truth[n] = (x, y)
                weak = _blob(x + rng.normal(0, 0.6), y + rng.normal(0, 0.6), size=2.5, snr=5.0)
                detections.insert(int(rng.integers(140)), weak)  # no stronger than what chance makes
        frames.append(DetectedFrame(n, n / FPS, tuple(detections)))
    tracks = _track(frames)
    assert np.median([_share_followed(tracks, truth) for truth in truths]) > 0.6


def test_a_drop_ahead_of_a_thing_that_is_let_go_does_not_become_its_beginning() -> None:
    # three frames before and 40 px below a large thing: one acceleration explains it with the first two sightings
    frames = [DetectedFrame(n, n / FPS, ()) for n in range(5)]
    frames.append(DetectedFrame(5, 5 / FPS, (_blob(603.0, 140.0, size=14.0),)))
    frames += [DetectedFrame(n, n / FPS, ()) for n in (6, 7)]
    for n in range(8, 40):
        x, y = _fall((n - 8) / FPS, vx=100.0, y0=100.0)
        frames.append(DetectedFrame(n, n / FPS, (_blob(x, y, size=12.0),)))
    longest = max(_track(frames), key=lambda track: len(track.points))
    assert (longest.points[0].frame, len(longest.points)) == (8, 32)


def test_false_detections_alone_hardly_ever_make_a_track() -> None:
    rng = np.random.default_rng(4)
    frames = [DetectedFrame(n, n / FPS, tuple(_clutter(rng, 140))) for n in range(100)]
    assert len(_track(frames)) <= 20


def test_work_a_frame_stays_bounded_in_the_worst_clutter() -> None:
    rng = np.random.default_rng(0)
    tracker = Tracker(SIZE)
    frames = [DetectedFrame(n, n / FPS, tuple(_clutter(rng, 160))) for n in range(40)]
    before = time.process_time()
    for frame in frames:
        tracker.update(frame)
        assert len(tracker._active) <= TrackingSettings().max_tracks
    # no benchmark: two orders of magnitude above what it needs, to catch work that explodes
    assert time.process_time() - before < 60.0


def test_the_same_frames_give_the_same_tracks() -> None:
    frames, _ = _scene(clutter=40)
    assert _track(frames) == _track(frames)


@pytest.mark.skipif(not AVAILABLE, reason="the extension was not built here: there was no C compiler")
@pytest.mark.parametrize("clutter", [0, 6, 25])
def test_the_compiled_tracker_and_the_one_of_filterpy_give_the_same_tracks(clutter: int) -> None:
    """The same detections in the same tracks; the filters' numbers agree to a millionth (test_filter_step)."""
    falls: tuple[dict[str, float], ...] = (
        {},
        {"x0": 300.0, "vx": -30.0, "g": 500.0},
        {"x0": 900.0, "y0": 200.0, "g": 150.0},
    )
    frames, _ = _scene(miss=lambda n: n % 7 == 3, clutter=clutter, falls=falls)
    tracks = []
    for compiled in (True, False):
        tracker = Tracker(SIZE, compiled=compiled)
        ended = [track for frame in frames for track in tracker.update(frame)] + tracker.flush()
        tracks.append([[(point.frame, point.detection) for point in track.points] for track in ended])
    assert tracks[0] == tracks[1]
    assert len(tracks[0]) >= len(falls)


@pytest.mark.parametrize("fps", [25.0, 12.5])
def test_what_hides_a_fall_for_a_fifth_of_a_second_breaks_its_track_at_no_rate(fps: float) -> None:
    frames, truths = _scene(miss=lambda n: 0.7 < n / fps < 0.98, fps=fps)
    assert _share_followed(_track(frames), truths[0]) > 0.9


def test_what_is_let_go_where_a_bird_glides_past_has_a_track_without_the_bird() -> None:
    frames, released, bright = [], 52, {}
    for n in range(120):
        blobs = [_blob(205.0 + 3.3 * n, 103.0 + 1.8 * (n - 50), contrast=-80.0)]
        if n >= released:
            t = max(0.0, n - released - 12) / FPS  # held for half a second
            bright[n] = (370.0, 108.0 + 0.5 * 300.0 * t * t)
            blobs.append(_blob(*bright[n], contrast=95.0))
        frames.append(DetectedFrame(n, n / FPS, blobs))
    alone = [track for track in _track(frames) if track.points[0].frame >= released]
    assert _share_followed(alone, bright) > 0.9
