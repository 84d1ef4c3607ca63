"""How costs are booked and clips kept: with a clock that ticks when it is read, so that every second is known."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgecv.detection import Detector
from edgecv.simulation import Scene

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
FRAMES = 90
WriteVideo = Callable[..., Path]


@pytest.fixture(scope="module")
def scripts() -> Iterator[None]:
    """Scripts are no package of the wheel, so their folder is put on the path."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(SCRIPTS))
        yield


@pytest.fixture(scope="module")
def costs(scripts: None) -> ModuleType:
    return importlib.import_module("benchmark.costs")


@pytest.fixture(scope="module")
def clips(scripts: None) -> ModuleType:
    return importlib.import_module("benchmark.clips")


@pytest.fixture
def clip(write_video: WriteVideo, noise_frames: Callable[..., list[NDArray[np.uint8]]]) -> Path:
    return write_video("clip.mp4", noise_frames(FRAMES, 64, 48))


class Clock:
    """A second passes whenever it is read; more while it is slow."""

    def __init__(self) -> None:
        self.now = 0.0
        self.step = 1.0

    def __call__(self) -> float:
        self.now += self.step
        return self.now


@pytest.fixture
def clock(costs: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Clock:
    ticking = Clock()
    monkeypatch.setattr(costs, "process_time", ticking)
    return ticking


def test_a_round_is_milliseconds_a_frame_and_the_median_forgives_one_bad_round(costs: ModuleType) -> None:
    book = costs.Costs()
    for seconds in (0.2, 9.0, 0.4):
        book.add("edgecv", seconds, 100)
    book.add("decoding", 0.5, 100)
    assert book.rounds["edgecv"] == pytest.approx([2.0, 90.0, 4.0])
    assert book.median() == pytest.approx({"edgecv": 4.0, "decoding": 5.0})


def test_a_clip_without_frames_is_no_division_by_zero(costs: ModuleType) -> None:
    book = costs.Costs()
    book.add("edgecv", 0.0, 0)
    assert book.median() == {"edgecv": 0.0}


@pytest.mark.parametrize(("peers", "dvr_scan", "count"), [(False, True, 2), (True, False, 5), (True, True, 6)])
def test_everyone_runs_once_a_round_and_everyone_begins_once(
    costs: ModuleType, monkeypatch: pytest.MonkeyPatch, peers: bool, dvr_scan: bool, count: int
) -> None:
    ran: list[str] = []

    def named(name: str) -> Callable[[Path, Any], None]:
        return lambda _clip, _book: ran.append(name)

    found = SimpleNamespace(util=SimpleNamespace(find_spec=lambda name: name if dvr_scan else None))
    monkeypatch.setattr(costs, "importlib", found)
    monkeypatch.setattr(costs, "_decoding", named("decoding"))
    monkeypatch.setattr(costs, "_analysis", named("edgecv"))
    monkeypatch.setattr(costs, "_dvr_scan", named("DVR-Scan"))
    monkeypatch.setattr(costs, "_peer", lambda name, *_: named(name))
    costs.measure(Path("clip.mp4"), count, 60, peers)
    rounds = [ran[n : n + count] for n in range(0, len(ran), count)]
    assert len(rounds) == count
    assert {frozenset(order) for order in rounds} == {frozenset(ran)}
    assert len({order[0] for order in rounds}) == count
    assert {"decoding", "edgecv"} <= set(ran)


def test_decoding_is_booked_without_the_warm_up(costs: ModuleType, clock: Clock, clip: Path) -> None:
    book = costs.Costs()
    costs._decoding(clip, book)
    assert book.median() == pytest.approx({"decoding": 1000.0})  # one reading of the clock a frame


def test_analysis_is_booked_with_its_parts_and_without_the_warm_up(
    costs: ModuleType, clock: Clock, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    original = Detector.detect

    def detect(self: Detector, frame: Any) -> Any:
        seen.append(frame.index)
        clock.step = 50.0 if len(seen) < costs.WARM_UP - 1 else 1.0
        return original(self, frame)

    monkeypatch.setattr(Detector, "detect", detect)
    book = costs.Costs()
    costs._analysis(clip, book)
    assert len(seen) == FRAMES
    # read at the start, around detection, around tracking and at the end: five seconds, of which one and one are theirs
    assert book.median() == pytest.approx(
        {"edgecv": 5000.0, "detection": 1000.0, "tracking": 1000.0, "physics": 3000.0}
    )
    assert Detector.detect is detect  # and what was measured is as it was


def test_what_is_measured_is_as_before_even_when_it_fails(costs: ModuleType, clock: Clock) -> None:
    class Thing:
        def double(self, number: int) -> int:
            if number < 0:
                raise ValueError(number)
            return 2 * number

    original, spent = Thing.double, {"part": 0.0, "other": 7.0}
    with pytest.raises(ValueError, match="-1"), costs._timed(Thing, "double", "part", spent):
        assert Thing().double(4) == 8
        assert Thing().double(5) == 10
        Thing().double(-1)
    assert spent == {"part": 2.0, "other": 7.0}
    assert Thing.double is original


@pytest.mark.parametrize(("colour", "shape"), [(True, (48, 64, 3)), (False, (48, 64))])
def test_peers_are_given_pictures_in_colour_or_grey_and_are_charged_after_their_warm_up(
    costs: ModuleType, clock: Clock, clip: Path, colour: bool, shape: tuple[int, ...]
) -> None:
    given: list[tuple[int, ...]] = []

    def apply(picture: NDArray[np.uint8]) -> None:
        given.append(picture.shape)
        clock.step = 50.0 if len(given) < 25 else 1.0

    book = costs.Costs()
    costs._peer("MOG2", lambda: SimpleNamespace(apply=apply), 40, colour)(clip, book)
    assert given == [shape] * 40
    assert book.median() == pytest.approx({"MOG2": 1000.0})


def test_a_dvr_scan_that_fails_has_no_cost(costs: ModuleType, clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spent = iter([(1.0, 0.5), (3.0, 1.5), (3.0, 1.5), (12.0, 1.5)])
    codes = iter([1, 0])
    usage = SimpleNamespace(
        RUSAGE_CHILDREN=0,
        getrusage=lambda _: SimpleNamespace(**dict(zip(("ru_utime", "ru_stime"), next(spent), strict=True))),
    )
    started: list[list[str]] = []

    def launch(command: list[str], **_: Any) -> Any:
        started.append(command)
        return SimpleNamespace(returncode=next(codes))

    monkeypatch.setattr(costs, "resource", usage)
    monkeypatch.setattr(costs, "subprocess", SimpleNamespace(run=launch))
    book = costs.Costs()
    costs._dvr_scan(clip, book)
    assert book.rounds == {}
    costs._dvr_scan(clip, book)
    assert book.median() == pytest.approx({"DVR-Scan with decoding": 9000.0 / FRAMES})
    assert all(str(clip) in command for command in started)


def test_what_a_camera_needs_is_its_peak_beyond_the_libraries(scripts: None) -> None:
    live = importlib.import_module("benchmark.live")
    assert live.Memory(libraries_mb=140.0, peak_mb=175.5).own_mb == pytest.approx(35.5)


@pytest.fixture
def rendered(clips: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[Scene]:
    """Rendering only leaves empty files; returns the scenes."""
    scenes: list[Scene] = []

    def write(scene: Scene, folder: Path) -> Any:
        scenes.append(scene)
        endings = {"video": "mp4", "truth": "truth.json", "box": "box.yaml", "calibration": "calibration.yaml"}
        files = {key: folder / f"{scene.name}.{ending}" for key, ending in endings.items()}
        for file in files.values():
            file.touch()
        return SimpleNamespace(**files)

    monkeypatch.setattr(clips, "write_scene", write)
    return scenes


def test_clips_are_both_sizes_in_both_codecs_and_the_last_is_the_first_in_rain(
    clips: ModuleType, rendered: list[Scene], tmp_path: Path
) -> None:
    made = clips.render_clips(tmp_path, 12.0, quick=False)
    assert [clip.name for clip in made] == [
        "1080p H.264",
        "1080p H.265",
        "4K H.264",
        "4K H.265",
        "1080p H.264, heavy rain",
    ]
    assert [(scene.size, scene.codec.name) for scene in rendered] == [
        ((1920, 1080), "h264"),
        ((1920, 1080), "h265"),
        ((3840, 2160), "h264"),
        ((3840, 2160), "h265"),
        ((1920, 1080), "h264"),
    ]
    assert {scene.duration_s for scene in rendered} == {12.0}
    assert sorted(tmp_path.iterdir()) == sorted(clip.path for clip in made)  # nothing else is left there
    assert ["rain" in str(scene.nuisances) for scene in rendered] == [False] * 4 + [True]


def test_what_is_there_is_not_rendered_again_but_another_length_is(
    clips: ModuleType, rendered: list[Scene], tmp_path: Path
) -> None:
    first = clips.render_clips(tmp_path, 5.0, quick=True)
    assert len(first) == len(rendered) == 3
    assert clips.render_clips(tmp_path, 5.0, quick=True) == first
    assert len(rendered) == 3
    assert not {clip.path for clip in clips.render_clips(tmp_path, 6.0, quick=True)} & {clip.path for clip in first}
    assert len(rendered) == 6


def test_a_rendering_that_was_interrupted_is_no_clip(
    clips: ModuleType, rendered: list[Scene], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(scene: Scene, folder: Path) -> Any:
        (folder / f"{scene.name}.mp4").touch()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(clips, "write_scene", interrupted)
        with pytest.raises(KeyboardInterrupt):
            clips.render_clips(tmp_path, 5.0, quick=True)
    clips.render_clips(tmp_path, 5.0, quick=True)
    assert len(rendered) == 3
