from __future__ import annotations

import numpy as np

from edgecv.detection.detection import Detection, Detections

ONE = Detection(10.5, 20.25, 3.0, 4.0, 11.0, -25.0, 9.5, 0.75)
TWO = Detection(100.0, 200.0, 5.0, 6.0, 30.0, 40.0, 12.0)


def test_objects_become_an_array_and_objects_again() -> None:
    detections = Detections.of([ONE, TWO])
    assert detections.array.shape == (2, 8)
    assert list(detections) == [ONE, TWO]
    assert detections[-1] == TWO
    assert list(detections[1:]) == [TWO]


def test_what_is_one_already_is_not_copied() -> None:
    detections = Detections(np.zeros((3, 8)))
    assert Detections.of(detections) is detections


def test_nothing_is_an_empty_array_of_the_right_width() -> None:
    empty = Detections.of(())
    assert len(empty) == 0
    assert not empty
    assert empty.array.shape == (0, 8)
