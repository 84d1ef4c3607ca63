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


def count_boxes(found: Sequence[BoxPath], true: Sequence[BoxPath], least_iou: float, fill: bool = True) -> BoxCounts:
    """Compare the boxes of one video, frame by frame.

    Args:
        found: paths of what was reported.
        true: paths of the events.
        least_iou: a found box is right where its overlap with a true one is at least this.
        fill: also count the boxes between a found path's sightings, interpolated. Truth is never filled: a hidden
            object has no box, so a filled box there is false.
    """
    by_frame_found = _by_frame([path.filled() if fill else path for path in found])
    by_frame_true = _by_frame(true)
    right = 0
    for frame, boxes in by_frame_found.items():
        if frame not in by_frame_true:
            continue
        good = iou(np.array(boxes), np.array(by_frame_true[frame])) >= least_iou - 1e-12
        rows, columns = linear_sum_assignment(-good.astype(np.float64))
        right += int(good[rows, columns].sum())
    all_found = sum(len(boxes) for boxes in by_frame_found.values())
    all_true = sum(len(boxes) for boxes in by_frame_true.values())
    return BoxCounts(right, all_found - right, all_true - right)


def time_range_overlap(found: BoxPath | None, true: BoxPath) -> float:
    """``|[b, e] ∩ [gb, ge]| / |[b, e] ∪ [gb, ge]|`` in frames, ends included; 0 for an event not found.

    ``b, e`` are the first and last frame of the finding, ``gb, ge`` of the event. Apart, the union is the sum.
    """
    if found is None:
        return 0.0
    common = max(0, min(found.last, true.last) - max(found.first, true.first) + 1)
    return common / (found.span + true.span - common)


def video_overlap(matched: Sequence[tuple[BoxPath | None, BoxPath]]) -> float:
    """TRO of one video: the mean over its events, each against the finding matched with it (None: missed, 0).

    The paper's videos have one event each, where this is the published measure. With several, one range from the first
    to the last detected frame would cover the quiet between them.
    """
    return float(np.mean([time_range_overlap(found, true) for found, true in matched]))


def _by_frame(paths: Sequence[BoxPath]) -> dict[int, list[list[float]]]:
    frames: dict[int, list[list[float]]] = {}
    for path in paths:
        for frame, box in zip(path.frames.tolist(), path.xywh.tolist(), strict=True):
            frames.setdefault(frame, []).append(box)
    return frames


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
