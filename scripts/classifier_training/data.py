"""All videos that the model learns from and is tested on, made where they are not there yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from classifier_training.falls import Analysed, analyse
from classifier_training.laid_in import VARIANTS, variant_of, write_throws_before
from classifier_training.recordings import Recording, recordings_of
from classifier_training.samples import Gathered, gather_real, gather_scene
from classifier_training.scenes import rendered, test_scene, training_scene

_STEADY_PX = 3.0  # a camera that moves more shows objects that stand still before it as if they moved
_LEAST_SEEN = 0.8  # share of a clip that is not blind


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do.

    Attributes:
        work: folder of rendered scenes, variants and results.
        clips: folder of real clips, or None.
        kept_apart: patterns of clips that are not opened.
        out: folder of the model.
        train: seeds of the simulated scenes to train on.
        test: seeds of ordinary simulated scenes to test on.
        crowded: seeds of test scenes made as those to train on.
    """

    work: Path
    clips: Path | None
    kept_apart: tuple[str, ...]
    out: Path
    train: range
    test: range
    crowded: range


@dataclass(frozen=True, slots=True)
class Data:
    """Videos to learn from, and videos of other recordings and seeds to test on."""

    learnt: list[Gathered]
    tests: list[Gathered]


def gathered(plan: Plan) -> Data:
    """Gather everything.

    Raises:
        InputError: a clip or its truth cannot be read.
    """
    data = Data([], [])
    scenes = plan.work / "scenes"
    for seed in plan.train:
        # every other scene is read without its calibration, as most cameras are at first
        video = rendered(training_scene(seed), scenes)
        data.learnt.append(_said(gather_scene(video, plan.work, "crowded scenes", calibrated=seed % 2 == 0)))
    ordinary = (("ordinary scenes", rendered(test_scene(seed), scenes), seed) for seed in plan.test)
    crowded = (("crowded scenes", rendered(training_scene(seed), scenes), seed) for seed in plan.crowded)
    for kind, video, seed in (*ordinary, *crowded):
        data.tests.append(_said(gather_scene(video, plan.work, kind, calibrated=seed % 2 == 0)))
    for recording in recordings_of(plan.clips, plan.kept_apart) if plan.clips else []:
        part = data.learnt if recording.use == "train" else data.tests
        part += [_said(video) for video in _of_recording(recording, plan.work)]
    return data


def _of_recording(recording: Recording, work: Path) -> Iterator[Gathered]:
    yield gather_real(recording, recording.path, work)
    if recording.has_throws:
        return
    analysed = analyse(recording.path, work / "falls")
    folder = work / "real"
    folder.mkdir(parents=True, exist_ok=True)
    # clips of a series are many, and their sky is the same backwards
    if recording.use == "train" and not recording.in_series:
        for variant in VARIANTS:
            shown = folder / f"{recording.name}-{variant}.mp4"
            if not shown.exists():
                variant_of(recording.path, variant, shown)
            yield gather_real(recording, shown, work, "variant")
    if _is_steady(analysed):
        yield _with_throws(recording, recording.path, f"{recording.name}-throws", work)


def _is_steady(analysed: Analysed) -> bool:
    return analysed.drift_px < _STEADY_PX and analysed.seen > _LEAST_SEEN


def _with_throws(recording: Recording, background: Path, name: str, work: Path) -> Gathered:
    video = work / "real" / f"{name}.mp4"
    if not video.with_suffix(".truth.json").exists():  # written last
        write_throws_before(background, name, work / "real")
    return gather_real(recording, video, work, "laid in")


def _said(video: Gathered) -> Gathered:
    print(f"{video.video}: {len(video.samples)} falls", flush=True)
    return video
