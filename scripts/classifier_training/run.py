"""From seeds to a model and its card."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifier_training.card import card, counts_table, score_table
from classifier_training.model import HIDDEN, VOTES, balanced, export, out_of_fold, train
from classifier_training.samples import LEAST_CHANCE_RATIO, Gathered, Sample, gather
from classifier_training.scenes import SECONDS, rendered, test_scene, training_scene
from classifier_training.score import Score, counts_by_label, leakage_at, samples_of, score, sure, threshold
from edgecv.classification.features import FEATURES
from edgecv.classification.nuisance import LABELS, THROWN, NuisanceModel
from edgecv.evaluation.scene_inputs import VIDEO_SUFFIXES
from edgecv.simulation import Scene

Float64 = NDArray[np.float64]

_LOST = 0.0025  # half of the throws that may be lost, for scenes never seen are harder
_HIGHEST = 0.5
_LOWEST = 0.9
_KEPT = 0.995
ALONE = "incident, physics alone"
LEFT = "incident, those doubted left out"
BOTH = "incident, physics and model"
OUT_OF_FOLD = "out of fold"
REAL = "real clips"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do.

    Attributes:
        work: folder of rendered scenes.
        clips: folder of real clips to test on, or None.
        out: folder of the model.
        train: seeds to train on.
        test: seeds of the ordinary test scenes.
        crowded: seeds of test scenes made as those to train on.
    """

    work: Path
    clips: Path | None
    out: Path
    train: range
    test: range
    crowded: range


@dataclass(frozen=True, slots=True)
class Split:
    """Videos, and the probability of a throw for each of their falls."""

    name: str
    videos: list[Gathered]
    thrown: Float64

    @property
    def samples(self) -> list[Sample]:
        """Their falls."""
        return samples_of(self.videos)


def run(plan: Plan, started_s: float) -> None:
    """Do it.

    Raises:
        EdgecvError: a clip or its truth cannot be read.
    """
    before = sum(1 for _ in plan.work.glob("*.done"))
    learnt = _gathered("training scenes", _scenes(training_scene, plan.train, plan.work))
    tests = {
        "ordinary test scenes": _scenes(test_scene, plan.test, plan.work),
        "crowded test scenes": _scenes(training_scene, plan.crowded, plan.work),
        REAL: _clips(plan.clips),
    }
    gathered = {name: _gathered(name, videos) for name, videos in tests.items()}
    fit(plan, learnt, {name: found for name, found in gathered.items() if found}, started_s, before)


def fit(plan: Plan, learnt: list[Gathered], tests: Mapping[str, list[Gathered]], started_s: float, before: int) -> None:
    """Train on ``learnt``, test on ``tests``, write model and card."""
    samples = samples_of(learnt)
    features = np.array([s.features for s in samples])
    labels = np.array([s.label for s in samples])
    weights = balanced(labels)
    seed = plan.train.start
    held_out = out_of_fold(features, labels, weights, np.array([s.video for s in samples]), seed)[:, 0]
    least = threshold(samples, held_out, _LOST, _HIGHEST)
    plan.out.mkdir(parents=True, exist_ok=True)
    path = plan.out / "nuisance.onnx"
    export(train(features, labels, weights, seed), path, least, sure(samples, held_out, _LOWEST))
    model = NuisanceModel(path)
    splits = [
        Split(f"training scenes, {OUT_OF_FOLD}", learnt, held_out),
        *(Split(name, videos, _thrown(model, videos)) for name, videos in tests.items()),
    ]
    tail = {"minutes": (time.monotonic() - started_s) / 60.0, "rendered": before, "lost": _LOST}
    text = _card(plan, path, splits, model, tail)
    (plan.out / "nuisance.md").write_text(text)
    print(text)


def _gathered(what: str, videos: Iterable[Path]) -> list[Gathered]:
    found = []
    for n, path in enumerate(videos, 1):
        found.append(gather(path))
        print(f"{what}, {n}: {path.name}, {len(found[-1].samples)} falls", flush=True)
    return found


def _scenes(make: Callable[[int], Scene], seeds: range, work: Path) -> Iterator[Path]:
    """Videos of seeds, rendered one by one where they are not there yet."""
    return (rendered(make(seed), work) for seed in seeds)


def _clips(folder: Path | None) -> list[Path]:
    return [] if folder is None else sorted(p for p in folder.iterdir() if p.suffix.lower() in VIDEO_SUFFIXES)


def _thrown(model: NuisanceModel, videos: list[Gathered]) -> Float64:
    features = [s.features for s in samples_of(videos)]
    return model.probabilities(np.array(features))[:, 0] if features else np.zeros(0)


def _scores(split: Split, model: NuisanceModel) -> list[tuple[str, str, Score]]:
    """Each tier by physics alone and with the model."""
    incident = np.array([s.tier == "incident" for s in split.samples], bool)
    supported = np.array([s.tier != "rejected" for s in split.samples], bool)
    is_undecided = np.array([s.is_undecided for s in split.samples], bool)
    kept = incident & (split.thrown >= model.least_thrown)
    rules = {
        ALONE: incident,
        LEFT: kept,
        BOTH: kept | (is_undecided & (split.thrown >= model.sure_thrown)),
        "incident or candidate, physics alone": supported,
        "incident or candidate that the model does not doubt": supported & (split.thrown >= model.least_thrown),
    }
    return [(split.name, rule, score(split.videos, accepted.tolist())) for rule, accepted in rules.items()]


