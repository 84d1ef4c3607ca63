"""FADE's measures of a falling-object detector: F-measure over boxes and time-range overlap (TRO).

Tu et al., "FADE: A Dataset for Detecting Falling Objects around Buildings in Video", IEEE TIFS 2025. Where the
published code departs from the published definition, the definition is followed:

- a video's first and last detected frame are the detector's own, never chosen with the truth, and the last one is that
  of the last box, not of the video;
- they are counted from each video's own beginning;
- a box that fits one of two true boxes is not also false against the other.

A true box is matched once: a second box on it is false, which the paper leaves open and which can only lower P and F.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from edgecv.evaluation.boxes import BoxPath, iou


@dataclass(frozen=True, slots=True)
class BoxCounts:
    """Boxes of one video, or of many."""

    true_positive: int
    false_positive: int
    false_negative: int

    @property
    def precision(self) -> float:
        """TP / (TP + FP); 0 where nothing was found."""
        return _ratio(self.true_positive, self.true_positive + self.false_positive)

    @property
    def recall(self) -> float:
        """TP / (TP + FN); 0 where there was nothing to find."""
        return _ratio(self.true_positive, self.true_positive + self.false_negative)

    @property
    def f_measure(self) -> float:
        """Harmonic mean of precision and recall: 2 TP / (2 TP + FP + FN)."""
        return _ratio(2 * self.true_positive, 2 * self.true_positive + self.false_positive + self.false_negative)


@dataclass(frozen=True, slots=True)
class FadeScore:
    """One video's score, at one IoU."""

    iou: float
    counts: BoxCounts


def pooled(counts: Iterable[BoxCounts]) -> BoxCounts:
    """All boxes of all videos together, as the published code counts them."""
    every = list(counts)
    return BoxCounts(
        sum(c.true_positive for c in every), sum(c.false_positive for c in every), sum(c.false_negative for c in every)
    )


def count_boxes(reported: Sequence[BoxPath], true: Sequence[BoxPath], least_iou: float, fill: bool = True) -> BoxCounts:
    """Compare the boxes of one video, frame by frame.

    Args:
        reported: paths of what was reported.
        true: paths of the events.
        least_iou: a found box is right where its overlap with a true one is at least this.
        fill: also count the boxes between a found path's sightings, interpolated. Truth is never filled: a hidden
            object has no box, so a filled box there is false.
    """
    reported_by_frame = _by_frame([path.filled() if fill else path for path in reported])
    true_by_frame = _by_frame(true)
    true_positive = 0
    for frame, boxes in reported_by_frame.items():
        if frame not in true_by_frame:
            continue
        overlaps = iou(np.array(boxes), np.array(true_by_frame[frame])) >= least_iou - 1e-12
        rows, columns = linear_sum_assignment(-overlaps.astype(np.float64))
        true_positive += int(overlaps[rows, columns].sum())
    reported_count = sum(len(boxes) for boxes in reported_by_frame.values())
    true_count = sum(len(boxes) for boxes in true_by_frame.values())
    return BoxCounts(true_positive, reported_count - true_positive, true_count - true_positive)


def time_range_overlap(finding: BoxPath | None, true: BoxPath) -> float:
    """``|[b, e] ∩ [gb, ge]| / |[b, e] ∪ [gb, ge]|`` in frames, ends included; 0 for an event not found.

    ``b, e`` are the first and last frame of the finding, ``gb, ge`` of the event. Apart, the union is the sum.
    """
    if finding is None:
        return 0.0
    common = max(0, min(finding.last, true.last) - max(finding.first, true.first) + 1)
    return common / (finding.span + true.span - common)


def video_overlap(matched: Sequence[tuple[BoxPath | None, BoxPath]]) -> float:
    """TRO of one video: the mean over its events, each against the finding matched with it (None: missed, 0).

    The paper's videos have one event each, where this is the published measure. With several, one range from the first
    to the last detected frame would cover the quiet between them.
    """
    return float(np.mean([time_range_overlap(finding, true) for finding, true in matched]))


def _by_frame(paths: Sequence[BoxPath]) -> dict[int, list[list[float]]]:
    frames: dict[int, list[list[float]]] = {}
    for path in paths:
        for frame, box in zip(path.frames.tolist(), path.xywh.tolist(), strict=True):
            frames.setdefault(frame, []).append(box)
    return frames


def _ratio(part: int, total: int) -> float:
    return part / total if total else 0.0
