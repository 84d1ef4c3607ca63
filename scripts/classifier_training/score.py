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
class Thresholds:
    """Where the model draws its lines.

    Attributes:
        least_thrown: an incident below this is doubted.
        sure_thrown: a candidate that physics leaves open and that reaches this is an incident.
    """

    least_thrown: float
    sure_thrown: float


@dataclass(frozen=True, slots=True)
class Scored:
    """A video and the probability of a throw for each of its falls."""

    video: Gathered
    thrown: Float64

    def told(self, thresholds: Thresholds | None) -> list[bool]:
        """For each fall: is it told as an incident, by physics alone or with the model as well?"""
        return [
            s.tier == "incident"
            if thresholds is None
            else (s.tier == "incident" and p >= thresholds.least_thrown)
            or (s.is_undecided and p >= thresholds.sure_thrown)
            for s, p in zip(self.video.samples, self.thrown, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class Score:
    """Some videos, judged one way.

    Attributes:
        seconds: their length.
        events: throws that reach the judge.
        kept: of those, the ones told as incidents.
        nuisances: falls of anything else that reach the judge.
        leaked: of those, the ones told as incidents.
    """

    seconds: float
    events: int
    kept: int
    nuisances: int
    leaked: int

    @property
    def bound_per_hour(self) -> float:
        """False incidents an hour that cannot be excluded with 95 % confidence: by the rule of three where none is."""
        # upper limit of a Poisson mean: 3.0, 4.74, 6.30 for 0, 1, 2, and near n + 2 sqrt(n + 1) + 1 beyond
        upper = (3.0, 4.74, 6.30)[self.leaked] if self.leaked < 3 else self.leaked + 2.0 * (self.leaked + 1) ** 0.5 + 1
        return 3600.0 * upper / self.seconds if self.seconds else float("nan")


def score(videos: Sequence[Scored], thresholds: Thresholds | None) -> Score:
    """Count over some videos; by physics alone without thresholds."""
    events = kept = nuisances = leaked = 0
    for scored in videos:
        pairs = list(zip(scored.video.samples, scored.told(thresholds), strict=True))
        events += len({s.event for s, _ in pairs if s.event is not None})
        kept += len({s.event for s, told in pairs if told and s.event is not None})
        others = [told for s, told in pairs if s.label != THROWN]
        nuisances += len(others)
        leaked += sum(others)
    return Score(sum(scored.video.seconds for scored in videos), events, kept, nuisances, leaked)


def counts_by_label(samples: Sequence[Sample]) -> dict[str, int]:
    """How many falls of each label."""
    return dict(sorted(Counter(sample.label for sample in samples).items(), key=lambda item: -item[1]))


def thresholds_of(samples: Sequence[Sample], thrown: Float64, lost: float, limits: tuple[float, float]) -> Thresholds:
    """Return thresholds from falls, each judged by a model that did not see its recording.

    Args:
        samples: the falls.
        thrown: ``(n,)`` their probabilities of a throw.
        lost: share of the incidents that are throws which may be doubted.
        limits: highest threshold of a doubt, lowest one from which an open question is settled.
    """
    pairs = list(zip(samples, thrown.tolist(), strict=True))
    throws = [p for s, p in pairs if s.label == THROWN and s.tier == "incident"]
    least = min(limits[0], float(np.quantile(throws, lost, method="lower"))) if throws else limits[0]
    # twice the odds of the nuisance that looked most like a throw among those that it may settle
    worst = max((p for s, p in pairs if s.label != THROWN and s.is_undecided), default=0.0)
    return Thresholds(least, max(limits[1], 2.0 * worst / (1.0 + worst)))