def _card(plan: Plan, path: Path, splits: list[Split], model: NuisanceModel, tail: Mapping[str, object]) -> str:
    rows = [row for split in splits for row in _scores(split, model)]
    content = path.read_bytes()
    head = {
        "size_kb": len(content) / 1e3,
        "sha256": hashlib.sha256(content).hexdigest(),
        "features": len(FEATURES),
        "labels": len(LABELS),
        "votes": VOTES,
        "hidden": HIDDEN,
        "least_thrown": model.least_thrown,
        "sure_thrown": model.sure_thrown,
        "judgement": _judgement(rows),
        "first": plan.train.start,
        "last": plan.train.stop - 1,
        "seconds": SECONDS,
        "chance": LEAST_CHANCE_RATIO,
        "tests": len(plan.test),
        "test_first": plan.test.start,
        "crowded_first": plan.crowded.start,
        "crowded_last": plan.crowded.stop - 1,
        "minutes_of_video": ", ".join(f"{sum(v.seconds for v in s.videos) / 60.0:.0f} of {s.name}" for s in splits),
    }
    counts = {split.name: counts_by_label(split.samples) for split in splits}
    alone = "\n".join(_alone(split) for split in splits if split.name != REAL)
    failures = "\n".join(_failures(split, model) for split in splits[1:])
    figures = f"{score_table(rows)}\n\n{_proven(rows)}\n{alone}"
    return card(head, counts_table(counts), figures, {**tail, "failures": failures})


def _judgement(rows: Sequence[tuple[str, str, Score]]) -> str:
    """Does it help where it was not trained: more throws, no more nuisances told as incidents; or the reverse?"""
    unseen = [(rule, s) for data, rule, s in rows if OUT_OF_FOLD not in data]
    before, after = ([s for rule, s in unseen if rule == way] for way in (ALONE, BOTH))
    leaks = [sum(s.leaked for s in scores) for scores in (before, after)]
    kept = [sum(s.kept for s in scores) for scores in (before, after)]
    said = (
        f"On data it was not trained on it\ntakes the throws told as incidents from {kept[0]} to {kept[1]} and the "
        f"nuisances told as incidents\nfrom {leaks[0]} to {leaks[1]}"
    )
    fewer, more = leaks[1] < leaks[0], kept[1] > kept[0]
    if leaks[1] <= leaks[0] and kept[1] >= _KEPT * kept[0] and (fewer or more):
        return f"{said}. It helps there; real footage to rely on it is still too little."
    return f"{said}. It does not help."


def _proven(rows: Sequence[tuple[str, str, Score]]) -> str:
    """What the figures bound, by the rule of three: nothing seen in n tries is at most 3 / n with 95 % confidence."""
    unseen = {way: [s for data, rule, s in rows if rule == way and OUT_OF_FOLD not in data] for way in (ALONE, LEFT)}
    throws, kept = (sum(s.kept for s in unseen[way]) for way in (ALONE, LEFT))
    leaked, nuisances = sum(s.leaked for s in unseen[LEFT]), sum(s.nuisances for s in unseen[LEFT])
    bounds = [
        f"at most {3.0 / of:.1%} {what}"
        for count, of, what in (
            (throws - kept, throws, "of throws lost"),
            (leaked, nuisances, "of nuisances let through"),
        )
        if count == 0 and of
    ]
    proves = f"; that proves {' and '.join(bounds)}" if bounds else ""
    return (
        f"- on what it was not trained on, of {throws} throws that physics calls incidents {kept} stay incidents, and "
        f"of {nuisances} nuisances {leaked} are incidents{proves} (rule of three; scenes read twice count twice, so "
        "the bounds are up to twice as wide)."
    )


def _alone(split: Split) -> str:
    reaching = [n for n, s in enumerate(split.samples) if s.tier != "rejected"]
    leaked = leakage_at([split.samples[n] for n in reaching], split.thrown[reaching], _KEPT)
    return (
        f"- {split.name}: a threshold that keeps {_KEPT:.1%} of the throws among incidents and candidates "
        f"lets {leaked:.2%} of the nuisances among them through."
    )


def _failures(split: Split, model: NuisanceModel) -> str:
    """Throws that physics was sure of and the model doubted; nuisances that the model takes for throws."""
    both = list(zip(split.samples, split.thrown, strict=True))
    lost = [s for s, p in both if s.label == THROWN and s.tier == "incident" and p < model.least_thrown]
    taken = [(p, s) for s, p in both if s.label != THROWN and s.tier != "rejected" and p >= model.least_thrown]
    likest = sorted(taken, key=lambda pair: -pair[0])[:4]
    named = ", ".join(f"{s.label} in {s.video} at {s.start_s:.1f} s ({p:.2f})" for p, s in likest) or "none"
    where = ", ".join(f"{s.video} at {s.start_s:.1f} s" for s in lost[:6]) or "none"
    return (
        f"- {split.name}: throws doubted: {len(lost)} ({where}); incidents and candidates of other things that look "
        f"like throws: {len(taken)} (most of all: {named})."
    )
