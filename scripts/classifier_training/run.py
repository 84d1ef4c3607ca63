"""From seeds and clips to a model and its card."""

from __future__ import annotations

import hashlib
import time

import numpy as np
from numpy.typing import NDArray

from classifier_training.card import Figures, card
from classifier_training.data import Plan, gathered
from classifier_training.model import balanced, export, out_of_fold, train
from classifier_training.samples import Gathered
from classifier_training.score import Scored, thresholds_of
from edgecv.classification.nuisance import NuisanceModel

Float64 = NDArray[np.float64]

_LOST = 0.005
"""Share of the throws told by physics that a doubt may cost, estimated on recordings that the model did not see."""
_HIGHEST = 0.5
_LOWEST = 0.9


def run(plan: Plan, started_s: float) -> None:
    """Do it.

    Raises:
        EdgecvError: a clip or its truth cannot be read.
    """
    data = gathered(plan)
    videos = [video for video in data.learnt if video.samples]
    samples = [s for video in videos for s in video.samples]
    features = np.array([s.features for s in samples])
    labels = np.array([s.label for s in samples])
    groups = np.array([video.group for video in videos for _ in video.samples])
    weights = balanced(labels, groups)
    seed = plan.train.start
    unseen = out_of_fold(features, labels, weights, groups, seed)[:, 0]
    thresholds = thresholds_of(samples, unseen, _LOST, (_HIGHEST, _LOWEST))
    plan.out.mkdir(parents=True, exist_ok=True)
    path = plan.out / "nuisance.onnx"
    export(train(features, labels, weights, seed), path, thresholds)
    model = NuisanceModel(path)
    content = path.read_bytes()
    figures = Figures(
        size_kb=len(content) / 1e3,
        sha256=hashlib.sha256(content).hexdigest(),
        thresholds=thresholds,
        lost=_LOST,
        learnt=_scored(data.learnt, unseen),
        tests=[Scored(video, _thrown(model, video)) for video in data.tests],
        minutes=(time.monotonic() - started_s) / 60.0,
    )
    text = card(plan, figures)
    (plan.out / "nuisance.md").write_text(text)
    print(text)


def _scored(videos: list[Gathered], thrown: Float64) -> list[Scored]:
    ends = np.cumsum([len(video.samples) for video in videos])
    return [Scored(video, part) for video, part in zip(videos, np.split(thrown, ends[:-1]), strict=True)]


def _thrown(model: NuisanceModel, video: Gathered) -> Float64:
    features = [s.features for s in video.samples]
    return model.probabilities(np.array(features))[:, 0] if features else np.zeros(0)
