"""What the model is worth: throws kept and nuisances let through, with it and by physics alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifier_training.samples import Gathered, Sample
from edgecv.classification.nuisance import THROWN

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Score:
    """One population of falls, judged one way.

    Attributes:
        events: throws that reach the judge; a scene read with and without calibration counts twice.
        kept: of those, the ones that at least one accepted fall follows.
        nuisances: falls of anything else that reach the judge.
        leaked: of those, the ones accepted.
        leaked_by: their labels.
    """

    events: int
    kept: int
    nuisances: int
    leaked: int
    leaked_by: dict[str, int]


def score(gathered: Sequence[Gathered], accepted: Sequence[bool]) -> Score:
    """Count; ``accepted`` is one answer for each sample, in the order of the videos and their samples."""
    answers = iter(accepted)
    events = kept = nuisances = 0
    leaked: Counter[str] = Counter()
    for video in gathered:
        taken = [(sample, next(answers)) for sample in video.samples]
        for calibrated in (False, True):
            mine = [(s, a) for s, a in taken if s.calibrated == calibrated]
            events += len({s.event for s, _ in mine if s.event is not None})
            kept += len({s.event for s, a in mine if a and s.event is not None})
            others = [(s, a) for s, a in mine if s.label != THROWN]
            nuisances += len(others)
            leaked.update(s.label for s, a in others if a)
    return Score(events, kept, nuisances, sum(leaked.values()), dict(leaked))


def samples_of(gathered: Sequence[Gathered]) -> list[Sample]:
    """All samples, in the order of the videos."""
    return [sample for video in gathered for sample in video.samples]


def counts_by_label(samples: Sequence[Sample]) -> dict[str, int]:
    """How many falls of each label."""
    return dict(sorted(Counter(sample.label for sample in samples).items(), key=lambda item: -item[1]))


def threshold(samples: Sequence[Sample], thrown: Float64, lost: float, highest: float) -> float:
    """Probability of a throw below which a share ``lost`` of the incidents that are throws would be doubted."""
    real = [p for s, p in zip(samples, thrown, strict=True) if s.label == THROWN and s.tier == "incident"]
    return min(highest, float(np.quantile(real, lost, method="lower"))) if real else highest


def sure(samples: Sequence[Sample], thrown: Float64, lowest: float) -> float:
    """Probability from which an open question is settled: twice the odds of any nuisance, and at least ``lowest``."""
    others = [p for s, p in zip(samples, thrown, strict=True) if s.label != THROWN and s.tier != "rejected"]
    worst = max(others, default=0.0)
    return max(lowest, 2.0 * worst / (1.0 + worst))


def leakage_at(samples: Sequence[Sample], thrown: Float64, kept: float) -> float:
    """Share of nuisances at or above the probability that keeps a share ``kept`` of throws: the model by itself."""
    is_thrown = np.array([s.label == THROWN for s in samples])
    if not is_thrown.any() or is_thrown.all():
        return float("nan")
    cut = float(np.quantile(thrown[is_thrown], 1.0 - kept, method="lower"))
    return float((thrown[~is_thrown] >= cut).mean())
