"""What the nuisance model learns from, and which recordings it must not see before it is tested on them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from classifier_training.laid_in import throws_before, variant_of
from classifier_training.recordings import Recording, recordings_of
from classifier_training.samples import Gathered, Sample
from classifier_training.score import Scored, Thresholds, score, thresholds_of

from edgecv.capture import VideoFile
from edgecv.simulation import random_scene, write_scene


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    (folder / "sky").mkdir()
    for n in range(24):
        (folder / "sky" / f"V_BIRD_{2 * n:03d}.mp4").write_bytes(bytes([n]))
    for name in ("street.mp4", "office.mp4", "plaza.mp4"):
        (folder / name).write_text(name)
    (folder / "copy.mp4").write_text("street.mp4")
    (folder / "office.truth.json").write_text('{"events": []}')
    return folder


@pytest.fixture(scope="module")
def recordings(clips: Path) -> dict[str, Recording]:
    return {r.path.name: r for r in recordings_of(clips, ("plaza*",))}


def test_no_recording_both_teaches_and_tests(recordings: dict[str, Recording]) -> None:
    groups = {use: {r.group for r in recordings.values() if r.use == use} for use in ("train", "test")}
    assert groups["train"] and groups["test"]
    assert not groups["train"] & groups["test"]


def test_the_last_third_of_a_series_and_what_is_kept_apart_are_not_opened(recordings: dict[str, Recording]) -> None:
    assert "plaza.mp4" not in recordings
    assert sorted(n for n in recordings if n.startswith("V_BIRD")) == [f"V_BIRD_{2 * n:03d}.mp4" for n in range(16)]


def test_clips_with_a_throw_of_their_own_never_teach_and_copies_count_once(recordings: dict[str, Recording]) -> None:
    assert (recordings["office.mp4"].use, recordings["office.mp4"].has_throws) == ("test", True)
    assert len({"street.mp4", "copy.mp4"} & set(recordings)) == 1


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    scene = random_scene(3, objects=0, size=(96, 64), duration_s=0.5, name="clip")
    return write_scene(scene, tmp_path_factory.mktemp("clip")).video


def test_a_reversed_clip_shows_the_same_pictures_from_the_last_to_the_first(clip: Path, tmp_path: Path) -> None:
    variant_of(clip, "reversed", tmp_path / "reversed.mp4")
    with VideoFile(clip) as source, VideoFile(tmp_path / "reversed.mp4") as shown:
        there, back = ([f.luma.astype(float) for f in video] for video in (source, shown))
    assert len(there) == len(back)
    for a, b in zip(there, reversed(back), strict=True):
        assert np.abs(a - b).mean() < 3.0


def test_throws_are_laid_in_at_the_clips_size_and_rate_and_are_the_same_for_the_same_name(clip: Path) -> None:
    scene = throws_before(clip, "one")
    assert (scene.size, scene.fps, scene.background) == ((96, 64), 25.0, clip)
    assert throws_before(clip, "one").objects == scene.objects
    assert throws_before(clip, "another").camera.position_m[2] != scene.camera.position_m[2]


def sample(label: str, tier: str, event: int | None = None, is_undecided: bool = False) -> Sample:
    return Sample(np.zeros(1), label, event, tier, is_undecided, 0.0)


def test_a_doubt_and_a_settled_question_are_counted_once_an_event() -> None:
    samples = (
        sample("thrown_object", "incident", 0),
        sample("thrown_object", "candidate", 0),
        sample("thrown_object", "candidate", 1, is_undecided=True),
        sample("other", "incident"),
        sample("other", "candidate", is_undecided=True),
    )
    video = Gathered("clip", "clip", "clip", "real", samples, 0, 3600.0)
    scored = [Scored(video, np.array([0.9, 0.9, 0.99, 0.1, 0.5]))]
    alone, both = score(scored, None), score(scored, Thresholds(0.3, 0.95))
    assert (alone.events, alone.kept, alone.leaked) == (2, 1, 1)
    assert (both.kept, both.leaked) == (2, 0)
    assert both.bound_per_hour == pytest.approx(3.0)


def test_a_question_is_settled_above_every_nuisance_that_physics_left_open() -> None:
    samples = [sample("thrown_object", "incident", 0), sample("other", "candidate", is_undecided=True)]
    limits = thresholds_of(samples, np.array([0.6, 0.95]), 0.005, (0.5, 0.9))
    assert limits.least_thrown == 0.5
    assert 0.95 < limits.sure_thrown < 1.0
