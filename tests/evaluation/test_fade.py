from __future__ import annotations

import numpy as np
import pytest

from edgecv.evaluation.boxes import BoxPath, iou
from edgecv.evaluation.fade import BoxCounts, count_boxes, pooled, time_range_overlap, video_overlap


def _still(frames: range | list[int], x: float, size: float = 10.0) -> BoxPath:
    return BoxPath.of((n, n / 25, x, 50.0, size, size) for n in frames)


def test_iou_of_boxes_half_apart_is_a_third() -> None:
    a, b = np.array([[0.0, 0.0, 10.0, 10.0]]), np.array([[5.0, 0.0, 10.0, 10.0], [30.0, 0.0, 10.0, 10.0]])
    assert iou(a, b) == pytest.approx(np.array([[1 / 3, 0.0]]))


def test_f_measure_worked_by_hand() -> None:
    # truth in frames 10-13, found in 11-14 with an IoU of 1/3: three right, one false, one missed
    true, found = _still(range(10, 14), 0.0), _still(range(11, 15), 5.0)
    counts = count_boxes([found], [true], 0.3)
    assert counts == BoxCounts(3, 1, 1)
    assert (counts.precision, counts.recall, counts.f_measure) == (0.75, 0.75, 0.75)
    assert count_boxes([found], [true], 0.5) == BoxCounts(0, 4, 4)


def test_an_iou_of_exactly_the_limit_is_right() -> None:
    # 10x10 against 10x5 inside it: 50 / 100
    true = BoxPath.of([(1, 0.04, 0.0, 0.0, 10.0, 10.0)])
    found = BoxPath.of([(1, 0.04, 0.0, 0.0, 10.0, 5.0)])
    assert count_boxes([found], [true], 0.5) == BoxCounts(1, 0, 0)


def test_a_second_box_on_one_true_box_is_false() -> None:
    true = _still([1], 0.0)
    assert count_boxes([_still([1], 0.0), _still([1], 1.0)], [true], 0.3) == BoxCounts(1, 1, 0)


def test_a_box_that_fits_one_of_two_true_boxes_is_not_false_against_the_other() -> None:
    assert count_boxes([_still([1], 0.0)], [_still([1], 0.0), _still([1], 40.0)], 0.3) == BoxCounts(1, 0, 1)


def test_each_box_takes_the_partner_that_leaves_most_matched() -> None:
    # the first box fits both true boxes, the second only the one that the first fits better
    true = [_still([1], 0.0), _still([1], 4.0)]
    found = [_still([1], 1.0), _still([1], -4.0)]
    assert count_boxes(found, true, 0.3) == BoxCounts(2, 0, 0)


def test_frames_between_sightings_are_filled_or_not_as_asked() -> None:
    true = _still(range(1, 6), 0.0)
    found = _still([1, 5], 0.0)
    assert count_boxes([found], [true], 0.3, fill=True) == BoxCounts(5, 0, 0)
    assert count_boxes([found], [true], 0.3, fill=False) == BoxCounts(2, 0, 3)


def test_a_box_filled_in_while_the_object_is_hidden_is_false() -> None:
    true = _still([1, 2, 4, 5], 0.0)
    assert count_boxes([_still(range(1, 6), 0.0)], [true], 0.3) == BoxCounts(4, 1, 0)


def test_nothing_found_scores_zero_and_divides_by_nothing() -> None:
    counts = count_boxes([], [_still([1, 2], 0.0)], 0.3)
    assert counts == BoxCounts(0, 0, 2)
    assert (counts.precision, counts.recall, counts.f_measure) == (0.0, 0.0, 0.0)


def test_pooled_counts_add_all_boxes() -> None:
    total = pooled([BoxCounts(3, 1, 1), BoxCounts(1, 3, 0)])
    assert total == BoxCounts(4, 4, 1)
    assert total.f_measure == pytest.approx(8 / 13)


def test_time_range_overlap_worked_by_hand() -> None:
    # [11, 14] and [10, 13]: 3 frames common, 5 in all
    assert time_range_overlap(_still([11, 14], 0.0), _still([10, 13], 0.0)) == pytest.approx(0.6)


def test_time_ranges_apart_do_not_overlap() -> None:
    assert time_range_overlap(_still([1, 2], 0.0), _still([3, 4], 0.0)) == 0.0


def test_a_missed_event_counts_zero_in_its_videos_overlap() -> None:
    true = _still([10, 13], 0.0)
    assert video_overlap([(true, true), (None, true)]) == 0.5
